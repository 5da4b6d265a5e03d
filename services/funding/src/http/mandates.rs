use access::{FunderReader, Operator, OrganisationId};
use axum::extract::State;
use serde::Deserialize;
use sqlx::PgPool;
use standards::calendar;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Page, PageQuery, Path, Problem};

use crate::contributions::mandate::{self, Mandate, MandateAgeing, MandateState, NewMandate, NewMandateCancellation};
use crate::http::App;
use crate::http::internal;
use crate::support::ids::MandateId;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(accept_mandate))
        .routes(routes!(list_mandates))
        .routes(routes!(mandate_ageing))
        .routes(routes!(get_mandate))
        .routes(routes!(cancel_mandate))
}

/// Accepts a public accountant's mandate as money, where the programme allows it.
#[utoipa::path(post, path = "/funding/v1/mandates", tag = "funding", request_body = NewMandate,
    responses((status = 201, body = Mandate),
        (status = 200, description = "Accepted before, as it stands", body = Mandate),
        (status = 422, description = "`mandate-not-allowed`, `mandate-above`, `mandate-number-taken`, `mandate-field`")))]
async fn accept_mandate(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewMandate>,
) -> Result<Created<Mandate>, Problem> {
    database::transaction(&pool, "accept_mandate", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { mandate::accept(tx, &who, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct MandateFilter {
    /// All states when absent.
    state: Option<MandateState>,
}

/// Mandates; a funder sees its own.
#[utoipa::path(get, path = "/funding/v1/mandates", tag = "funding", params(PageQuery::<MandateId, MandateFilter>),
    responses((status = 200, body = Page<Mandate>)))]
async fn list_mandates(
    who: FunderReader,
    State(pool): State<PgPool>,
    page: PageQuery<MandateId, MandateFilter>,
) -> Result<Json<Page<Mandate>>, Problem> {
    let funder = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    let page = mandate::list(&mut connection, page.filter.state, funder, page.after, page.limit).await;
    page.map(Json).map_err(internal)
}

/// Mandates whose money is awaited, by age: 0–7, 8–30, 31–90 and more than 90 days.
#[utoipa::path(get, path = "/funding/v1/mandates/ageing", tag = "funding",
    responses((status = 200, body = MandateAgeing)))]
async fn mandate_ageing(
    who: FunderReader,
    Now(at): Now,
    State(pool): State<PgPool>,
) -> Result<Json<MandateAgeing>, Problem> {
    let funder = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    let ageing = mandate::ageing(&mut connection, calendar::paris_date(at), funder).await;
    ageing.map(Json).map_err(internal)
}

/// A mandate as it stands.
#[utoipa::path(get, path = "/funding/v1/mandates/{id}", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The mandate")),
    responses((status = 200, body = Mandate)))]
async fn get_mandate(
    who: FunderReader,
    State(pool): State<PgPool>,
    Path(id): Path<MandateId>,
) -> Result<Json<Mandate>, Problem> {
    let funder: Option<OrganisationId> = who.own();
    let mut connection = pool.acquire().await.map_err(internal)?;
    let known = mandate::read(&mut connection, id).await.map_err(internal)?;
    let seen = known.filter(|mandate| funder.is_none_or(|funder| mandate.funder_id == funder));
    seen.map(Json).ok_or_else(|| Problem::not_found("Ce mandat"))
}

/// Takes off what a mandate still awaits, as long as the money that it stood for is free.
#[utoipa::path(post, path = "/funding/v1/mandates/{id}/cancellation", tag = "funding", request_body = NewMandateCancellation,
    params(("id" = uuid::Uuid, Path, description = "The mandate")),
    responses((status = 201, body = Mandate), (status = 200, description = "Cancelled so before", body = Mandate),
        (status = 422, description = "`mandate-used`, `mandate-received`, `mandate-reason`")))]
async fn cancel_mandate(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<MandateId>,
    Json(new): Json<NewMandateCancellation>,
) -> Result<Created<Mandate>, Problem> {
    database::transaction(&pool, "cancel_mandate", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { mandate::cancel(tx, &who, id, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}
