//! Programmes, and who may act in them.
//!
//! A prescriber sees and acts in the programmes whose sponsor admitted it; of every other one it is told that it does not exist (404).

pub mod admit_prescriber;
pub mod create_programme;
