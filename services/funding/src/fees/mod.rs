//! The operator's own fee: who is invoiced and how, invoices, credit notes.

pub mod fee;
pub mod invoicing;
