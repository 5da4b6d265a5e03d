use std::fmt::Write;

use access::{Caller, Role, Sponsor};
use axum::extract::State;
use axum::response::Response;
use catalogue::ProgrammeId;
use ledger::BatchId;
use sqlx::PgPool;
use web::{Created, CsvFor, Json, Now, Path, Problem, download};

use super::{internal, own_programme, programme};
use crate::batches::batch;
use crate::end::expire::{self, Expiry, NewExpiry};
use crate::vouchers::revoke::{self, NewRevocation, Revocation};
use crate::vouchers::voucher_states::{VoucherCounts, voucher_counts, voucher_states};

/// Blocks a booklet or a voucher for ever.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/revocations", tag = "issuer", request_body = NewRevocation,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = Revocation), (status = 200, description = "Revoked before", body = Revocation)))]
pub(super) async fn revoke(
    who: Caller,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    Json(new): Json<NewRevocation>,
) -> Result<Created<Revocation>, Problem> {
    let programme = programme(&pool, id).await?;
    database::transaction(&pool, "revoke", |tx| {
        let (who, programme) = (who.clone(), programme.clone());
        Box::pin(async move { revoke::revoke(tx, &who, &programme, &new, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// Ends a programme: what was not used goes back to its funders. For its sponsor or the operator.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/expiry", tag = "issuer", request_body = NewExpiry,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 201, body = Expiry), (status = 200, description = "Ended before; swept again", body = Expiry),
        (status = 503, description = "`books-busy`: declared, and to be asked again")))]
pub(super) async fn expire(
    who: Caller,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    Json(new): Json<NewExpiry>,
) -> Result<Created<Expiry>, Problem> {
    let programme = if who.has(Role::Operator) {
        programme(&pool, id).await?
    } else {
        own_programme(&pool, &who, id).await?
    };
    expire::expire(&pool, &who, &programme, &new, at)
        .await
        .map_err(Problem::from)
}

/// How many vouchers of a programme are in each state: for its sponsor, the operator, auditors and funders.
#[utoipa::path(get, path = "/issuer/v1/programmes/{programme}/voucher-states", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 200, body = VoucherCounts)))]
pub(super) async fn counts(
    who: Caller,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
) -> Result<Json<VoucherCounts>, Problem> {
    let sees_all = [Role::Operator, Role::Auditor, Role::Funder]
        .into_iter()
        .any(|role| who.has(role));
    let programme = if sees_all {
        programme(&pool, id).await?
    } else {
        own_programme(&pool, &who, id).await?
    };
    voucher_counts(&pool, programme.id).await.map(Json).map_err(internal)
}

/// Each voucher of a batch with its state.
#[utoipa::path(get, path = "/issuer/v1/programmes/{programme}/batches/{batch}/voucher-states.csv", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("batch" = uuid::Uuid, Path, description = "The batch"), CsvFor),
    responses((status = 200, description = "serial,state", content_type = "text/csv")))]
pub(super) async fn states(
    who: Sponsor,
    State(pool): State<PgPool>,
    Path((id, batch)): Path<(ProgrammeId, BatchId)>,
) -> Result<Response, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    batch::find(&pool, programme.id, batch)
        .await
        .map_err(internal)?
        .ok_or_else(|| Problem::not_found("Ce lot"))?;
    let mut csv = String::from("serial,state\n");
    for (serial, state) in voucher_states(&pool, programme.id, batch).await.map_err(internal)? {
        writeln!(csv, "{serial},{}", state.word()).expect("a String takes every write");
    }
    Ok(download(csv.into_bytes(), "text/csv; charset=utf-8", "etats.csv"))
}
