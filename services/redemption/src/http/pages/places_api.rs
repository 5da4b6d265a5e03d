use axum::extract::State;
use axum::response::Response;
use sqlx::PgPool;
use web::{Problem, Query};

use super::area_query::AreaQuery;
use super::cached::{Fresh, IfNoneMatch};
use crate::public::places::{self, Area, PublicPlace};

/// The places of a département that accept vouchers; those of the commune or postal code that was asked for come first.
#[utoipa::path(get, path = "/redemption/v1/public/places", tag = "public", security(()), params(AreaQuery),
    responses((status = 200, body = Vec<PublicPlace>),
        (status = 422, description = "`several-communes` with them, `unknown-area`")))]
pub(super) async fn list_places(
    State(pool): State<PgPool>,
    Query(query): Query<AreaQuery>,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let area = query.one()?;
    let mut places = places::in_departement(&pool, area.departement.code)
        .await
        .map_err(|error| Problem::internal(&error))?;
    places.sort_by_key(|place| !is_first(&area, place));
    let json = serde_json::to_vec(&places).expect("plain data");
    Ok(known.answer("application/json", Fresh::Minutes, json))
}

/// Whether a place is where the person said, and not only in the same département.
pub(super) fn is_first(area: &Area, place: &PublicPlace) -> bool {
    let commune = area.commune.is_some_and(|commune| place.is_in(commune.code));
    commune || area.postal_code.as_ref().is_some_and(|code| *code == place.postal_code)
}
