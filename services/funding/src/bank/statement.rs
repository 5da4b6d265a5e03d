//! A bank statement (camt.053 or CFONB 120, told apart by what the file contains): loaded whole or not at all, each line matched once, by rules tried in order.
//!
//! | rule | line | is | books |
//! |---|---|---|---|
//! | `end-to-end` | debit with a payment's end-to-end id and its amount | the payment | in transit → bank |
//! | `end-to-end-tolerance` | the same, more by no more than the operator tolerates ([`crate::bank::tolerance`]; nothing unless set) | the payment and a charge | in transit → bank · charges → bank |
//! | `payment-file` | debit with a file's message id and the amount under way of it | all its payments | in transit → bank, each |
//! | `return` | credit with a payment's end-to-end id, its amount and a reason | the payment came back | bank → clearing · clearing → payable |
//! | `mandate` | credit that names one mandate whose money is awaited, or the call it answers, and comes from no other funder's account | the mandate | bank → receivable (what is above: deposited) |
//! | `fee-invoice` | credit that quotes an invoice of the operator, of at most what is owed | the fee | bank → fee receivable |
//! | `call-reference` | credit that quotes one call's reference, of what is left of it or less | a contribution | bank → deposited |
//! | `amount-and-account` | nothing of ours quoted; exact amount and account of one item, within days of its day | the payment, or the call | as theirs |
//! | `payment-file-total` | debit without reference, amount of exactly one file under way | all its payments | in transit → bank, each |
//! | – | what is left | unexplained | bank ↔ suspense |
//!
//! Each rule is a file of [`matching`] with its tests. A line that names an item with another amount is a break, never a match:
//! tolerance is zero unless it was set, also when the bank gives too much. Both sides are claimed by unique keys. Money in is booked before money
//! out, whatever the bank's order, since both are of one period. What one line cannot say (several items, several lines) a
//! person says: [`crate::bank::breaks`].
//!
//! What is left is a break ([`crate::bank::breaks`]), with a kind that `classify_breaks` reads off the line.
//!
//! A statement must follow the last one (its opening balance is the last closing balance, and its days and the bank's number say
//! so too; the first one opens at zero), so that the bank account of the books always equals the last closing balance. One that
//! tells the movements of another a second time is known, whatever its format. Statements are loaded one at a time.

mod book;
mod classify_breaks;
mod expected_receipt;
mod list;
mod match_candidates;
mod matching;
mod order;
mod statement_line;
mod view;
mod write;

use access::audit;
use chrono::{DateTime, NaiveDate, Utc};
use database::{NamedLock, UseCaseError};
use ledger::Rejection;
use sha2::{Digest, Sha256};
use sqlx::PgTransaction;
use standards::Cents;
use standards::camt053::{self, Camt053Error, Statement};
use standards::cfonb120::{self, CfonbError};
use web::{Created, Problem};

use crate::support::booking::{BookError, book_all};
use crate::{bank::breaks, support::FundAccount, support::ids::StatementId};

pub use list::{StatementRow, list};
pub use view::{StatementView, read};

/// Why a statement was not loaded.
#[derive(Debug)]
pub enum LoadRejection {
    Invalid(Camt053Error),
    InvalidCfonb(CfonbError),
    UnknownFormat,
    /// So many statements in one file.
    Several(usize),
    OtherAccount,
    /// It does not follow the last one.
    Gap {
        /// Zero when there is none.
        last_closing: Cents,
        opening: Cents,
    },
    /// It begins before the last one ended.
    Days {
        last_to: NaiveDate,
        /// Of its opening balance.
        from: NaiveDate,
        /// Of its closing balance.
        to: NaiveDate,
    },
    /// The bank's numbers are not next to one another.
    Number {
        last: i64,
        number: i64,
    },
    /// The bank's identifier is another statement's, or its movements are.
    AlreadyLoaded(StatementId),
    Overdrawn,
}

impl database::Rejection for LoadRejection {}

impl From<LoadRejection> for Problem {
    fn from(rejection: LoadRejection) -> Self {
        let invalid = || Self::refused("statement-invalid", "Ce fichier n'est pas un relevé utilisable.");
        match rejection {
            LoadRejection::Invalid(error) => invalid()
                .detail(error.to_string())
                .with("line", error.line)
                .with("element", error.element),
            LoadRejection::InvalidCfonb(error) => invalid()
                .detail(error.to_string())
                .with("line", error.line)
                .with("columns", error.columns),
            LoadRejection::UnknownFormat => invalid().detail(
                "Ni du XML (camt.053), ni des enregistrements CFONB 120 : téléchargez le relevé à la banque dans l'un de \
                 ces deux formats, sans l'ouvrir dans un tableur.",
            ),
            LoadRejection::Several(statements) => invalid().detail(format!(
                "Le fichier contient {statements} relevés : envoyez-les un par un, dans l'ordre."
            )),
            LoadRejection::OtherAccount => {
                Self::refused("statement-other-account", "Ce relevé est celui d'un autre compte.")
                    .detail("Seuls les relevés du compte cantonné du fonds sont acceptés.")
            }
            LoadRejection::Gap { last_closing, opening } => gap(last_closing, opening),
            LoadRejection::Days { last_to, from, to } => days(last_to, from, to),
            LoadRejection::Number { last, number } => number_gap(last, number),
            LoadRejection::AlreadyLoaded(id) => Self::refused(
                "statement-already-loaded",
                "Ce relevé est déjà chargé, sous une autre forme.",
            )
            .detail(
                "La banque lui donne le même identifiant, ou il redit les mêmes soldes et les mêmes mouvements du même jour. \
                 Rien n'a changé.",
            )
            .with("statement_id", id),
            LoadRejection::Overdrawn => Self::refused(
                "statement-overdrawn",
                "Le relevé fait passer le compte du fonds sous zéro.",
            )
            .detail("Un compte cantonné ne peut pas être à découvert : vérifiez avec la banque."),
        }
    }
}

fn gap(last_closing: Cents, opening: Cents) -> Problem {
    let difference = opening.checked_sub(last_closing).unwrap_or_default();
    Problem::refused("statement-gap", "Ce relevé ne suit pas le précédent.")
        .detail(format!(
            "Dernier solde de clôture : {} ; solde d'ouverture : {} ; écart : {}. Chargez d'abord le relevé manquant.",
            last_closing.to_french(),
            opening.to_french(),
            difference.to_french()
        ))
        .with("last_closing", last_closing)
        .with("opening", opening)
        .with("difference", difference)
}

fn days(last_to: NaiveDate, from: NaiveDate, to: NaiveDate) -> Problem {
    let french = |day: NaiveDate| day.format("%d/%m/%Y");
    Problem::refused("statement-order", "Ce relevé commence avant la fin du précédent.")
        .detail(format!(
            "Il va du {} au {}, et les relevés sont chargés jusqu'au {}. Chargez le relevé qui suit ; un relevé plus ancien, ou d'une \
             période déjà chargée, ne se charge plus.",
            french(from),
            french(to),
            french(last_to)
        ))
        .with("last_to", last_to)
        .with("from", from)
        .with("to", to)
}

fn number_gap(last: i64, number: i64) -> Problem {
    Problem::refused("statement-number", "Le numéro de ce relevé ne suit pas le précédent.")
        .detail(format!(
            "La banque a numéroté le précédent {last}, et celui-ci {number}. Chargez d'abord les relevés qui manquent. Si la banque \
             confirme qu'il n'y en a pas, renvoyez celui-ci avec « ?confirmed_number={number} »."
        ))
        .with("last_number", last)
        .with("number", number)
}

/// A statement of the fund's account, read and balanced, with the bytes it was read from.
#[derive(Debug)]
pub struct ParsedStatement {
    pub(super) statement: Statement,
    pub(super) sha256: [u8; 32],
    pub(super) raw: Vec<u8>,
}

/// Reads a file; needs no database.
pub fn parse(bytes: Vec<u8>, fund: &FundAccount) -> Result<ParsedStatement, LoadRejection> {
    let mut statements = read_any(&bytes)?;
    let count = statements.len();
    let statement = statements
        .pop()
        .filter(|_| count == 1)
        .ok_or(LoadRejection::Several(count))?;
    if statement.account != fund.iban {
        return Err(LoadRejection::OtherAccount);
    }
    Ok(ParsedStatement {
        statement,
        sha256: Sha256::digest(&bytes).into(),
        raw: bytes,
    })
}

/// By content, never by a file's name or type, which banks and browsers change.
fn read_any(bytes: &[u8]) -> Result<Vec<Statement>, LoadRejection> {
    if cfonb120::looks_like(bytes) {
        return cfonb120::read(bytes).map_err(LoadRejection::InvalidCfonb);
    }
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    if text.first() == Some(&b'<') {
        return camt053::read(bytes).map_err(LoadRejection::Invalid);
    }
    Err(LoadRejection::UnknownFormat)
}

/// Loads a statement, or finds that the same file was loaded before, under whatever id. `confirmed` is the bank's number of this
/// statement when the operator says that none is missing before it, whatever the numbers say.
pub async fn load(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    id: StatementId,
    parsed: &ParsedStatement,
    confirmed: Option<u64>,
    at: DateTime<Utc>,
) -> Result<Created<StatementView>, UseCaseError<LoadRejection>> {
    NamedLock::Statements.take(tx).await?;
    if let Some(known) = known_before(tx, id, parsed).await? {
        let view = read(tx, known).await?.ok_or(sqlx::Error::RowNotFound)?;
        return Ok(Created::Existing(view));
    }
    let position = order::next_position(tx, &parsed.statement, confirmed).await?;
    let lines = statement_line::lines(&parsed.statement);
    let mut candidates = match_candidates::read(tx, &lines).await?;
    let matches = matching::match_lines(&lines, &mut candidates);
    write::write(tx, id, position, parsed, &lines, &matches, at).await?;
    let openings = classify_breaks::classify_breaks(&lines, &matches, &candidates);
    breaks::open(tx, who, breaks::BreakSource::Statement(id), &openings, at).await?;
    breaks::resolve_due_breaks(tx, who, at).await?;
    breaks::open_overdue_breaks(tx, who, parsed.statement.closing.date, at).await?;
    let returned = book::returned_parts(tx, &matches).await?;
    let postings = book::postings(id, position, &lines, &matches, &returned)?;
    book_all(tx, postings, at).await.map_err(|error| match error {
        BookError::Refused(Rejection::Short { .. }) => UseCaseError::Rejected(LoadRejection::Overdrawn),
        error => error.into(),
    })?;
    let view = read(tx, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    audit(
        tx,
        who,
        at,
        "statement.load",
        Some(id.uuid()),
        (view.lines.len(), view.unexplained, confirmed),
    )
    .await?;
    tracing::info!(
        lines = view.lines.len(),
        unexplained = view.unexplained,
        position,
        "statement loaded"
    );
    metrics::counter!("ccn_statement_lines_total", "matched" => "no").increment(view.unexplained as u64);
    Ok(Created::New(view))
}

async fn known_before(
    tx: &mut PgTransaction<'_>,
    id: StatementId,
    parsed: &ParsedStatement,
) -> Result<Option<StatementId>, UseCaseError<LoadRejection>> {
    // The id first: whoever repeats it is never answered with another statement.
    let known = sqlx::query!(
        r#"select id as "id: StatementId", sha256 = $2 as "same!" from funding.statement
           where id = $1 or sha256 = $2 or identification = $3
           order by id = $1 desc, 2 desc"#,
        id.uuid(),
        &parsed.sha256,
        parsed.statement.id,
    )
    .fetch_all(&mut **tx)
    .await?;
    match known.first() {
        None => match order::same_movements(tx, &parsed.statement).await? {
            None => Ok(None),
            Some(known) => Err(LoadRejection::AlreadyLoaded(known).into()),
        },
        Some(known) if known.same => Ok(Some(known.id)),
        Some(known) if known.id == id => Err(UseCaseError::IdReused),
        Some(known) => Err(LoadRejection::AlreadyLoaded(known.id).into()),
    }
}
