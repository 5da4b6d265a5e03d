//! Money that leaves the fund: settlements and refunds, the rules and approvals that let them go, payment files, what the bank
//! answers, holds, and what a structure is told of its money.

pub mod approval;
pub mod holds;
pub mod payment_file;
pub(crate) mod payment_order;
pub mod payment_report;
pub mod payment_rule;
pub mod refund;
pub(crate) mod rejected_payments;
pub mod remittance;
pub mod settlement;
pub mod structure_account;
