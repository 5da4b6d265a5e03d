use std::sync::{Arc, LazyLock};

use access::Sponsor;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use catalogue::ProgrammeId;
use http::{HeaderValue, StatusCode, header};
use ledger::BatchId;
use sqlx::PgPool;
use tokio::sync::Semaphore;
use voucher::Host;
use web::{Created, Json, Now, Path, Problem};

use super::own_programme;
use crate::PrintId;
use crate::keys::voucher_keys::VoucherKeys;
use crate::paper::printer_file::{self, Job, NewPrinterFile, PrinterFile};
use crate::vouchers::reissue::{self, NewReissue, Reissue};

/// Archives written side by side in one process: each takes all processors in turn.
const ARCHIVES_MAX: usize = 2;

/// One for the process: what is limited are its processors and its memory.
static ARCHIVES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(ARCHIVES_MAX)));

/// Prepares booklets for a print shop. Needs an approved proof of the settings, and a reason for booklets printed before.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/batches/{batch}/printer-files", tag = "issuer",
    request_body = NewPrinterFile,
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("batch" = uuid::Uuid, Path, description = "The batch")),
    responses((status = 201, body = PrinterFile), (status = 200, description = "Made before", body = PrinterFile),
        (status = 422, description = "`proof-not-approved`, `printed-before`, `print-range`, `not-minted`, `batch-cancelled`, `local-host`, \
            `expired-programme`")))]
pub(super) async fn make(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(host): State<Host>,
    Path((id, batch)): Path<(ProgrammeId, BatchId)>,
    Json(new): Json<NewPrinterFile>,
) -> Result<Created<PrinterFile>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    database::transaction(&pool, "make_printer_file", |tx| {
        let (who, programme, host) = (who.clone(), programme.clone(), host.clone());
        Box::pin(async move { printer_file::make(tx, &who, &programme, batch, &new, &host, at).await })
    })
    .await
    .map_err(Problem::from)
}

/// The archive for the print shop: PDF and CSV parts and their checksums, as a stream. Leaves a trace each time.
#[utoipa::path(get, path = "/issuer/v1/programmes/{programme}/batches/{batch}/printer-files/{print}/carnets.zip", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("batch" = uuid::Uuid, Path, description = "The batch"),
        ("print" = uuid::Uuid, Path, description = "The hand-over to the printer")),
    responses((status = 200, description = "ZIP; whole if it opens", content_type = "application/zip"),
        (status = 422, description = "`not-minted`, `batch-cancelled`, `key-not-loaded`"),
        (status = 503, description = "`printing-busy`: come again in some minutes")))]
pub(super) async fn get(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(keys): State<VoucherKeys>,
    State(host): State<Host>,
    Path((id, batch, print)): Path<(ProgrammeId, BatchId, PrintId)>,
) -> Result<Response, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    let permit = Arc::clone(&ARCHIVES).try_acquire_owned().map_err(|_| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "printing-busy",
            "D'autres fichiers d'impression sont en cours.",
        )
        .detail("Réessayez dans quelques minutes : rien n'est perdu.")
    })?;
    let (file, batch, settings) = database::transaction(&pool, "get_printer_file", |tx| {
        let (who, programme, host) = (who.clone(), programme.clone(), host.clone());
        Box::pin(async move { printer_file::prepare(tx, &who, &programme, batch, print, &host, at).await })
    })
    .await?;
    let job = Job {
        pool,
        programme,
        batch,
        settings,
        file,
        keys,
        at,
        permit: Arc::new(permit),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"carnets.zip\""),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(printer_file::start(job))).into_response())
}

/// Gives booklets that nobody holds new numbers and refuses the old ones: a carton stolen, a file in wrong hands.
#[utoipa::path(post, path = "/issuer/v1/programmes/{programme}/batches/{batch}/reissues", tag = "issuer",
    request_body = NewReissue,
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("batch" = uuid::Uuid, Path, description = "The batch")),
    responses((status = 201, body = Reissue), (status = 200, description = "Reissued before", body = Reissue)))]
pub(super) async fn reissue(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(keys): State<VoucherKeys>,
    Path((id, batch)): Path<(ProgrammeId, BatchId)>,
    Json(new): Json<NewReissue>,
) -> Result<Created<Reissue>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    database::transaction(&pool, "reissue", |tx| {
        let (who, programme, keys) = (who.clone(), programme.clone(), keys.clone());
        Box::pin(async move { reissue::reissue(tx, &who, &programme, batch, &new, &keys, at).await })
    })
    .await
    .map_err(Problem::from)
}
