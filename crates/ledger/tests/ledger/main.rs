//! The ledger on a real PostgreSQL, a fresh database a test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod changes;
mod closing;
mod common;
mod concurrency;
mod cosigning;
mod events;
mod measures;
mod model;
mod posting;
mod report;
mod roles;
mod sealing;
mod simulation;
mod views;
