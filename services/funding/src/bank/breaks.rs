//! Breaks: what the bank and the books do not agree on, until somebody has said why.
//!
//! | kind | opened when | closes by itself when |
//! |---|---|---|
//! | `unexpected` | a statement's line is nothing that we know; a report names a payment that is not ours | – |
//! | `amount_differs` | a line, or a report's rejection, names a payment with another amount | – |
//! | `duplicate` | a line names a payment that was debited or returned already | – |
//! | `returned` | money came back that no payment under way explains; a report rejects a payment that is on a statement | – |
//! | `missing` | a payment is on no statement `MISSING_DAYS` after its day of execution | it is on a statement, or rejected |
//! | `late` | a call for funds is not paid when its due day is past, by the statement's closing day | it is paid |
//!
//! Its life is rows that are only added: open → explained → closed, each with who, when and why. Explaining a statement's line
//! says what it was, and moves it from suspense there (`Explained`); lines and what they were must make one sum ([`explain()`],
//! [`split`]). A break without a line is explained in words. Ages count Paris days from the bank's day.

mod ageing;
mod explain;
mod open;
mod step;
mod view;

pub use ageing::{AgedBreak, BreakAgeing, ageing, csv};
pub(crate) use explain::explained_payments;
pub use explain::{ExplanationView, NewExplanation, NewSplit, explain, split};
pub use open::{BreakSource, NewBreak, open, open_overdue_breaks, resolve_due_breaks};
pub use step::{NewClosing, NewOwner, close, own};
pub use view::{BreakView, list, read};
