//! What is shown and exported: the waterfall, the list of claims, the evidence behind it.

pub mod claims_report;
pub mod evidence;
pub mod export;
pub mod waterfall;
