//! What the tests of all packages share. Never a part of an executable.
//!
//! ```text
//! test            gives each test a fresh database with all schemas
//! as_role         a pool with what a service may do, and nothing more
//! Client, Answer  requests, to services elsewhere or to routes in the test's own process; every answer is checked as it arrives
//! Operator, …     actors, who do by verbs what people do over the interface
//! people, Place   files that they import
//! Paper           a voucher's token and code, without an issuer; the tests' own secrets
//! book            what another service would put into the books
//! until           waits for a condition, as until_waiting does for a lock
//! Answers         what a use case answered, step by step, for a snapshot; redacted does it for one value
//! ```
//!
//! The bank of the tests is the demonstration's, crate `bank-simulator`. What only one package needs stays in its `tests/`.

mod actors;
mod answer;
mod answers;
mod books;
mod client;
mod database;
mod files;
mod front;
mod ids;
mod refusal;
mod together;
mod until;

pub use testkit_macros::test;

pub use self::actors::{Batch, Funder, Operator, Person, Prescriber, Sponsor, Structure, Voucher, holds};
pub use self::answer::{Answer, english_words};
pub use self::answers::{Answers, redacted};
pub use self::books::paper::{Paper, claim_row, code_keys, evidence_keys, id_keys};
pub use self::books::{Leg, book, book_posting, transfer};
pub use self::client::Client;
pub use self::database::{Database, as_role, run_test};
pub use self::files::{Place, people, real_data};
pub use self::front::operator_of;
pub use self::ids::{Ids, iban, id, siren, siret};
pub use self::refusal::{Expected, Refusal};
pub use self::together::together;
pub use self::until::{until, until_blocking, until_waiting};
