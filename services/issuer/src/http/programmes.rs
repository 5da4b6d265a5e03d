use access::Sponsor;
use axum::extract::State;
use catalogue::{NewProgramme, Programme};
use sqlx::PgPool;
use web::{Created, Json, Now, Problem};

use crate::programmes::create_programme::create_programme;

/// Creates a programme.
#[utoipa::path(post, path = "/issuer/v1/programmes", tag = "issuer", request_body = NewProgramme,
    responses((status = 201, body = Programme), (status = 200, description = "Created before", body = Programme)))]
pub(super) async fn create(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewProgramme>,
) -> Result<Created<Programme>, Problem> {
    database::transaction(&pool, "create_programme", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { create_programme(tx, &who, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}
