//! The end of a programme's vouchers: the calendar and its steps, expiry.

pub mod calendar;
pub mod expire;
