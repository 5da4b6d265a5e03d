use access::{Operator, SponsorReader};
use axum::extract::State;
use axum::response::Response;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Path, Problem, download};

use crate::fees::fee::{self, CreditNote, NewCreditNote};
use crate::http::App;
use crate::http::fees::seen;
use crate::http::internal;
use crate::{support::ids::CreditNoteId, support::ids::FeeId};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(credit_fee, list_credit_notes))
        .routes(routes!(get_credit_note))
        .routes(routes!(get_credit_note_pdf))
}

/// Credits an invoice of the fee, whole or by lines: the number and the document are made together.
#[utoipa::path(post, path = "/funding/v1/fees/{id}/credit-notes", tag = "funding", request_body = NewCreditNote,
    params(("id" = uuid::Uuid, Path, description = "The invoice")),
    responses((status = 201, body = CreditNote), (status = 200, description = "Credited before", body = CreditNote),
        (status = 422, description = "`above-invoice`, `above-owed`, `credit-words`, `credit-lines`, `invoice-incomplete`")))]
async fn credit_fee(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<FeeId>,
    Json(new): Json<NewCreditNote>,
) -> Result<Created<CreditNote>, Problem> {
    database::transaction(&pool, "credit_fee", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { fee::credit(tx, &who, id, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Credit notes of an invoice, in order of number.
#[utoipa::path(get, path = "/funding/v1/fees/{id}/credit-notes", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The invoice")),
    responses((status = 200, body = Vec<CreditNote>)))]
async fn list_credit_notes(
    who: SponsorReader,
    State(pool): State<PgPool>,
    Path(id): Path<FeeId>,
) -> Result<Json<Vec<CreditNote>>, Problem> {
    seen(&who, &pool, id).await?;
    let mut connection = pool.acquire().await.map_err(internal)?;
    fee::notes(&mut connection, id).await.map(Json).map_err(internal)
}

#[utoipa::path(get, path = "/funding/v1/credit-notes/{id}", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The credit note")),
    responses((status = 200, body = CreditNote)))]
async fn get_credit_note(
    who: SponsorReader,
    State(pool): State<PgPool>,
    Path(id): Path<CreditNoteId>,
) -> Result<Json<CreditNote>, Problem> {
    note(&who, &pool, id).await.map(Json)
}

/// A credit note on paper (PDF), as it was made with its number: the same bytes ever after.
#[utoipa::path(get, path = "/funding/v1/credit-notes/{id}/credit-note.pdf", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The credit note")),
    responses((status = 200, body = String, content_type = "application/pdf")))]
async fn get_credit_note_pdf(
    who: SponsorReader,
    State(pool): State<PgPool>,
    Path(id): Path<CreditNoteId>,
) -> Result<Response, Problem> {
    let note = note(&who, &pool, id).await?;
    let mut connection = pool.acquire().await.map_err(internal)?;
    let pdf = fee::credit_note_pdf(&mut connection, id).await.map_err(internal)?;
    let pdf = pdf.ok_or_else(|| Problem::not_found("Cet avoir"))?;
    Ok(download(pdf, "application/pdf", &format!("avoir-{}.pdf", note.number)))
}

async fn note(who: &SponsorReader, pool: &PgPool, id: CreditNoteId) -> Result<CreditNote, Problem> {
    let unknown = || Problem::not_found("Cet avoir");
    let mut connection = pool.acquire().await.map_err(internal)?;
    let known = fee::note(&mut connection, id).await.map_err(internal)?;
    drop(connection);
    let note = known.ok_or_else(unknown)?;
    seen(who, pool, note.fee_id).await?;
    Ok(note)
}
