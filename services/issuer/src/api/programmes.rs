use access::{Sponsor, audit};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use catalogue::{NewProgramme, Programme};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use sqlx::PgPool;
use web::{Json, Made, Now, Problem, ProblemBody};

use super::internal;
use crate::{CreateProgrammeError, create_programme, keys};

/// Creates a programme.
#[utoipa::path(post, path = "/v1/programmes", tag = "issuer", request_body = NewProgramme,
    responses((status = 201, body = Programme), (status = 200, description = "Created before", body = Programme),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewProgramme>,
) -> Result<Made<Programme>, Problem> {
    database::transaction(&pool, "create_programme", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move {
            let made = create_programme(tx, who.organisation(), &new, at).await?;
            if let Made::Now(_) = made {
                audit(tx, &who, at, "programme.create", Some(new.id.uuid()), ()).await?;
            }
            Ok::<_, CreateProgrammeError>(made)
        })
    })
    .await
    .map_err(Problem::from)
}

/// The public keys that verify vouchers, as a JWK Set (RFC 7517). `kid` is the 8 hex digits found in tokens.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "issuer",
    responses((status = 200, description = "JWK Set", content_type = "application/jwk-set+json")))]
pub(super) async fn keys(State(pool): State<PgPool>) -> Result<Response, Problem> {
    let keys = keys::jwks(&pool).await.map_err(internal)?;
    let headers = [
        (CONTENT_TYPE, "application/jwk-set+json"),
        (CACHE_CONTROL, "public, max-age=300"),
    ];
    Ok((headers, axum::Json(keys)).into_response())
}
