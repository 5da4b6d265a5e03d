//! The books' sealed log as this service runs it: the task that seals, the close of a month, and which groups of transfers an event has.

pub mod close_month;
pub mod cosigners;
pub mod events;
pub mod lag;
pub mod sealer;
pub mod view;
