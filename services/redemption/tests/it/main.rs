//! The redemption service from its front door, on a real PostgreSQL, connected as the role it runs under.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod actor;
mod at_once;
mod claiming;
mod fixture;
mod importing;
mod measures;
mod pages;
mod receipts;
mod reversing;
mod rpc;
mod standing;
mod status_feed;
mod status_lists;
mod stolen;
mod typed_codes;
