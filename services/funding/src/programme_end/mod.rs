//! The end of a programme: its signed statement, the funders' answers, the refund of what was not used.

pub mod expiry;
