//! A bank that keeps the fund's account: the demonstration's and the tests'. It knows the system only by the files that go to and fro,
//! as a real one does: it carries out pain.001 files and answers with statements (camt.053 or CFONB 120) and reports (pain.002).
//!
//! ```text
//! Bank        an account over time: transfers come in, payment files are carried out, some come back; a statement a day
//! entry       movements one by one, for who makes up a statement of its own
//! cfonb120    the French format of the same statement
//! pain002     what the bank says of a payment file before it debits
//! ```
//!
//! The readers of these formats are in `standards`; so is the writer of camt.053. What is written here is written for no real bank.

mod account;
pub mod cfonb120;
pub mod entry;
pub mod pain002;

pub use account::{Bank, BankError};
