//! The money's way in and out, over HTTP, on a real PostgreSQL, as the role `ccn_funding`. What the issuer and redemption would
//! have done is put there by the owner: their rows, and their transfers through `ledger::post`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod approval;
mod bad_files;
mod bank;
mod bank_files;
mod breaks;
mod calls;
mod cash;
mod cfonb_by_others;
mod charges;
mod checkers;
mod claims_report;
mod cosigners;
mod cycle;
mod ended_programme;
mod events;
mod evidence;
mod evidence_pages;
mod expiry;
mod expiry_answers;
mod explained_again;
mod fees;
mod finished;
mod fixture;
mod fixture_exports;
mod further_true_ups;
mod invariants;
mod issuing;
mod lists;
mod log;
mod mandate_lines;
mod mandates;
mod papers;
mod payment_reports;
mod presented;
mod promises;
mod races;
mod reconciliation_failures;
mod reconciliations;
mod reconciling;
mod refunds;
mod rpc;
mod rules;
mod seal_lag;
mod splits;
mod statement_order;
mod statements;
mod structures_money;
mod taken_back;
mod technical_rejects;
mod true_ups;
mod waterfall_report;
