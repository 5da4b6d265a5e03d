//! What banks and their customers exchange: account numbers, payment files and their reports, statements.

pub mod bank_details;
pub mod camt053;
pub mod cfonb120;
mod encoding;
pub mod iban;
pub mod iso20022;
pub mod pain001;
pub mod pain002;
