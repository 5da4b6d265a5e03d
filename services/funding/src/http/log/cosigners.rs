use access::{Cosigner, FunderReader};
use axum::extract::State;
use ledger::seal::cosigners;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Path, Problem};

use crate::http::App;
use crate::http::log::internal;
use crate::log::cosigners::{self as keys, CosignatureView, NewCosignature, NewCosigner, NewRetirement};
use crate::log::view::CosignerView;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, register))
        .routes(routes!(cosign))
        .routes(routes!(retire))
}

/// Whose keys are believed, and those that were.
#[utoipa::path(get, path = "/funding/v1/cosigners", tag = "log",
    responses((status = 200, body = Vec<CosignerView>)))]
async fn list(_: FunderReader, State(pool): State<PgPool>) -> Result<Json<Vec<CosignerView>>, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let all = cosigners(&mut connection).await.map_err(internal)?;
    Ok(Json(all.into_iter().map(CosignerView::from).collect()))
}

/// Registers a key that co-signs: a funder or an auditor its own, the operator anybody's.
#[utoipa::path(post, path = "/funding/v1/cosigners", tag = "log", request_body = NewCosigner,
    responses((status = 201, body = CosignerView),
        (status = 200, description = "Registered before", body = CosignerView),
        (status = 409, description = "The key is another organisation's"),
        (status = 422, description = "`not-a-key`, `too-many-keys`, `cosigner-retired`")))]
async fn register(
    who: Cosigner,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewCosigner>,
) -> Result<Created<CosignerView>, Problem> {
    database::transaction(&pool, "register_cosigner", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { keys::register(tx, &who, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Puts a co-signature below a checkpoint, or below the checkpoint of a close. It is served with it from then on.
#[utoipa::path(post, path = "/funding/v1/checkpoints/{size}/cosignatures", tag = "log", request_body = NewCosignature,
    params(("size" = u64, Path, description = "Leaves of the checkpoint")),
    responses((status = 201, body = CosignatureView),
        (status = 200, description = "Taken before", body = CosignatureView),
        (status = 422, description = "`not-a-line`, `not-cosigned`, `cosigner-retired`")))]
async fn cosign(
    who: Cosigner,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(size): Path<u64>,
    Json(new): Json<NewCosignature>,
) -> Result<Created<CosignatureView>, Problem> {
    database::transaction(&pool, "cosign", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { keys::cosign(tx, &who, size, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Retires a key that co-signs: a funder or an auditor its own, the operator anybody's. From then on its lines are refused; what it signed
/// before stays good, and shown. There is no way back: who co-signs again registers another key.
#[utoipa::path(post, path = "/funding/v1/cosigners/retirements", tag = "log", request_body = NewRetirement,
    responses((status = 201, body = CosignerView),
        (status = 200, description = "Retired before, for the same reason", body = CosignerView),
        (status = 409, description = "`cosigner-retired-otherwise`"),
        (status = 422, description = "`not-a-key`, `retirement-reason`, `retired-in-the-past`")))]
async fn retire(
    who: Cosigner,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewRetirement>,
) -> Result<Created<CosignerView>, Problem> {
    database::transaction(&pool, "retire_cosigner", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { keys::retire(tx, &who, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}
