use access::{Operator, SponsorReader};
use axum::extract::State;
use axum::response::Response;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Page, PageQuery, Path, Problem, download};

use crate::fees::fee::{self, Fee, FeePayment, NewFee, NewFeePayment};
use crate::http::App;
use crate::http::internal;
use crate::support::ids::FeeId;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(invoice_fee))
        .routes(routes!(list_fees))
        .routes(routes!(get_fee))
        .routes(routes!(get_invoice))
        .routes(routes!(pay_fee, list_fee_payments))
}

/// Invoices the operator's fee for a funded batch, at the rate of its programme's terms: the number and the document are made together.
#[utoipa::path(post, path = "/funding/v1/fees", tag = "funding", request_body = NewFee,
    responses((status = 201, body = Fee), (status = 200, description = "Invoiced before, as it stands", body = Fee),
        (status = 422, description = "`no-fee`, `not-funded`, `already-invoiced`, `fee-order`, `invoice-incomplete`")))]
async fn invoice_fee(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewFee>,
) -> Result<Created<Fee>, Problem> {
    database::transaction(&pool, "invoice_fee", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { fee::invoice(tx, &who, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Invoices of the fee, in order of number; a sponsor sees its own.
#[utoipa::path(get, path = "/funding/v1/fees", tag = "funding", params(PageQuery::<FeeId>),
    responses((status = 200, body = Page<Fee>)))]
async fn list_fees(
    who: SponsorReader,
    State(pool): State<PgPool>,
    page: PageQuery<FeeId>,
) -> Result<Json<Page<Fee>>, Problem> {
    let sponsor = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    let page = fee::list(&mut connection, sponsor, page.after, page.limit).await;
    page.map(Json).map_err(internal)
}

/// An invoice of the fee as it stands.
#[utoipa::path(get, path = "/funding/v1/fees/{id}", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The invoice")),
    responses((status = 200, body = Fee)))]
async fn get_fee(who: SponsorReader, State(pool): State<PgPool>, Path(id): Path<FeeId>) -> Result<Json<Fee>, Problem> {
    seen(&who, &pool, id).await.map(Json)
}

/// An invoice on paper (PDF), as it was made with its number: the same bytes ever after.
#[utoipa::path(get, path = "/funding/v1/fees/{id}/invoice.pdf", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The invoice")),
    responses((status = 200, body = String, content_type = "application/pdf")))]
async fn get_invoice(
    who: SponsorReader,
    State(pool): State<PgPool>,
    Path(id): Path<FeeId>,
) -> Result<Response, Problem> {
    let fee = seen(&who, &pool, id).await?;
    let mut connection = pool.acquire().await.map_err(internal)?;
    let pdf = fee::invoice_pdf(&mut connection, id).await.map_err(internal)?;
    let pdf = pdf.ok_or_else(|| Problem::not_found("Cette facture"))?;
    Ok(download(pdf, "application/pdf", &format!("facture-{}.pdf", fee.number)))
}

/// Writes down what was paid of an invoice, on the operator's own account; below zero, what was given back.
#[utoipa::path(post, path = "/funding/v1/fees/{id}/payments", tag = "funding", request_body = NewFeePayment,
    params(("id" = uuid::Uuid, Path, description = "The invoice")),
    responses((status = 201, body = FeePayment), (status = 200, description = "Written down before", body = FeePayment),
        (status = 422, description = "`fee-payment-amount`, `fee-payment-day`, `fee-payment-words`")))]
async fn pay_fee(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<FeeId>,
    Json(new): Json<NewFeePayment>,
) -> Result<Created<FeePayment>, Problem> {
    database::transaction(&pool, "pay_fee", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { fee::pay(tx, &who, id, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// What was paid of an invoice, by day.
#[utoipa::path(get, path = "/funding/v1/fees/{id}/payments", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The invoice")),
    responses((status = 200, body = Vec<FeePayment>)))]
async fn list_fee_payments(
    who: SponsorReader,
    State(pool): State<PgPool>,
    Path(id): Path<FeeId>,
) -> Result<Json<Vec<FeePayment>>, Problem> {
    seen(&who, &pool, id).await?;
    let mut connection = pool.acquire().await.map_err(internal)?;
    fee::payments(&mut connection, id).await.map(Json).map_err(internal)
}

/// The invoice, for who may read it: operators and auditors any, a sponsor its own.
pub(super) async fn seen(who: &SponsorReader, pool: &PgPool, id: FeeId) -> Result<Fee, Problem> {
    let sponsor = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    let known = fee::read(&mut connection, id).await.map_err(internal)?;
    let seen = known.filter(|fee| sponsor.is_none_or(|sponsor| fee.sponsor_id == sponsor));
    seen.ok_or_else(|| Problem::not_found("Cette facture"))
}
