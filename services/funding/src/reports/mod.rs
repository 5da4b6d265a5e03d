//! What is shown and exported: the waterfall, the list of claims, the evidence behind it.
//!
//! A report is read in one snapshot of the books, with hashed joins: the statistics of PostgreSQL are those of yesterday, and would choose
//! loops over what a day of claims has added.

pub mod claims_report;
pub mod evidence;
pub mod export;
pub mod waterfall;
