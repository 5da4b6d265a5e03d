use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Clock, Created, Json, Now, Path, Problem};

use crate::organisation::{self, NewOrganisation, Organisation};
use crate::{ApiKey, KeyId, Operator, OrganisationId, Secret, api_key, audit};

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
        Box::pin(async move {
            let made = organisation::create(tx, &new, at).await?;
            if let Created::New(_) = made {
                audit(tx, &who, at, "organisation.create", Some(new.id.uuid()), &new.roles).await?;
            }
            Ok::<_, organisation::CreateError>(made)
        })
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
        Box::pin(async move {
            let inserted = api_key::insert(tx, new.id, organisation, &secret, at).await?;
            let known = sqlx::query!(
                "select organisation_id, created_at from access.api_key where id = $1",
                new.id.uuid()
            )
            .fetch_one(&mut **tx)
            .await?;
            if known.organisation_id != organisation.uuid() {
                return Err(CreateKeyError::SameIdOtherContent);
            }
            let key = |secret| ApiKey {
                id: new.id,
                organisation_id: organisation,
                created_at: known.created_at,
                secret};
            if !inserted {
                return Ok(Created::Existing(key(None)));
            }
            audit(tx, &who, at, "api_key.create", Some(new.id.uuid()), ()).await?;
            Ok(Created::New(key(Some(secret.reveal().to_owned()))))
        })
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
    let known = database::transaction(&pool, "revoke_api_key", |tx| {
        let who = who.clone();
        Box::pin(async move {
            let known = sqlx::query!(
                "update access.api_key set revoked_at = coalesce(revoked_at, $2) where id = $1",
                key.uuid(),
                at
            )
            .execute(&mut **tx)
            .await?
            .rows_affected()
                == 1;
            if known {
                audit(tx, &who, at, "api_key.revoke", Some(key.uuid()), ()).await?;
            }
            Ok::<_, sqlx::Error>(known)
        })
    })
    .await
    .map_err(|error| Problem::internal(&error))?;
    if known {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("Cette clé"))
    }
}

#[derive(Debug, thiserror::Error)]
enum CreateKeyError {
    #[error("same id, other content")]
    SameIdOtherContent,
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<CreateKeyError> for Problem {
    fn from(error: CreateKeyError) -> Self {
        match error {
            CreateKeyError::SameIdOtherContent => Self::same_id_other_content(),
            CreateKeyError::Database(error) if database::is_constraint(&error, "api_key_organisation") => {
                Self::not_found("Cette organisation")
            }
            CreateKeyError::Database(error) => Self::internal(&error),
        }
    }
}
