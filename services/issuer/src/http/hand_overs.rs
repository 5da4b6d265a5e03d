use access::{Prescriber, audit};
use axum::extract::State;
use catalogue::ProgrammeId;
use sqlx::PgPool;
use web::{Created, Json, Now, Path, Problem};

use super::prescribed_programme;
use crate::{
    vouchers::hand_over::HandOver, vouchers::hand_over::HandOverError, vouchers::hand_over::NewHandOver,
    vouchers::hand_over::NewReplacement};

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
        Box::pin(async move {
            let made = crate::vouchers::hand_over::hand_over(tx, who.organisation(), &programme, &new, at).await?;
            if let Created::New(_) = made {
                audit(tx, &who, at, "booklet.hand_over", Some(new.id.uuid()), ()).await?;
            }
            Ok::<_, HandOverError>(made)
        })
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
        Box::pin(async move {
            let made = crate::vouchers::hand_over::replace(tx, who.organisation(), &programme, &new, at).await?;
            if let Created::New(_) = made {
                audit(tx, &who, at, "booklet.replace", Some(new.id.uuid()), new.hand_over_id).await?;
            }
            Ok::<_, HandOverError>(made)
        })
    })
    .await
    .map_err(Problem::from)
}
