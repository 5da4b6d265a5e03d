use std::sync::Arc;

use access::{FunderReader, Operator};
use axum::extract::State;
use axum::response::Response;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Page, PageQuery, Path, Problem, download};

use crate::http::App;
use crate::http::internal;
use crate::payments::refund::{self, NewRefund, Refund, RefundScope};
use crate::{payments::payment_file, support::FundAccount, support::ids::RefundId};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(give_back, list_refunds))
        .routes(routes!(get_refund))
        .routes(routes!(refund_file))
}

/// Gives back what a programme owes a funder, by a payment file or as the funder's free money; or a part of its free money, by a
/// payment file. Above the amount in force, a payment file waits for another person.
#[utoipa::path(post, path = "/funding/v1/refunds", tag = "funding", request_body = NewRefund,
    responses((status = 201, body = Refund), (status = 200, description = "Given back before", body = Refund),
        (status = 422, description = "`nothing-to-refund`, `refund-amount`, `refund-method`, `refund-too-large`, `execute-on-past`, `true-up-due`, `money-awaited`, `bank-short`")))]
async fn give_back(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewRefund>,
) -> Result<Created<Refund>, Problem> {
    database::transaction(&pool, "refund", |tx| {
        let who = who.clone();
        Box::pin(async move { refund::refund(tx, &who, new, RefundScope::OwedBack, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// The refunds, newest first: those that wait for approval say so. A funder sees its own.
#[utoipa::path(get, path = "/funding/v1/refunds", tag = "funding", params(PageQuery::<RefundId>),
    responses((status = 200, body = Page<Refund>)))]
async fn list_refunds(
    who: FunderReader,
    State(pool): State<PgPool>,
    page: PageQuery<RefundId>,
) -> Result<Json<Page<Refund>>, Problem> {
    let funder = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    let page = refund::list(&mut connection, funder, page.after, page.limit).await;
    page.map(Json).map_err(internal)
}

/// A refund as it stands. A funder sees its own.
#[utoipa::path(get, path = "/funding/v1/refunds/{id}", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The refund")),
    responses((status = 200, body = Refund)))]
async fn get_refund(
    who: FunderReader,
    State(pool): State<PgPool>,
    Path(id): Path<RefundId>,
) -> Result<Json<Refund>, Problem> {
    let funder = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    let refund = refund::read(&mut connection, id).await.map_err(internal)?;
    refund
        .filter(|refund| funder.is_none_or(|funder| refund.funder_id == funder))
        .map(Json)
        .ok_or_else(|| Problem::not_found("Ce remboursement"))
}

/// The payment file of a refund for the bank (pain.001.001.09).
#[utoipa::path(get, path = "/funding/v1/refunds/{id}/pain.001.xml", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The refund")),
    responses((status = 200, body = String, content_type = "application/xml"),
        (status = 409, description = "`approval-waiting`"),
        (status = 422, description = "`no-payment`, `payment-order-rejected`")))]
async fn refund_file(
    _: Operator,
    State(pool): State<PgPool>,
    State(fund): State<Arc<FundAccount>>,
    Path(id): Path<RefundId>,
) -> Result<Response, Problem> {
    let (name, bytes) = payment_file::refund(&pool, &fund, id).await?;
    Ok(download(bytes, "application/xml", &format!("{name}.pain.001.xml")))
}
