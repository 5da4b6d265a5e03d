use std::sync::Arc;

use access::{Operator, OperatorOrAuditor};
use axum::extract::State;
use axum::response::Response;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use voucher::EvidenceKeys;
use web::{Created, Json, Now, Page, PageQuery, Path, Problem, detach_from_request, download};

use crate::http::App;
use crate::http::internal;
use crate::payments::settlement::{self, NewSettlement, SettlementLine, SettlementView};
use crate::{payments::payment_file, support::FundAccount, support::ids::SettlementId};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(settle, list_settlements))
        .routes(routes!(get_settlement))
        .routes(routes!(settlement_file))
}

/// Settles a month: one payment a structure; who cannot be paid is held.
#[utoipa::path(post, path = "/funding/v1/settlements", tag = "funding", request_body = NewSettlement,
    responses((status = 201, body = SettlementView), (status = 200, description = "Made before", body = SettlementView),
        (status = 422, description = "`month-not-over`, `execute-on-past`"),
        (status = 503, description = "`settlement-under-way`: one at a time; come again with the same id")))]
async fn settle(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(evidence_keys): State<Arc<EvidenceKeys>>,
    Json(new): Json<NewSettlement>,
) -> Result<Created<SettlementView>, Problem> {
    // A month of a million claims may take longer than a request.
    let made = detach_from_request(async move {
        database::transaction(&pool, "settle", |tx| {
            let (who, keys) = (who.clone(), Arc::clone(&evidence_keys));
            Box::pin(async move { settlement::settle(tx, &who, new, &keys, at).await })
        })
        .await
    });
    made.await?.map_err(Problem::from)
}

/// The settlements, newest first: those that wait for approval say so.
#[utoipa::path(get, path = "/funding/v1/settlements", tag = "funding", params(PageQuery::<SettlementId>),
    responses((status = 200, body = Page<SettlementLine>)))]
async fn list_settlements(
    _: OperatorOrAuditor,
    State(pool): State<PgPool>,
    page: PageQuery<SettlementId>,
) -> Result<Json<Page<SettlementLine>>, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let page = settlement::list(&mut connection, page.after, page.limit).await;
    page.map(Json).map_err(internal)
}

/// A settlement as it stands.
#[utoipa::path(get, path = "/funding/v1/settlements/{id}", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The settlement")),
    responses((status = 200, body = SettlementView)))]
async fn get_settlement(
    _: Operator,
    State(pool): State<PgPool>,
    Path(id): Path<SettlementId>,
) -> Result<Json<SettlementView>, Problem> {
    let internal = |error: sqlx::Error| Problem::internal(&error);
    let mut connection = pool.acquire().await.map_err(internal)?;
    let view = settlement::read(&mut connection, id).await.map_err(internal)?;
    view.map(Json).ok_or_else(|| Problem::not_found("Ce contre-paiement"))
}

/// The payment file of a settlement for the bank (pain.001.001.09).
#[utoipa::path(get, path = "/funding/v1/settlements/{id}/pain.001.xml", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The settlement")),
    responses((status = 200, body = String, content_type = "application/xml"),
        (status = 409, description = "`approval-waiting`"),
        (status = 422, description = "`no-payment`, `payment-order-rejected`")))]
async fn settlement_file(
    _: Operator,
    State(pool): State<PgPool>,
    State(fund): State<Arc<FundAccount>>,
    Path(id): Path<SettlementId>,
) -> Result<Response, Problem> {
    let (name, bytes) = payment_file::settlement(&pool, &fund, id).await?;
    Ok(download(bytes, "application/xml", &format!("{name}.pain.001.xml")))
}
