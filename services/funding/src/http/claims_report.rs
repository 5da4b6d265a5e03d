use access::FunderReader;
use axum::extract::State;
use axum::response::Response;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{CsvFor, Problem, Query};

use crate::http::App;
use crate::http::downloads::{self, Downloads};
use crate::reports::claims_report::{self, ClaimsReportQuery};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(claims_csv))
}

/// Claims as CSV, a line a claim and funder, without any person: the shares without `reversed_on` sum to the funder's `claimed` in
/// the waterfall, `paid` to its `paid`. Operators and auditors may ask for any funder or all, a funder gets its own.
#[utoipa::path(get, path = "/funding/v1/reports/claims", tag = "funding", params(ClaimsReportQuery, CsvFor),
    responses((status = 200, body = String, content_type = "text/csv"),
        (status = 429, description = "`too-many-downloads`: two at a time")))]
async fn claims_csv(
    who: FunderReader,
    State(pool): State<PgPool>,
    State(downloads): State<Downloads>,
    Query(asked): Query<ClaimsReportQuery>,
) -> Result<Response, Problem> {
    let asked = asked.by(&who)?;
    let slot = downloads.slot(&who)?;
    let body = downloads::body("claims report", slot, |chunks| async move {
        claims_report::write(&pool, asked, &chunks).await
    });
    let body = body.map_err(|error| Problem::internal(&error))?;
    Ok(downloads::download(
        body,
        "text/csv; charset=utf-8",
        "encaissements.csv",
    ))
}
