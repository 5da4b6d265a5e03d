//! The REST front door: parses, calls, renders.

mod breaks;
mod claims_report;
mod evidence;
mod funders;
mod payment_reports;
mod promises;
mod refunds;
mod reports;
mod settlements;
mod statements;
mod waterfall_report;

use std::sync::Arc;

use axum::extract::FromRef;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use web::Clock;

use crate::{Config, FundAccount, rpc};

#[derive(Debug, Clone, FromRef)]
pub(crate) struct App {
    pub pool: PgPool,
    clock: Clock,
    fund: Arc<FundAccount>,
}

impl App {
    pub fn open(config: Config) -> Self {
        Self {
            pool: config.pool,
            clock: config.clock,
            fund: Arc::new(config.fund),
        }
    }
}

/// Everything under `/v1` that moves or reports the fund's money, and the same exports over gRPC.
#[must_use]
pub fn routes(config: Config) -> OpenApiRouter {
    let app = App::open(config);
    OpenApiRouter::new()
        .merge(funders::routes())
        .merge(promises::routes())
        .merge(statements::routes())
        .merge(payment_reports::routes())
        .merge(breaks::routes())
        .merge(settlements::routes())
        .merge(refunds::routes())
        .merge(reports::routes())
        .merge(claims_report::routes())
        .merge(evidence::routes())
        .merge(waterfall_report::routes())
        .with_state(app.clone())
        .merge(rpc::rpc_routes(app).into())
}
