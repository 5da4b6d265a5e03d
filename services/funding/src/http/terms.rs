use access::Operator;
use axum::extract::State;
use catalogue::{FundingTerms, ProgrammeId};
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Path, Problem};

use crate::http::App;
use crate::http::internal;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_terms, set_terms))
}

/// How a programme is funded: whether mandates count as money, the operator's fee, reminders of calls.
#[utoipa::path(get, path = "/funding/v1/programmes/{programme}/funding-terms", tag = "funding",
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 200, body = FundingTerms)))]
async fn get_terms(
    _: access::Caller,
    State(pool): State<PgPool>,
    Path(programme): Path<ProgrammeId>,
) -> Result<Json<FundingTerms>, Problem> {
    let known = catalogue::programme(&pool, programme).await.map_err(internal)?;
    known.ok_or_else(|| Problem::not_found("Ce dispositif"))?;
    let terms = catalogue::funding_terms(&pool, programme).await;
    terms.map(Json).map_err(internal)
}

/// Sets how a programme is funded, from now on.
#[utoipa::path(put, path = "/funding/v1/programmes/{programme}/funding-terms", tag = "funding", request_body = FundingTerms,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = FundingTerms), (status = 200, description = "So already", body = FundingTerms),
        (status = 422, description = "`funding-terms`")))]
async fn set_terms(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(programme): Path<ProgrammeId>,
    Json(new): Json<FundingTerms>,
) -> Result<Created<FundingTerms>, Problem> {
    database::transaction(&pool, "set_funding_terms", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { catalogue::set_funding_terms(tx, &who, programme, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}
