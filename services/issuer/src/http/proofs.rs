use access::Sponsor;
use axum::extract::State;
use axum::response::Response;
use catalogue::ProgrammeId;
use sqlx::PgPool;
use voucher::Host;
use web::{Created, Json, NoParameters, Now, Path, Problem, download};

use super::own_programme;
use super::prints::in_background;
use crate::ProofId;
use crate::paper::booklets::booklets_pdf;
use crate::paper::proofs::{self, NewProof, Proof};

/// Asks for a proof (bon à tirer) of the settings as they are.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/proofs", tag = "issuer", request_body = NewProof,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = Proof), (status = 200, description = "Made before", body = Proof),
        (status = 422, description = "`no-contact`, `cover-full`, `local-host`, `expired-programme`")))]
pub(super) async fn make(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(host): State<Host>,
    Path(id): Path<ProgrammeId>,
    Json(new): Json<NewProof>,
) -> Result<Created<Proof>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    database::transaction(&pool, "make_proof", |tx| {
        let (who, programme, host) = (who.clone(), programme.clone(), host.clone());
        Box::pin(async move { proofs::make(tx, &who, &programme, &new, &host, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// One proof, and whether it is still up to date.
#[utoipa::path(get, path = "/issuer/v1/programmes/{programme}/proofs/{proof}", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("proof" = uuid::Uuid, Path, description = "The proof")),
    responses((status = 200, body = Proof)))]
pub(super) async fn get(
    who: Sponsor,
    State(pool): State<PgPool>,
    State(host): State<Host>,
    Path((id, proof)): Path<(ProgrammeId, ProofId)>,
) -> Result<Json<Proof>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    let found = database::transaction(&pool, "get_proof", |tx| {
        let (programme, host) = (programme.clone(), host.clone());
        Box::pin(async move { proofs::find(tx, &programme, proof, &host).await })
    });
    Ok(Json(found.await?))
}

/// The proof to be read: the real layout, SPÉCIMEN across, nothing that could be spent. Only while it is up to date.
#[utoipa::path(get, path = "/issuer/v1/programmes/{programme}/proofs/{proof}/proof.pdf", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("proof" = uuid::Uuid, Path, description = "The proof")),
    responses((status = 200, description = "PDF", content_type = "application/pdf"),
        (status = 422, description = "`proof-outdated`")))]
pub(super) async fn pdf(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(host): State<Host>,
    Path((id, proof)): Path<(ProgrammeId, ProofId)>,
) -> Result<Response, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    let paper = database::transaction(&pool, "proof_pdf", |tx| {
        let (programme, host) = (programme.clone(), host.clone());
        Box::pin(async move { proofs::paper(tx, &programme, proof, &host).await })
    })
    .await?;
    let pdf = in_background(move || booklets_pdf(&[paper], at)).await?;
    Ok(download(pdf, "application/pdf", "epreuve.pdf"))
}

/// Approves a proof: from now on, and until a setting changes, booklets may go to a printer.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/proofs/{proof}/approval", tag = "issuer",
    request_body = NoParameters,
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("proof" = uuid::Uuid, Path, description = "The proof")),
    responses((status = 201, body = Proof), (status = 200, description = "Approved before", body = Proof)))]
pub(super) async fn approve(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(host): State<Host>,
    Path((id, proof)): Path<(ProgrammeId, ProofId)>,
    Json(NoParameters {}): Json<NoParameters>,
) -> Result<Created<Proof>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    database::transaction(&pool, "approve_proof", |tx| {
        let (who, programme, host) = (who.clone(), programme.clone(), host.clone());
        Box::pin(async move { proofs::approve(tx, &who, &programme, proof, &host, at).await })
    })
    .await
    .map_err(Problem::from)
}
