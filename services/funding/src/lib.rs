//! The money's way in and out: what funders promised, what the bank says, who was paid, what is given back, and the
//! report that shows all of it.
//!
//! One file a use case; `api` parses, calls and renders. Money moves through `ledger::post` only; this schema keeps
//! promises, payments, statements and the evidence that ties them to the books:
//!
//! | fact | row | in the books |
//! |---|---|---|
//! | announcement, convention, call for funds, reminder | `announcement`, `convention`, `call`, `reminder` | nothing: promises |
//! | money received | `statement_line` matched to a call | bank → deposited |
//! | public mandate | `mandate`, `mandate_receipt`, `mandate_cancellation` | receivable → deposited, then bank → receivable |
//! | operator's own fee | `fee`, `fee_receipt` | fee receivable → fees and VAT, then bank → fee receivable |
//! | credit note | `credit_note` | fees and VAT → fee receivable |
//! | allocation | `allocation` | deposited → clearing · clearing → available |
//! | settlement | `payment`, `settlement_line` (claim → payment), `hold`, `hold_awaits` | payable → clearing · clearing → in transit |
//! | bank's answer | `payment_answer` with its statement line, or the line of a `payment_report` | in transit → bank, or back to payable |
//! | what is not agreed with the bank | `break`, its `break_step`s, `explanation` (`explained_line`s, `explanation_part`s) | bank ↔ suspense, then suspense → what it was |
//! | close, further closes | `true_up`, `true_up_payment` | available, refundable → refundable |
//! | end of a programme | `expiry_statement`, `expiry_response`, `expiry_choice`, `expiry_giving_back` | the refunds |
//! | refund | `refund`, `payment` | refundable (at the end, available) → clearing · clearing → deposited (→ in transit → bank); of free money, the last two |
//! | four eyes | `payment_rule`, `payment_proposal`, `payment_decision` | rejected: in transit → back |
//!
//! A payment to a funder goes through `in_transit` as a payment to a structure does, so that money in a payment file is
//! always visible. Every creation can be repeated with the same id.

mod ages;
mod allocation;
mod announcement;
mod api;
mod approval;
mod booking;
mod breaks;
mod call;
mod cash;
mod claims_report;
mod convention;
mod evidence;
mod expiry;
mod export;
mod fee;
mod french;
mod funder;
mod holds;
mod id;
mod identities;
mod invoicing;
mod known;
mod mandate;
mod payment_file;
mod payment_report;
mod payment_rule;
mod plan;
mod proof;
pub mod reconciliation;
mod reference;
mod refund;
mod remittance;
mod rpc;
mod settlement;
mod simulation;
mod statement;
mod stream;
mod structure_account;
mod tolerance;
mod true_up;
mod waterfall;

use sqlx::PgPool;
use standards::{Bic, Iban};
use web::Clock;

pub use api::{reconciliation_routes, routes};
pub use call::{keep_reminding, remind};
pub use expiry::{STATEMENT_SECONDS, Stationery, expiry_routes, keep_statements};
pub use export::{names, report, waterfall_csv, waterfall_pdf, waterfall_xlsx};
pub use id::{
    AllocationId, AnnouncementId, BreakId, CallId, ConventionId, CreditNoteId, ExpiryChoiceId, ExpiryResponseId,
    ExplanationId, FeeId, MandateId, PaymentId, PaymentReportId, ReconciliationId, RefundId, SettlementId, StatementId,
    TrueUpId,
};
pub use proof::{
    CloseView, ConsistencyView, CosignerView, EventProofView, NotClosed, ProofView, ProvenEntryView, QUIET_SECONDS_MAX,
    SEAL_LAG_SECONDS_MAX, SEAL_SECONDS, SUMS_SECONDS, close_month, keep_sealed, log_routes, show_seal_lag,
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
