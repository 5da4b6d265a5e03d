use axum::extract::State;
use axum::response::Response;
use sqlx::PgPool;
use web::{Path, Problem};

use super::cached::{Fresh, IfNoneMatch};
use crate::public::series::{SeriesFacts, facts};

/// Programme, sponsor, printed date and territory of a series.
#[utoipa::path(get, path = "/redemption/v1/public/series/{series}", tag = "public", security(()),
    params(("series" = u16, Path, description = "As in the token")),
    responses((status = 200, body = SeriesFacts)))]
pub(super) async fn get_series(
    State(pool): State<PgPool>,
    Path(series): Path<u16>,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let facts = facts(&pool, series).await.map_err(|error| Problem::internal(&error))?;
    let facts = facts.ok_or_else(|| Problem::not_found("Cette série"))?;
    let json = serde_json::to_vec(&facts).expect("plain data");
    Ok(known.answer("application/json", Fresh::Minutes, json))
}
