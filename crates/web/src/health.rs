use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{StatusCode, header};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use sqlx::PgPool;

use crate::Problem;

/// Seconds a readiness check may take.
const READY_SECONDS_MAX: u64 = 3;

/// Upper bounds of the latency buckets, in seconds.
const SECONDS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0];

/// What a process needs before it is sent traffic: each of its pools answers.
#[derive(Debug, Clone)]
pub struct Ready(pub Vec<PgPool>);

/// Starts recording metrics; once a process.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
        .install_recorder()
}

/// `/health/live` (the process runs), `/health/ready` (it can work), `/metrics` (Prometheus text).
pub fn health_routes(ready: Ready, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/health/live", get(|| async { "ok\n" }))
        .route("/health/ready", get(is_ready).with_state(Arc::new(ready)))
        .route(
            "/metrics",
            get(move || async move {
                metrics.run_upkeep();
                ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render())
            }),
        )
}

impl Ready {
    /// Whether each pool answers now.
    pub async fn check(&self) -> bool {
        let checks = async {
            for pool in &self.0 {
                sqlx::query("select 1").execute(pool).await?;
            }
            Ok::<_, sqlx::Error>(())
        };
        matches!(
            tokio::time::timeout(Duration::from_secs(READY_SECONDS_MAX), checks).await,
            Ok(Ok(()))
        )
    }
}

async fn is_ready(State(ready): State<Arc<Ready>>) -> impl IntoResponse {
    if ready.check().await {
        Ok("ok\n")
    } else {
        Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-ready",
            "Le service ne peut pas travailler : sa base de données ne répond pas.",
        ))
    }
}
