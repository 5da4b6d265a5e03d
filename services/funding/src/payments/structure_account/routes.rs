use access::Caller;
use axum::extract::State;
use axum::response::Response;
use ledger::PartyId;
use sqlx::PgPool;
use standards::calendar;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Now, Path, Problem, ProblemBody, download};

use super::{attestation, read};
use crate::programme_end::expiry::App;
use crate::programme_end::expiry::Stationery;

/// Of the papers that are signed.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_attestation))
}

/// What a public structure's régie asks for (PDF): who pays, on what conditions, within how many days, and where its account stands;
/// signed (`PAdES`) where the process has the documents' key. For the structure itself, and for the operator.
#[utoipa::path(get, path = "/funding/v1/structures/{structure}/attestation", tag = "funding",
    params(("structure" = uuid::Uuid, Path, description = "The structure")),
    responses((status = 200, body = String, content_type = "application/pdf"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
async fn get_attestation(
    who: Caller,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(stationery): State<Stationery>,
    Path(structure): Path<PartyId>,
) -> Result<Response, Problem> {
    let on = calendar::paris_date(at);
    let account = read(&pool, &who, structure, on).await?;
    let bytes = attestation(&pool, &stationery, &account, at).await?;
    Ok(download(bytes, "application/pdf", &format!("attestation-{on}.pdf")))
}
