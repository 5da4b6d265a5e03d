//! Claims of vouchers: the pipeline that books them, what is read of them, their reversal and receipts.

pub mod claim;
pub mod disclosure;
pub mod read_claims;
pub mod receipt_pdf;
pub mod reverse;
pub mod secrets;
