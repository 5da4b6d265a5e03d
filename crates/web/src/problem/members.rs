//! The members that some problems have beside those of all (RFC 9457 §3.2): each name means one thing, and none is answered that is not here.

use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr};

/// What a member holds.
#[derive(Debug, Clone, Copy)]
enum Holds {
    /// `"40.00"`.
    Amount,
    Day,
    Id,
    Instant,
    Number,
    Text,
    Texts,
    Numbers,
    /// A list of objects that say what one thing is, and why.
    Things,
}

const MEMBERS: [(&str, Holds, &str); 52] = [
    ("accredited_at", Holds::Instant, "When the structure was accredited"),
    (
        "account",
        Holds::Text,
        "The account whose sums are not those of its transfers",
    ),
    ("agreed", Holds::Amount, "What the convention says"),
    ("amount", Holds::Amount, "What there is, or what is awaited"),
    ("available", Holds::Amount, "What is there and free"),
    ("awaited", Holds::Amount, "What the mandate still awaits"),
    ("book", Holds::Id, "The book of the account"),
    ("called", Holds::Amount, "What earlier calls asked for"),
    (
        "columns",
        Holds::Numbers,
        "The first and last column of the line that cannot be read",
    ),
    ("communes", Holds::Things, "The communes that the words may mean"),
    (
        "contested_by",
        Holds::Texts,
        "Which organisations contest the statement",
    ),
    ("counted", Holds::Amount, "What came or is awaited already"),
    ("created_at", Holds::Instant, "When the bank made the report"),
    ("difference", Holds::Amount, "One sum less the other"),
    ("element", Holds::Text, "Where in the file the fault is"),
    (
        "field",
        Holds::Text,
        "The field of the body that does not fit, `shares[0].rate`; several where they do not fit together",
    ),
    ("file_made_at", Holds::Instant, "When the payment file was made"),
    ("free", Holds::Amount, "What is not put to any use"),
    ("from", Holds::Day, "The first day of the statement"),
    ("funders", Holds::Things, "The funders that it concerns"),
    ("lacks", Holds::Texts, "What must be said first"),
    (
        "last_closing",
        Holds::Amount,
        "The closing balance of the statement before",
    ),
    ("last_number", Holds::Number, "The number of the statement before"),
    ("last_to", Holds::Day, "The last day of the statement before"),
    ("left", Holds::Amount, "What is left of the invoice before VAT"),
    ("line", Holds::Number, "The line of the file, from 1"),
    ("lines", Holds::Amount, "The sum of the lines of the statement"),
    ("missing", Holds::Amount, "What is missing"),
    ("needed", Holds::Amount, "What is needed"),
    ("next", Holds::Text, "The month to be closed next"),
    ("number", Holds::Number, "The number of the statement"),
    ("opening", Holds::Amount, "The opening balance of the statement"),
    (
        "original_message_id",
        Holds::Text,
        "The payment file that the report speaks of",
    ),
    ("other_accounts", Holds::Texts, "The accounts that the file speaks of"),
    ("owed", Holds::Amount, "What is still owed of the invoice"),
    ("parts", Holds::Amount, "The sum of the parts"),
    (
        "payment_report_id",
        Holds::Id,
        "The report as which the file was loaded",
    ),
    (
        "process",
        Holds::Number,
        "The process of PostgreSQL that holds things up",
    ),
    ("programmes", Holds::Things, "Which vouchers are of which programme"),
    ("promised", Holds::Amount, "What the call or the convention says"),
    ("reasons", Holds::Things, "What is not fulfilled"),
    ("received", Holds::Amount, "What came already"),
    (
        "retired_from",
        Holds::Instant,
        "From when on the key's lines are refused",
    ),
    ("retired_reason", Holds::Text, "Why the key is retired"),
    (
        "retry_after_seconds",
        Holds::Number,
        "After how long codes may be typed again",
    ),
    ("reversed_at", Holds::Instant, "When the claim was reversed"),
    ("seconds", Holds::Number, "For how long it has held things up"),
    ("seq", Holds::Number, "The place of the entry"),
    ("shortfalls", Holds::Things, "Which funders lack how much"),
    ("statement_id", Holds::Id, "The statement as which the file was loaded"),
    ("to", Holds::Day, "The last day of the statement"),
    ("vouchers", Holds::Things, "Why each voucher is refused"),
];

/// Whether the document knows the member.
pub(super) fn is_described(name: &str) -> bool {
    MEMBERS.iter().any(|(known, ..)| *known == name)
}

/// Adds them to the object of what all problems have; there are no others.
pub(crate) fn describe(problem: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = problem else {
        return;
    };
    for (name, holds, meaning) in MEMBERS {
        object.properties.insert(name.to_owned(), schema(holds, meaning));
    }
    object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
}

fn schema(holds: Holds, meaning: &str) -> RefOr<Schema> {
    let plain = |kind| ObjectBuilder::new().schema_type(kind);
    let list = |items: ObjectBuilder| {
        let array = ArrayBuilder::new().items(items).description(Some(meaning));
        RefOr::T(Schema::Array(array.build()))
    };
    let known = |format| plain(Type::String).format(Some(SchemaFormat::KnownFormat(format)));
    let one = match holds {
        Holds::Things => return list(plain(Type::Object)),
        Holds::Texts => return list(plain(Type::String)),
        Holds::Numbers => return list(plain(Type::Integer)),
        Holds::Amount => plain(Type::String).pattern(Some(r"^-?(0|[1-9]\d*)\.\d{2}$")),
        Holds::Day => known(KnownFormat::Date),
        Holds::Id => known(KnownFormat::Uuid),
        Holds::Instant => known(KnownFormat::DateTime),
        Holds::Number => plain(Type::Integer),
        Holds::Text => plain(Type::String),
    };
    one.description(Some(meaning)).into()
}
