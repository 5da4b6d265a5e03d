//! The REST front door: parses, calls, renders.

mod breaks;
mod claims_report;
mod closes;
mod fees;
mod funders;
mod mandates;
mod payment_reports;
mod promises;
mod reader;
mod reconciliations;
mod refunds;
mod reports;
mod settlements;
mod statements;
mod terms;
mod waterfall_report;

use std::sync::Arc;

use axum::extract::FromRef;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use web::Clock;

use crate::{Config, FundAccount};

pub use reconciliations::reconciliation_routes;

#[derive(Debug, Clone, FromRef)]
struct App {
    pool: PgPool,
    clock: Clock,
    fund: Arc<FundAccount>,
}

/// Everything under `/v1` that moves or reports the fund's money.
#[must_use]
pub fn routes(config: Config) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(funders::routes())
        .merge(promises::routes())
        .merge(terms::routes())
        .merge(mandates::routes())
        .merge(fees::routes())
        .merge(closes::routes())
        .merge(statements::routes())
        .merge(payment_reports::routes())
        .merge(breaks::routes())
        .merge(settlements::routes())
        .merge(refunds::routes())
        .merge(reports::routes())
        .merge(claims_report::routes())
        .merge(waterfall_report::routes())
        .with_state(App {
            pool: config.pool,
            clock: config.clock,
            fund: Arc::new(config.fund),
        })
}
