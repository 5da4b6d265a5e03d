//! The REST front door: parses, calls, renders.

mod approvals;
mod breaks;
mod claims_report;
mod closes;
mod credit_notes;
mod evidence;
mod fees;
mod funders;
mod invoicing;
mod mandates;
mod payment_reports;
mod promises;
mod reader;
mod reconciliations;
mod refunds;
mod reports;
mod rpc;
mod settlements;
mod statements;
mod structures_money;
mod terms;
mod tolerance;
mod waterfall_report;

use std::sync::Arc;

use axum::extract::FromRef;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use web::Clock;

use crate::support::FundAccount;
use crate::support::stream::Downloads;

pub use reconciliations::reconciliation_routes;

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

#[derive(Debug, Clone, FromRef)]
pub(crate) struct App {
    pub pool: PgPool,
    clock: Clock,
    fund: Arc<FundAccount>,
    downloads: Downloads,
}

impl App {
    pub fn open(config: Config) -> Self {
        Self {
            pool: config.pool,
            clock: config.clock,
            fund: Arc::new(config.fund),
            downloads: Downloads::default(),
        }
    }
}

/// Everything under `/funding/v1` that moves or reports the fund's money, and the same exports over gRPC.
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
        .merge(closes::routes())
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
        .with_state(app.clone())
        .merge(rpc::rpc_routes(app).into())
}
