//! The REST front door: parses, calls, renders.

mod approvals;
mod breaks;
mod claims_report;
mod credit_notes;
mod downloads;
mod evidence;
mod fees;
mod funders;
mod invoicing;
mod log;
mod mandates;
mod payment_reports;
mod programme_end;
mod promises;
mod reconciliations;
mod refunds;
mod reports;
mod rpc;
mod settlements;
mod statements;
mod structures_money;
mod terms;
mod tolerance;
mod true_ups;
mod waterfall_report;

use std::sync::Arc;

use axum::extract::FromRef;
use sealed_log::NoteKey;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use voucher::EvidenceKeys;
use web::{Clock, Problem};

use crate::controls::reconciliation::Nightly;
use crate::http::downloads::Downloads;
use crate::support::{DocumentSigner, FundAccount};

/// What the routes need.
#[derive(Debug, Clone)]
pub struct Config {
    /// Connected as role `ccn_funding`.
    pub pool: PgPool,
    /// Gives each request its instant.
    pub clock: Clock,
    /// The account that pays and is paid.
    pub fund: FundAccount,
    /// Signs checkpoints and reconciliations. Without it, what others sealed and compared is served.
    pub checkpoint_key: Option<Arc<NoteKey>>,
    /// How old a break may be, for runs that are asked for too.
    pub nightly: Nightly,
    /// Open the evidence of claims before they are paid.
    pub evidence_keys: Arc<EvidenceKeys>,
    /// Signs documents, if this process was given the key.
    pub document_key: Option<Arc<document::sign::Signer>>,
}

impl Config {
    /// Without keys: it signs nothing, and serves what others signed.
    #[must_use]
    pub const fn new(
        pool: PgPool,
        clock: Clock,
        fund: FundAccount,
        evidence_keys: Arc<EvidenceKeys>,
        nightly: Nightly,
    ) -> Self {
        Self {
            pool,
            clock,
            fund,
            checkpoint_key: None,
            nightly,
            evidence_keys,
            document_key: None,
        }
    }
}

#[derive(Debug, Clone, FromRef)]
pub(crate) struct App {
    pub pool: PgPool,
    clock: Clock,
    fund: Arc<FundAccount>,
    checkpoint_key: Option<Arc<NoteKey>>,
    nightly: Nightly,
    evidence_keys: Arc<EvidenceKeys>,
    documents: DocumentSigner,
    downloads: Downloads,
}

impl App {
    pub fn open(config: Config) -> Self {
        Self {
            pool: config.pool,
            clock: config.clock,
            checkpoint_key: config.checkpoint_key,
            nightly: config.nightly,
            evidence_keys: config.evidence_keys,
            documents: DocumentSigner {
                fund: config.fund.name.clone(),
                signer: config.document_key,
            },
            fund: Arc::new(config.fund),
            downloads: Downloads::default(),
        }
    }
}

/// All of the service: what moves, reports and proves the fund's money, and the exports over gRPC.
#[must_use]
pub fn routes(config: Config) -> OpenApiRouter {
    let app = App::open(config);
    OpenApiRouter::new()
        .merge(funders::routes())
        .merge(promises::routes())
        .merge(terms::routes())
        .merge(mandates::routes())
        .merge(fees::routes())
        .merge(credit_notes::routes())
        .merge(invoicing::routes())
        .merge(true_ups::routes())
        .merge(statements::routes())
        .merge(tolerance::routes())
        .merge(payment_reports::routes())
        .merge(breaks::routes())
        .merge(settlements::routes())
        .merge(approvals::routes())
        .merge(structures_money::routes())
        .merge(refunds::routes())
        .merge(reports::routes())
        .merge(claims_report::routes())
        .merge(evidence::routes())
        .merge(waterfall_report::routes())
        .merge(programme_end::routes())
        .merge(log::routes())
        .merge(reconciliations::routes())
        .with_state(app.clone())
        .merge(rpc::rpc_routes(app).into())
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands the error over")]
fn internal(error: sqlx::Error) -> Problem {
    Problem::internal(&error)
}
