//! Claims for a funder's auditor: a line a claim and funder, pseudonymous, to the cent.
//!
//! | column | what |
//! |---|---|
//! | `claim_id` … `service`, `level` | the claim and what was done for it, never for whom |
//! | `departement`, `commune_code`, `commune`, `structure` | where; a structure may be one person, so neither its name nor its number: a [pseudonym] |
//! | `vouchers`, `face_value` | of the whole claim |
//! | `funder_id`, `funder`, `share` | who pays how much of it, by who paid each voucher |
//! | `reversed_on` | the day it was undone |
//! | `paid` | of the share, what left the bank account for good; negative when more was taken back than paid |
//! | `payment_id`, `payment_state` | the last payment that covers it and did not come back: `sent` or `debited` |
//!
//! **The invariant.** Of each funder, the shares of the lines without `reversed_on` sum to `claimed` of the report, and `paid` sums
//! to its `paid`. A test compares; both are read from the transfers and the settlement lines, and from nothing that this report has
//! for itself.
//!
//! Small counts are suppressed where figures are published. Here each line is one claim, read by who pays it: suppressing one would
//! break the sums that are its purpose, so its columns are few instead.
//!
//! One statement, read as it comes, in one snapshot: memory does not grow with the claims.

mod asked;
mod line;
mod pseudonym;
mod write;

pub(crate) use asked::ClaimsReportQuery;
pub(crate) use write::write;
