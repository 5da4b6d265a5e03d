//! Structures: import, accreditation and its criteria, suspension, bank details.

pub mod accredit;
pub mod criteria;
pub mod import;
pub mod import_bank_details;
pub mod import_structures;
pub mod list;
pub mod suspend;
