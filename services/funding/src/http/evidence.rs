use access::Caller;
use axum::extract::State;
use axum::response::Response;
use ledger::PartyId;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Now, Path, Problem};

use crate::http::App;
use crate::http::downloads::{self, Downloads};
use crate::reports::evidence;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(structure_evidence))
}

/// Evidence for a structure, should the operator fail: a ZIP of its claims and payments, each with its proof, that public keys alone
/// verify (`ccn verify evidence`). For the structure itself, operators and auditors.
#[utoipa::path(get, path = "/funding/v1/structures/{id}/evidence", tag = "log",
    params(("id" = uuid::Uuid, Path, description = "The structure")),
    responses((status = 200, body = String, content_type = "application/zip"),
        (status = 429, description = "`too-many-downloads`: two at a time")))]
async fn structure_evidence(
    who: Caller,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(downloads): State<Downloads>,
    Path(id): Path<PartyId>,
) -> Result<Response, Problem> {
    let slot = downloads.slot(&who)?;
    let bundle = evidence::bundle(&pool, &who, id, at).await?;
    let body = downloads::body("evidence", slot, |chunks| async move {
        Box::pin(bundle.write(&pool, &chunks)).await
    });
    let body = body.map_err(|error| Problem::internal(&error))?;
    Ok(downloads::download(
        body,
        "application/zip",
        &format!("preuves-{id}.zip"),
    ))
}
