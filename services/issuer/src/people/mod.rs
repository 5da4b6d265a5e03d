//! Beneficiaries: their import, the comparison of identities, and the only table that knows their names.

pub mod beneficiaries;
pub mod identity;
pub mod import;
