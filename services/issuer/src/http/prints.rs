use std::sync::Arc;

use access::{Caller, Sponsor};
use axum::extract::State;
use axum::response::Response;
use catalogue::{Programme, ProgrammeId};
use chrono::{DateTime, Utc};
use ledger::BatchId;
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::{IntoParams, ToSchema};
use web::{CsvFor, Json, Now, Path, Problem, Query, download};

use super::own_programme;
use crate::PrintId;
use crate::paper::booklets::{PaperFormat, booklets_pdf};
use crate::paper::in_vain::{Acceptable, Accepted};
use crate::paper::logos::LogoInk;
use crate::paper::print::{self, Booklets, Press, PrintError, ReprintReason, RunPart, ToPrint};

/// Which booklets.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RangeQuery {
    /// First booklet; 1 when absent.
    from: Option<u32>,
    /// Last booklet; the batch's last one when absent.
    to: Option<u32>,
    /// Ten vouchers a page, or four in large print.
    #[serde(default)]
    format: PaperFormat,
    /// In grey, or in colour.
    #[serde(default)]
    logos: LogoInk,
    /// Why booklets that were printed before are printed again.
    reason: Option<ReprintReason>,
    /// What would be printed in vain, and is wanted all the same: `local_host`, `expired_programme`, or both with a comma.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "local_host")]
    accept: Accepted,
}

/// What is taken by name.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AcceptQuery {
    /// What would be printed in vain, and is wanted all the same: `local_host`, `expired_programme`, or both with a comma.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "local_host")]
    accept: Accepted,
}

/// What goes to the printer together.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPrintRun {
    /// In the order of the pages.
    parts: Vec<PrintPart>,
    /// What would be printed in vain, and is wanted all the same.
    #[serde(default)]
    #[schema(value_type = Vec<Acceptable>)]
    accept: Accepted,
}

/// Booklets of one batch.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PrintPart {
    programme_id: ProgrammeId,
    batch_id: BatchId,
    /// First booklet; 1 when absent.
    from: Option<u32>,
    /// Last booklet; the batch's last one when absent.
    to: Option<u32>,
    /// Ten vouchers a page, or four in large print.
    #[serde(default)]
    format: PaperFormat,
    /// In grey, or in colour.
    #[serde(default)]
    logos: LogoInk,
    /// Why booklets that were printed before are printed again.
    reason: Option<ReprintReason>,
}

/// The booklets of a batch as a PDF for any printer. Leaves a trace.
#[utoipa::path(get, path = "/issuer/v1/programmes/{programme}/batches/{batch}/booklets.pdf", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("batch" = uuid::Uuid, Path, description = "The batch"), RangeQuery),
    responses((status = 200, description = "PDF", content_type = "application/pdf"),
        (status = 422, description = "`not-minted`, `batch-cancelled`, `print-range`, `printed-before`, `key-not-loaded`, \
            `no-contact`, `cover-full`, `local-host`, `expired-programme`")))]
pub(super) async fn booklets(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(press): State<Press>,
    Path((id, batch)): Path<(ProgrammeId, BatchId)>,
    Query(range): Query<RangeQuery>,
) -> Result<Response, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    let booklets = Booklets::Range {
        from: range.from,
        to: range.to,
        format: range.format,
        logos: range.logos,
        reason: range.reason,
        accept: range.accept,
        id: print_id(&who, batch, at, 0),
    };
    let to_print = prepare(&pool, &who, &programme, batch, booklets, &press, at).await?;
    let pdf = in_background(move || booklets_pdf(&[print::paper(&programme, &to_print, &press)?], at)).await?;
    Ok(download(pdf, "application/pdf", "carnets.pdf"))
}

/// Booklets of several batches as one PDF, for one job at the printer's. Leaves a trace for each batch.
#[utoipa::path(post, path = "/issuer/v1/print-runs", tag = "issuer", request_body = NewPrintRun,
    responses((status = 200, description = "PDF", content_type = "application/pdf"),
        (status = 422, description = "`not-minted`, `batch-cancelled`, `print-range`, `printed-before`, `key-not-loaded`, \
            `no-contact`, `cover-full`, `local-host`, `expired-programme`")))]
pub(super) async fn print_run(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(press): State<Press>,
    Json(run): Json<NewPrintRun>,
) -> Result<Response, Problem> {
    let mut parts = Vec::new();
    for (part, index) in run.parts.into_iter().zip(0_u32..) {
        let booklets = Booklets::Range {
            from: part.from,
            to: part.to,
            format: part.format,
            logos: part.logos,
            reason: part.reason,
            accept: run.accept,
            id: print_id(&who, part.batch_id, at, index),
        };
        parts.push(RunPart {
            programme: own_programme(&pool, &who, part.programme_id).await?,
            batch: part.batch_id,
            booklets,
        });
    }
    let parts = Arc::new(parts);
    let to_print = database::transaction(&pool, "print_run", |tx| {
        let (who, parts, press) = (who.clone(), Arc::clone(&parts), press.clone());
        Box::pin(async move { print::prepare_run(tx, &who, &parts, &press, at).await })
    })
    .await?;
    let pdf = in_background(move || {
        let papers = parts
            .iter()
            .zip(&to_print)
            .map(|(part, vouchers)| print::paper(&part.programme, vouchers, &press));
        booklets_pdf(&papers.collect::<Result<Vec<_>, _>>()?, at)
    })
    .await?;
    Ok(download(pdf, "application/pdf", "carnets.pdf"))
}

/// All vouchers of a batch with their tokens, for a printer with its own layout. Leaves a trace.
#[utoipa::path(get, path = "/issuer/v1/programmes/{programme}/batches/{batch}/vouchers.csv", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("batch" = uuid::Uuid, Path, description = "The batch"), AcceptQuery, CsvFor),
    responses((status = 200, description = "serial,token,short_code,face_value,booklet", content_type = "text/csv"),
        (status = 422, description = "`not-minted`, `batch-cancelled`, `key-not-loaded`, `local-host`, `expired-programme`")))]
pub(super) async fn vouchers(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(press): State<Press>,
    Path((id, batch)): Path<(ProgrammeId, BatchId)>,
    Query(query): Query<AcceptQuery>,
) -> Result<Response, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    let booklets = Booklets::AllAsCsv { accept: query.accept };
    let to_print = prepare(&pool, &who, &programme, batch, booklets, &press, at).await?;
    let csv = in_background(move || to_print.csv(&press)).await?;
    Ok(download(csv, "text/csv; charset=utf-8", "cheques.csv"))
}

async fn prepare(
    pool: &PgPool,
    who: &Caller,
    programme: &Programme,
    batch: BatchId,
    booklets: Booklets,
    press: &Press,
    at: DateTime<Utc>,
) -> Result<ToPrint, PrintError> {
    database::transaction(pool, "print", |tx| {
        let (who, programme, press) = (who.clone(), programme.clone(), press.clone());
        Box::pin(async move { print::prepare(tx, &who, &programme, batch, booklets, &press, at).await })
    })
    .await
}

/// A print that the caller did not name: derived, so that a transaction that is tried again writes the same.
fn print_id(who: &Caller, batch: BatchId, at: DateTime<Utc>, part: u32) -> PrintId {
    let name = format!("{batch} {part} {}", at.timestamp_micros());
    PrintId::from_uuid(uuid::Uuid::new_v5(&who.request(), name.as_bytes()))
}

/// Signing and drawing are work for a processor: requests are served meanwhile.
pub(super) async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PrintError> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(Problem::from),
        Err(error) => Err(Problem::internal(&error)),
    }
}
