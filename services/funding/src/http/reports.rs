use access::ReportReader;
use axum::extract::State;
use axum::response::Response;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{CsvFor, Json, Problem, Query, download};

use crate::controls::invariants::{self, Invariants};
use crate::http::App;
use crate::reports::waterfall::{self, Waterfall, WaterfallFilter};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_waterfall))
        .routes(routes!(waterfall_csv))
        .routes(routes!(get_invariants))
}

/// The waterfall: per funder and programme, from announced to returned.
#[utoipa::path(get, path = "/funding/v1/waterfall", tag = "funding", params(WaterfallFilter),
    responses((status = 200, body = Waterfall)))]
async fn get_waterfall(
    who: ReportReader,
    State(pool): State<PgPool>,
    Query(asked): Query<WaterfallFilter>,
) -> Result<Json<Waterfall>, Problem> {
    Ok(Json(waterfall::waterfall(&pool, &who, asked).await?))
}

/// The waterfall's rows as CSV, with the same figures.
#[utoipa::path(get, path = "/funding/v1/waterfall.csv", tag = "funding", params(WaterfallFilter, CsvFor),
    responses((status = 200, body = String, content_type = "text/csv")))]
async fn waterfall_csv(
    who: ReportReader,
    State(pool): State<PgPool>,
    Query(asked): Query<WaterfallFilter>,
) -> Result<Response, Problem> {
    let waterfall = waterfall::waterfall(&pool, &who, asked).await?;
    let bytes = waterfall::csv(&waterfall).map_err(|error| Problem::internal(&error))?;
    Ok(download(bytes, "text/csv; charset=utf-8", "waterfall.csv"))
}

/// The invariants that hold to the cent, each with both its sides: all of them for operators and auditors; for funders and
/// sponsors those of the fund, their own and their programmes'. `all_hold` speaks for all.
#[utoipa::path(get, path = "/funding/v1/invariants", tag = "funding",
    responses((status = 200, body = Invariants)))]
async fn get_invariants(who: ReportReader, State(pool): State<PgPool>) -> Result<Json<Invariants>, Problem> {
    invariants::invariants(&pool, &who)
        .await
        .map(Json)
        .map_err(|error| Problem::internal(&error))
}
