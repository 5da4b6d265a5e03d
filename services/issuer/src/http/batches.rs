use access::{Caller, Role, Sponsor};
use axum::extract::State;
use catalogue::{Programme, ProgrammeId};
use ledger::BatchId;
use sqlx::PgPool;
use web::{Created, Json, NoParameters, Now, Page, PageQuery, Path, Problem};

use super::{internal, own_programme, prescribed_programme, programme};
use crate::batches::batch::{self, Batch};
use crate::batches::cancel::{self, NewCancellation};
use crate::batches::order::{self, NewOrder};
use crate::batches::{activate, fund, mint};
use crate::keys::voucher_keys::VoucherKeys;

/// Orders booklets.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/orders", tag = "issuer", request_body = NewOrder,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = Batch), (status = 200, description = "Ordered before", body = Batch)))]
pub(super) async fn order(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    Json(new): Json<NewOrder>,
) -> Result<Created<Batch>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    database::transaction(&pool, "order", |tx| {
        let (who, programme) = (who.clone(), programme.clone());
        Box::pin(async move { order::order(tx, &who, &programme, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// The batches of a programme: for its sponsor, for the prescribers it admitted, the operator and auditors.
#[utoipa::path(get, path = "/issuer/v1/programmes/{programme}/batches", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), PageQuery::<BatchId>),
    responses((status = 200, body = Page<Batch>)))]
pub(super) async fn list(
    who: Caller,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    page: PageQuery<BatchId>,
) -> Result<Json<Page<Batch>>, Problem> {
    let programme = visible(&pool, &who, id).await?;
    let batches = batch::list(&pool, programme.id, page.after, page.limit).await;
    batches.map(Json).map_err(internal)
}

#[utoipa::path(get, path = "/issuer/v1/programmes/{programme}/batches/{batch}", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("batch" = uuid::Uuid, Path, description = "The batch")),
    responses((status = 200, body = Batch)))]
pub(super) async fn get(
    who: Caller,
    State(pool): State<PgPool>,
    Path((id, batch)): Path<(ProgrammeId, BatchId)>,
) -> Result<Json<Batch>, Problem> {
    let programme = visible(&pool, &who, id).await?;
    let row = batch::find(&pool, programme.id, batch).await.map_err(internal)?;
    row.map(|row| Json(row.view()))
        .ok_or_else(|| Problem::not_found("Ce lot"))
}

async fn visible(pool: &PgPool, who: &Caller, id: ProgrammeId) -> Result<Programme, Problem> {
    let programme = programme(pool, id).await?;
    let sees_all = [Role::Operator, Role::Auditor].into_iter().any(|role| who.has(role));
    if sees_all || programme.sponsor_id == who.organisation() {
        Ok(programme)
    } else {
        prescribed_programme(pool, who, id).await
    }
}

/// Mints the vouchers of a batch; goes on where an earlier request stopped.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/batches/{batch}/mint", tag = "issuer", request_body = NoParameters,
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("batch" = uuid::Uuid, Path, description = "The batch")),
    responses((status = 200, body = Batch)))]
pub(super) async fn mint(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(keys): State<VoucherKeys>,
    Path((id, batch)): Path<(ProgrammeId, BatchId)>,
    Json(NoParameters {}): Json<NoParameters>,
) -> Result<Json<Batch>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    mint::mint(&pool, &who, &programme, batch, &keys, at)
        .await
        .map(Json)
        .map_err(Problem::from)
}

/// Reserves the money of a batch, or says what is missing.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/batches/{batch}/funding", tag = "issuer", request_body = NoParameters,
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("batch" = uuid::Uuid, Path, description = "The batch")),
    responses((status = 201, body = Batch), (status = 200, description = "Funded before", body = Batch),
        (status = 422, description = "`not-funded`, with `shortfalls`")))]
pub(super) async fn fund(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path((id, batch)): Path<(ProgrammeId, BatchId)>,
    Json(NoParameters {}): Json<NoParameters>,
) -> Result<Created<Batch>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    database::transaction(&pool, "fund", |tx| {
        let (who, programme) = (who.clone(), programme.clone());
        Box::pin(async move { fund::fund(tx, &who, &programme, batch, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Makes a whole batch spendable, where the programme does so.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/batches/{batch}/activation", tag = "issuer", request_body = NoParameters,
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("batch" = uuid::Uuid, Path, description = "The batch")),
    responses((status = 201, body = Batch), (status = 200, description = "Activated before", body = Batch)))]
pub(super) async fn activate(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path((id, batch)): Path<(ProgrammeId, BatchId)>,
    Json(NoParameters {}): Json<NoParameters>,
) -> Result<Created<Batch>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    activate::activate(&pool, &who, &programme, batch, at)
        .await
        .map_err(Problem::from)
}

/// Gives up a batch of which nothing was handed over.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/batches/{batch}/cancellation", tag = "issuer", request_body = NewCancellation,
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("batch" = uuid::Uuid, Path, description = "The batch")),
    responses((status = 201, body = Batch), (status = 200, description = "Cancelled before", body = Batch)))]
pub(super) async fn cancel(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path((id, batch)): Path<(ProgrammeId, BatchId)>,
    Json(new): Json<NewCancellation>,
) -> Result<Created<Batch>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    database::transaction(&pool, "cancel", |tx| {
        let (who, programme, new) = (who.clone(), programme.clone(), new.clone());
        Box::pin(async move { cancel::cancel(tx, &who, &programme, batch, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}
