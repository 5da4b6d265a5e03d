use access::Prescriber;
use axum::extract::State;
use catalogue::ProgrammeId;
use sqlx::PgPool;
use web::{Created, Json, Now, Path, Problem};

use super::prescribed_programme;
use crate::vouchers::hand_over::{self, HandOver, NewHandOver, NewReplacement};

/// Gives a booklet to one of the prescriber's people. Where the programme does so, this makes it spendable.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/hand-overs", tag = "issuer", request_body = NewHandOver,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = HandOver), (status = 200, description = "Handed over before", body = HandOver)))]
pub(super) async fn hand_over(
    who: Prescriber,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    Json(new): Json<NewHandOver>,
) -> Result<Created<HandOver>, Problem> {
    let programme = prescribed_programme(&pool, &who, id).await?;
    database::transaction(&pool, "hand_over", |tx| {
        let (who, programme) = (who.clone(), programme.clone());
        Box::pin(async move { hand_over::hand_over(tx, &who, &programme, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Gives a new booklet in place of a lost one that was revoked.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/replacements", tag = "issuer", request_body = NewReplacement,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = HandOver), (status = 200, description = "Replaced before", body = HandOver)))]
pub(super) async fn replace(
    who: Prescriber,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    Json(new): Json<NewReplacement>,
) -> Result<Created<HandOver>, Problem> {
    let programme = prescribed_programme(&pool, &who, id).await?;
    database::transaction(&pool, "replace", |tx| {
        let (who, programme) = (who.clone(), programme.clone());
        Box::pin(async move { hand_over::replace(tx, &who, &programme, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}
