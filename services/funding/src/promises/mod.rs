//! What funders say they will pay: announcements, conventions, calls for funds and their letters and reminders. Nothing moves in
//! the books here.

pub mod announcement;
pub mod call;
pub mod convention;
pub mod funder;
pub mod reference;
