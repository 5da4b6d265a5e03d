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
//! | operator's own fee | `fee`, `credit_note`, `fee_payment` | nothing: it is the operator's own business, on an account of its own |
//! | allocation | `allocation` | deposited → clearing · clearing → available |
//! | settlement | `payment`, `settlement_line` (claim → payment), `hold`, `hold_awaits` | payable → clearing · clearing → in transit |
//! | bank's answer | `payment_answer` with its statement line, or the line of a `payment_report` | in transit → bank, or back to payable |
//! | what is not agreed with the bank | `break`, its `break_step`s, `explanation` (`explained_line`s, `explanation_part`s) | bank ↔ suspense, then suspense → what it was |
//! | close, further closes | `true_up`, `true_up_payment` | available, refundable → refundable |
//! | end of a programme | `expiry_statement`, `expiry_response`, `expiry_choice`, `unused_value_refund` | the refunds |
//! | refund | `refund`, `payment` | refundable (at the end, available) → clearing · clearing → deposited (→ in transit → bank); of free money, the last two |
//! | four eyes | `payment_rule`, `payment_proposal`, `payment_decision` | rejected: in transit → back |
//!
//! A payment to a funder goes through `in_transit` as a payment to a structure does, so that money in a payment file is
//! always visible. Every creation can be repeated with the same id.

mod bank;
mod contributions;
mod controls;
mod fees;
mod http;
mod log;
mod payments;
mod programme_end;
mod promises;
mod reports;
mod shares;
mod support;

use sqlx::PgPool;

pub use crate::http::Config;
pub use crate::http::routes;
pub use controls::reconciliation;
pub use log::close_month::{CloseRejection, QUIET_SECONDS_MAX, close_month};
pub use log::lag::{SEAL_LAG_SECONDS_MAX, show_seal_lag};
pub use log::sealer::{SEAL_SECONDS, SUMS_SECONDS, run_sealer};
pub use log::view::{CloseView, ConsistencyView, CosignerView, EventProofView, ProofView, ProvenEntryView};
pub use programme_end::statement_worker::{STATEMENT_SECONDS, run_statement_worker};
pub use promises::call::{remind, run_reminder_worker};
pub use promises::reference::CallReference;
pub use reports::export::{names, report, waterfall_csv, waterfall_pdf, waterfall_xlsx};
pub use reports::waterfall::{Waterfall, WaterfallRow};
pub use support::ids::{
    AllocationId, AnnouncementId, BreakId, CallId, ConventionId, CreditNoteId, ExpiryChoiceId, ExpiryResponseId,
    ExplanationId, FeeId, MandateId, PaymentId, PaymentReportId, ReconciliationId, RefundId, SettlementId, StatementId,
    TrueUpId,
};
pub use support::{DocumentSigner, FundAccount};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Brings schema `funding` up to date.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    database::apply(pool, &MIGRATIONS).await
}
