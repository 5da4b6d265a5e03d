//! The French banks' statement of account: CFONB 120 (« relevé de compte sur support informatique », July 2004, and its SEPA
//! complements of March 2010), records 01, 04, 05 and 07 of 120 characters.
//!
//! It becomes the same [`Statement`] as camt.053, so that matching and booking do not know the format:
//!
//! | record | is | becomes |
//! |---|---|---|
//! | 01 | old balance | opening balance, account (the IBAN is computed from bank, branch and account number) |
//! | 04 | movement | an entry of one transfer |
//! | 05 | complement: `RCN` end-to-end id, `LCC` `LC2` `LCS` remittance, `NPY` `NBE` the other side's name, `CPY` `CBE` its account, `REF` payment file, `RET` return, `LIB` `MMO` the bank's words | its details; what other qualifiers and second halves say is kept as other texts |
//! | 07 | new balance | closing balance |
//!
//! Strict where money is concerned: euro only, at most two decimals, a known sign, balances with real dates, one account from 01 to
//! 07, and old balance + movements = new balance, or the statement is refused whole, with the line, the columns and what to do.
//! Currency and decimals that a record leaves blank are those of the others, else euro and cents. Nothing that is only information
//! (qualifiers, texts, the days of movements) refuses a file. A file may hold several days and accounts, as for camt.053.
//!
//! The format has no statement identifier: one is made of the period, the balances and the number of movements, so that a second
//! download in other bytes is the same statement. Read are ASCII, UTF-8, ISO 8859-1, windows-1252 and UTF-16, with or without line
//! ends; trailing blanks may be cut off. EBCDIC is refused. No published crate reads this format.

mod problem;
mod read;
mod record;

pub use crate::bank::camt053::Statement;
pub use problem::{CfonbError, CfonbProblem};
pub use read::{looks_like, read, read_account};

/// Most bytes of a statement file.
pub const BYTES_MAX: usize = crate::bank::camt053::BYTES_MAX;
/// Characters of every record.
pub const RECORD_CHARS: usize = 120;

#[cfg(test)]
mod tests;
