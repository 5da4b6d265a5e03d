//! The money's way in and out, over HTTP, on a real PostgreSQL, as the role `ccn_funding`. What the issuer and redemption would
//! have done is put there by the owner: their rows, and their transfers through `ledger::post`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod bad_files;
mod bank;
mod breaks;
mod claims_report;
mod cycle;
mod evidence;
mod identities;
mod judge;
mod payment_reports;
mod promises;
mod races;
mod rpc;
mod statements;
mod waterfall_report;
mod world;
mod world_exports;
