use access::{BookletReader, Caller, Role};
use axum::extract::State;
use catalogue::{Programme, ProgrammeId};
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::IntoParams;
use voucher::CoverCode;
use web::{Json, Path, Problem, Query};

use super::internal;
use crate::programmes::admit_prescriber::is_admitted;
use crate::vouchers::find_booklet::{Booklet, NoCover, find_booklet};

/// Which booklet.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CoverQuery {
    /// The code of the cover as it was typed, or the text of its QR code.
    #[param(example = "COUV-1-42-20")]
    cover: String,
}

/// Finds a booklet from the code of its cover, typed or scanned: for the sponsor, the prescribers it admitted, and the operator.
#[utoipa::path(get, path = "/issuer/v1/booklets", tag = "issuer", params(CoverQuery),
    responses((status = 200, body = Booklet), (status = 422, description = "`cover-code`: this is not the code of a cover")))]
pub(super) async fn find(
    who: BookletReader,
    State(pool): State<PgPool>,
    Query(query): Query<CoverQuery>,
) -> Result<Json<Booklet>, Problem> {
    let code = CoverCode::read(&query.cover).map_err(NoCover)?;
    let programme = catalogue::programme_of_series(&pool, code.series())
        .await
        .map_err(internal)?;
    let programme = programme.ok_or_else(not_found)?;
    booklet(&pool, &who, programme, code.booklet()).await
}

/// Finds a booklet from its number in the programme: for the sponsor, the prescribers it admitted, and the operator.
#[utoipa::path(get, path = "/issuer/v1/programmes/{programme}/booklets/{booklet}", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("booklet" = u32, Path, description = "The number on the cover and on each voucher")),
    responses((status = 200, body = Booklet)))]
pub(super) async fn get(
    who: BookletReader,
    State(pool): State<PgPool>,
    Path((programme, number)): Path<(ProgrammeId, u32)>,
) -> Result<Json<Booklet>, Problem> {
    booklet(&pool, &who, programme, number).await
}

async fn booklet(pool: &PgPool, who: &Caller, programme: ProgrammeId, number: u32) -> Result<Json<Booklet>, Problem> {
    let programme = seen(pool, who, programme).await?;
    let mut connection = pool.acquire().await.map_err(internal)?;
    let found = find_booklet(&mut connection, who, &programme, number)
        .await
        .map_err(internal)?;
    found.map(Json).ok_or_else(not_found)
}

/// The programme, for those who may look for its booklets; to all others there is none.
async fn seen(pool: &PgPool, who: &Caller, id: ProgrammeId) -> Result<Programme, Problem> {
    let programme = catalogue::programme(pool, id)
        .await
        .map_err(internal)?
        .ok_or_else(not_found)?;
    let sees = who.has(Role::Operator)
        || programme.sponsor_id == who.organisation()
        || is_admitted(pool, id, who.organisation()).await.map_err(internal)?;
    if sees { Ok(programme) } else { Err(not_found()) }
}

fn not_found() -> Problem {
    Problem::not_found("Ce carnet")
}
