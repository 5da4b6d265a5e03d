use axum::extract::State;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Json, Path, Problem};

use crate::{Programme, ProgrammeId, Service};

/// What everybody may read, without a key: what public money is spent on, and how, is no secret, and there is nobody's data in it. Every
/// role of the executable mounts these routes once.
pub fn routes(pool: PgPool) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_services))
        .routes(routes!(list_programmes))
        .routes(routes!(get_programme))
        .with_state(pool)
}

/// The catalogue of services.
#[utoipa::path(get, path = "/catalogue/v1/services", tag = "catalogue", security(()), responses((status = 200, body = Vec<Service>)))]
async fn list_services(State(pool): State<PgPool>) -> Result<Json<Vec<Service>>, Problem> {
    crate::services(&pool)
        .await
        .map(Json)
        .map_err(|error| Problem::internal(&error))
}

/// All programmes.
#[utoipa::path(get, path = "/catalogue/v1/programmes", tag = "catalogue", security(()), responses((status = 200, body = Vec<Programme>)))]
async fn list_programmes(State(pool): State<PgPool>) -> Result<Json<Vec<Programme>>, Problem> {
    crate::programmes(&pool)
        .await
        .map(Json)
        .map_err(|error| Problem::internal(&error))
}

#[utoipa::path(get, path = "/catalogue/v1/programmes/{id}", tag = "catalogue", security(()),
    params(("id" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 200, body = Programme)))]
async fn get_programme(State(pool): State<PgPool>, Path(id): Path<ProgrammeId>) -> Result<Json<Programme>, Problem> {
    crate::programme(&pool, id)
        .await
        .map_err(|error| Problem::internal(&error))?
        .map(Json)
        .ok_or_else(|| Problem::not_found("Ce dispositif"))
}
