//! The steps of the story, in no order: `Demo::play` tells them.

pub mod beneficiaries;
pub mod claims;
pub mod close;
pub mod expire;
pub mod hand_over;
pub mod import;
pub mod money;
pub mod organisations;
pub mod refusals;
pub mod report;
pub mod settle;
pub mod structures;
