//! Programmes, and who may act in them.

pub mod admit_prescriber;
pub mod create_programme;
