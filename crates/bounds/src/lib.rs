//! What a field of a request may hold: each limit is written once, as a kind of value, for the rule and for the OpenAPI document.
//!
//! A field names its kind (`#[schema(value_type = Reason)]`), and the use case asks the kind (`Reason::fits(text)`). Kinds that several
//! rooms share are here; those of one use case stand in its file, made by [`text_kind!`], [`amount_kind!`], [`number_kind!`] and
//! [`list_kind!`].
//!
//! *Rejected:* numbers in `#[schema(max_length = …)]`, which takes no constant; checking a request against its schema before the use case,
//! which knows better what to tell people.

mod amount;
mod list;
mod number;
mod rate;
mod text;

#[doc(hidden)]
pub use utoipa;

pub use amount::{AmountKind, amount_schema};
pub use list::{ListKind, item_schemas, list_schema};
pub use number::{NumberKind, number_schema};
pub use rate::{RATE_DECIMALS_MAX, Rate};
pub use text::{Form, TextKind, text_schema};

text_kind! {
    /// Why somebody did something, in words for whoever asks later. It names no person.
    pub struct Reason: 1..=500, Form::Lines;
    /// Words on one line: an explanation, an owner, a label.
    pub struct Words: 1..=500, Form::Line;
    /// What an organisation or a programme is called.
    pub struct Name: 1..=200, Form::Line;
}

amount_kind! {
    /// Money that is promised, called, given or paid: at least a cent, at most what one payment can carry (pain.001).
    pub struct Amount: 1..=standards::pain001::AMOUNT_MAX.get();
}

/// A doc comment as utoipa's own derive reads it: without the space that its lines begin with.
fn description(doc: &[&str]) -> String {
    let lines: Vec<&str> = doc.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.join("\n")
}
