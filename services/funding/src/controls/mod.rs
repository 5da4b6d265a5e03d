//! Comparisons that must hold: invariants between the books, the records and the bank, and the reconciliation that runs them all.

pub mod invariants;
pub mod reconciliation;
