use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Clock, Created, Json, Now, Path, Problem};

use crate::organisation::{self, NewOrganisation, Organisation};
use crate::{ApiKey, KeyId, Operator, OrganisationId, Secret, api_key};

/// What these routes need.
#[derive(Debug, Clone, axum::extract::FromRef)]
struct App {
    pool: PgPool,
    clock: Clock,
}

/// Organisations and their keys. Every role of the executable mounts them once.
pub fn routes(pool: PgPool, clock: Clock) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create_organisation))
        .routes(routes!(create_key))
        .routes(routes!(revoke_key))
        .with_state(App { pool, clock })
}

/// Creates an organisation.
#[utoipa::path(post, path = "/issuer/v1/organisations", tag = "access", request_body = NewOrganisation,
    responses((status = 201, body = Organisation),
        (status = 200, description = "Created before", body = Organisation)))]
async fn create_organisation(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewOrganisation>,
) -> Result<Created<Organisation>, Problem> {
    database::transaction(&pool, "create_organisation", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { organisation::create_by(tx, &who, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// A key to be made.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewKey {
    /// Made by the caller.
    id: KeyId,
}

/// Makes an API key for an organisation. The secret is in the first answer only.
#[utoipa::path(post, path = "/issuer/v1/organisations/{id}/api-keys", tag = "access", request_body = NewKey,
    params(("id" = uuid::Uuid, Path, description = "The organisation")),
    responses((status = 201, body = ApiKey),
        (status = 200, description = "Made before; without its secret", body = ApiKey)))]
async fn create_key(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(organisation): Path<OrganisationId>,
    Json(new): Json<NewKey>,
) -> Result<Created<ApiKey>, Problem> {
    let secret = Secret::generate().map_err(|error| Problem::internal(&std::io::Error::other(error)))?;
    database::transaction(&pool, "create_api_key", |tx| {
        let (who, secret) = (who.clone(), secret.clone());
        Box::pin(async move { api_key::create(tx, &who, new.id, organisation, &secret, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Revokes an API key at once; repeating it changes nothing.
#[utoipa::path(delete, path = "/issuer/v1/api-keys/{id}", tag = "access",
    params(("id" = uuid::Uuid, Path, description = "The key")),
    responses((status = 204)))]
async fn revoke_key(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(key): Path<KeyId>,
) -> Result<StatusCode, Problem> {
    database::transaction(&pool, "revoke_api_key", |tx| {
        let who = who.clone();
        Box::pin(async move { api_key::revoke(tx, &who, key, at).await })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
