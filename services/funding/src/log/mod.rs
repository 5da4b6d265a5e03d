//! The books' sealed log as this service runs it: sealing, proofs, checkpoints, co-signers, the close of a month.

pub mod proof;
