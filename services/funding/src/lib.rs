//! The money's way in and out: what funders promised, what the bank says, who was paid, what is given back, and the
//! report that shows all of it.
//!
//! One file a use case; `api` parses, calls and renders. Money moves through `ledger::post` only; this schema keeps
//! promises, payments, statements and the evidence that ties them to the books:
//!
//! | fact | row | in the books |
//! |---|---|---|
//! | convention, call for funds | `convention`, `call` | nothing: promises |
//! | money received | `statement_line` matched to a call | bank → deposited |
//! | allocation | `allocation` | deposited → clearing · clearing → available |
//! | settlement | `payment`, `settlement_line` (claim → payment), `hold` | payable → clearing · clearing → in transit |
//! | bank's answer | `payment_answer` with its statement line, or the line of a `payment_report` | in transit → bank, or back to payable |
//! | what is not agreed with the bank | `break`, its `break_step`s, `explanation` | bank ↔ suspense, then suspense → what it was |
//! | refund | `refund`, `payment` | refundable → clearing · clearing → deposited (→ in transit → bank) |
//!
//! A payment to a funder goes through `in_transit` as a payment to a structure does, so that money in a payment file is
//! always visible. Every creation can be repeated with the same id.

mod allocation;
mod api;
mod booking;
mod breaks;
mod call;
mod claims_report;
mod convention;
mod evidence;
mod export;
mod funder;
mod id;
mod identities;
mod known;
mod payment_file;
mod payment_report;
mod plan;
mod proof;
mod reference;
mod refund;
mod rpc;
mod settlement;
mod statement;
mod stream;
mod waterfall;

use sqlx::PgPool;
use standards::{Bic, Iban};
use web::Clock;

pub use api::routes;
pub use export::{names, report, waterfall_csv, waterfall_pdf, waterfall_xlsx};
pub use id::{
    AllocationId, BreakId, CallId, ConventionId, PaymentId, PaymentReportId, RefundId, SettlementId, StatementId,
};
pub use proof::{
    CloseView, ConsistencyView, CosignerView, EventProofView, ProofView, ProvenEntryView, SEAL_SECONDS, SUMS_SECONDS,
    keep_sealed, log_routes,
};
pub use reference::CallReference;
pub use waterfall::{Row as WaterfallRow, Waterfall, WaterfallError};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the routes need.
#[derive(Debug, Clone)]
pub struct Config {
    /// Connected as role `ccn_funding`.
    pub pool: PgPool,
    /// Gives each request its instant.
    pub clock: Clock,
    /// The account that pays and is paid.
    pub fund: FundAccount,
}

/// The fund's segregated bank account: statements of no other account are taken, payments come from no other.
#[derive(Debug, Clone)]
pub struct FundAccount {
    /// Its holder, as the bank knows it.
    pub name: String,
    /// Its number.
    pub iban: Iban,
    /// Its bank.
    pub bic: Option<Bic>,
}

/// Brings schema `funding` up to date.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    database::apply(pool, &MIGRATIONS).await
}
