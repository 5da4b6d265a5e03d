use std::sync::Arc;

use access::{ClaimReader, Structure};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use catalogue::ProgrammeId;
use http::HeaderValue;
use http::header::RETRY_AFTER;
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::IntoParams;
use uuid::Uuid;
use web::{Created, Json, Now, Page, PageQuery, Path, Problem, Query, download};

use crate::claims::claim::{BUSY_SECONDS, ClaimError, ClaimPipeline, ClaimRejection, Claimant, NewClaim};
use crate::claims::read_claims::{self, ClaimCursor, Receipt};
use crate::claims::receipt_pdf;
use crate::claims::reverse::{NewReversal, Reversal, reverse};
use crate::{ids::ClaimId, ids::StructureId};

/// Claims vouchers: all of them or none.
///
/// The id is made and stored by the phone before it sends. Sent again with the same content, it gets the same receipt.
#[utoipa::path(post, path = "/redemption/v1/claims", tag = "claims", request_body = NewClaim,
    responses((status = 201, body = Receipt), (status = 200, description = "Claimed before", body = Receipt),
        (status = 403, description = "`structure-suspended`, `structure-not-accredited`"),
        (status = 409, description = "`same-id-other-content`"),
        (status = 422, description = "`forged`, `unreadable`, `unknown`, `not-active`, `already-used-by-you`, `already-used-elsewhere`, \
            `revoked`, `expired`, `mistyped`, `code-unknown`, `cover` (the code of a booklet's cover) (the first bad voucher's reason; `vouchers` lists every bad one), `mixed-programmes` \
            (`programmes` says which positions are whose), `too-many-vouchers`, `no-voucher`, `twice-in-one-claim`, \
            `unknown-service`, `date-out-of-range`, `status-list-from-future`"),
        (status = 429, description = "`too-many-codes`: too many short codes, or too many wrong ones; tokens are claimed all the \
            same. Come again after `Retry-After` seconds, with the same id"),
        (status = 503, description = "`busy`, `unavailable`: come again after `Retry-After` seconds, with the same id")))]
pub(super) async fn create_claim(
    who: Structure,
    Now(at): Now,
    State(pipeline): State<Arc<ClaimPipeline>>,
    Json(new): Json<NewClaim>,
) -> Result<Created<Receipt>, RetryAfter> {
    pipeline
        .claim(Claimant::from(&*who), &new, at)
        .await
        .map_err(RetryAfter::from)
}

/// A problem that says, when it passes by itself, when to come again.
pub(super) struct RetryAfter {
    problem: Problem,
    retry_after_seconds: Option<u32>,
}

impl From<ClaimError> for RetryAfter {
    fn from(error: ClaimError) -> Self {
        let retry_after_seconds = match &error {
            ClaimError::Rejected(ClaimRejection::Busy | ClaimRejection::Unavailable) => Some(BUSY_SECONDS),
            ClaimError::Rejected(ClaimRejection::TooManyCodes { retry_after_seconds }) => Some(*retry_after_seconds),
            _ => None,
        };
        Self {
            problem: error.into(),
            retry_after_seconds,
        }
    }
}

impl IntoResponse for RetryAfter {
    fn into_response(self) -> Response {
        let mut response = self.problem.into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Which claims are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ClaimFilter {
    /// The programme that pays.
    #[param(value_type = Uuid)]
    programme: ProgrammeId,
}

/// A claim, by the phone's id or its own. A structure sees its own claims, the operator all.
#[utoipa::path(get, path = "/redemption/v1/claims/{id}", tag = "claims",
    params(("id" = uuid::Uuid, Path, description = "The phone's id, or the claim's"), ClaimFilter),
    responses((status = 200, body = Receipt)))]
pub(super) async fn get_claim(
    who: ClaimReader,
    State(pool): State<PgPool>,
    Path(id): Path<Uuid>,
    Query(query): Query<ClaimFilter>,
) -> Result<Json<Receipt>, Problem> {
    let structure = who.own().map(StructureId::from);
    read_claims::get(&pool, query.programme, id, structure)
        .await
        .map_err(|error| Problem::internal(&error))?
        .map(Json)
        .ok_or_else(|| Problem::not_found("Cet encaissement"))
}

/// The receipt of a claim for the accounts of a régie (PDF): no voucher is named, and nobody. By the phone's id or its own; a
/// structure has those of its own claims, the operator all.
#[utoipa::path(get, path = "/redemption/v1/claims/{id}/receipt.pdf", tag = "claims",
    params(("id" = uuid::Uuid, Path, description = "The phone's id, or the claim's"), ClaimFilter),
    responses((status = 200, body = String, content_type = "application/pdf")))]
pub(super) async fn get_receipt(
    who: ClaimReader,
    State(pool): State<PgPool>,
    Path(id): Path<Uuid>,
    Query(query): Query<ClaimFilter>,
) -> Result<Response, Problem> {
    let structure = who.own().map(StructureId::from);
    let receipt = read_claims::get(&pool, query.programme, id, structure)
        .await
        .map_err(|error| Problem::internal(&error))?
        .ok_or_else(|| Problem::not_found("Cet encaissement"))?;
    let bytes = receipt_pdf::receipt_pdf(&pool, &receipt)
        .await
        .map_err(|error| Problem::internal(&error))?;
    Ok(download(
        bytes,
        "application/pdf",
        &format!("recu-{}.pdf", receipt.claim_id),
    ))
}

/// A programme's claims in order of time. A structure sees its own claims, the operator all.
#[utoipa::path(get, path = "/redemption/v1/claims", tag = "claims", params(PageQuery::<String, ClaimFilter>),
    responses((status = 200, body = Page<Receipt>)))]
pub(super) async fn list_claims(
    who: ClaimReader,
    State(pool): State<PgPool>,
    page: PageQuery<ClaimCursor, ClaimFilter>,
) -> Result<Json<Page<Receipt>>, Problem> {
    let structure = who.own().map(StructureId::from);
    read_claims::list(&pool, page.filter.programme, structure, page.after, page.limit)
        .await
        .map(Json)
        .map_err(|error| Problem::internal(&error))
}

/// Undoes a claim, once: by the structure that made it, or by the operator.
#[utoipa::path(post, path = "/redemption/v1/programmes/{programme}/claims/{claim}/reversal", tag = "claims",
    request_body = NewReversal,
    params(("programme" = uuid::Uuid, Path, description = "The programme that pays"),
        ("claim" = uuid::Uuid, Path, description = "The claim's own id (`claim_id` of its receipt)")),
    responses((status = 201, body = Reversal), (status = 200, description = "Undone before", body = Reversal),
        (status = 422, description = "`already-reversed`")))]
pub(super) async fn reverse_claim(
    who: ClaimReader,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path((programme, claim)): Path<(ProgrammeId, ClaimId)>,
    Json(new): Json<NewReversal>,
) -> Result<Created<Reversal>, Problem> {
    database::transaction(&pool, "reverse_claim", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { reverse(tx, &who, programme, claim, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}
