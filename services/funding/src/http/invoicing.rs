use std::sync::Arc;

use access::{Operator, OrganisationId, SponsorReader};
use axum::extract::State;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Path, Problem};

use crate::fees::invoicing::{self, Buyer, Seller};
use crate::http::App;
use crate::http::internal;
use crate::support::FundAccount;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_seller, set_seller))
        .routes(routes!(get_buyer, set_buyer))
}

/// Who invoices the operator's fee.
#[utoipa::path(get, path = "/funding/v1/invoicing/seller", tag = "funding",
    responses((status = 200, body = Seller), (status = 404, description = "The operator has not said yet who invoices")))]
async fn get_seller(_: SponsorReader, Now(at): Now, State(pool): State<PgPool>) -> Result<Json<Seller>, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let known = invoicing::seller(&mut connection, at).await.map_err(internal)?;
    known
        .map(Json)
        .ok_or_else(|| Problem::not_found("Cette identité de facturation"))
}

/// Says who invoices, and on which account of its own it is paid, for the papers that are issued from now on; those that were issued stay
/// as they are.
#[utoipa::path(put, path = "/funding/v1/invoicing/seller", tag = "funding", request_body = Seller,
    responses((status = 201, body = Seller), (status = 200, description = "It is so already", body = Seller),
        (status = 422, description = "`invoicing-field`")))]
async fn set_seller(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(fund): State<Arc<FundAccount>>,
    Json(new): Json<Seller>,
) -> Result<Created<Seller>, Problem> {
    database::transaction(&pool, "set_seller", |tx| {
        let (who, fund, new) = (who.clone(), Arc::clone(&fund), new.clone());
        Box::pin(async move { invoicing::set_seller(tx, &who, &fund, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// How a sponsor is invoiced.
#[utoipa::path(get, path = "/funding/v1/invoicing/buyers/{sponsor}", tag = "funding",
    params(("sponsor" = uuid::Uuid, Path, description = "The sponsor's organisation")),
    responses((status = 200, body = Buyer)))]
async fn get_buyer(
    who: SponsorReader,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(sponsor): Path<OrganisationId>,
) -> Result<Json<Buyer>, Problem> {
    let own = who.own();
    let unknown = || Problem::not_found("Ce commanditaire");
    if own.is_some_and(|own| own != sponsor) {
        return Err(unknown());
    }
    let mut connection = pool.acquire().await.map_err(internal)?;
    let known = invoicing::buyer(&mut connection, sponsor, at).await.map_err(internal)?;
    known.map(Json).ok_or_else(unknown)
}

/// Says how a sponsor is invoiced, for the papers that are issued from now on.
#[utoipa::path(put, path = "/funding/v1/invoicing/buyers/{sponsor}", tag = "funding", request_body = Buyer,
    params(("sponsor" = uuid::Uuid, Path, description = "The sponsor's organisation")),
    responses((status = 201, body = Buyer), (status = 200, description = "It is so already", body = Buyer),
        (status = 422, description = "`invoicing-field`")))]
async fn set_buyer(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(sponsor): Path<OrganisationId>,
    Json(new): Json<Buyer>,
) -> Result<Created<Buyer>, Problem> {
    database::transaction(&pool, "set_buyer", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { invoicing::set_buyer(tx, &who, sponsor, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}
