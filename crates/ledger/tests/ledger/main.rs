//! The ledger on a real PostgreSQL, a fresh database a test.

mod common;
mod concurrency;
mod model;
mod posting;
mod report;
mod roles;
mod shares;
