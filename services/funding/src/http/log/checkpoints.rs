use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use ledger::seal::{checkpoint_of, cosigned_note, last_checkpoint};
use sealed_log::NoteKey;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Path, Problem};

use crate::http::App;
use crate::http::log::{internal, latest, nothing_sealed, text};
use crate::log::cosigners::no_checkpoint;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(checkpoint))
        .routes(routes!(verifier))
        .routes(routes!(earlier))
}

/// The latest signed checkpoint of the log (C2SP tlog-checkpoint), with its co-signatures.
#[utoipa::path(get, path = "/funding/log/checkpoint", tag = "log", security(()),
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = 404, description = "Nothing is sealed yet")))]
async fn checkpoint(State(pool): State<PgPool>) -> Result<Response, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let last = latest(&mut connection).await?;
    let note = cosigned_note(&mut connection, last.size, &last.note).await;
    Ok(text(note.map_err(internal)?))
}

/// The verifier key of the log, in signed-note form: `name+hash+base64`.
#[utoipa::path(get, path = "/funding/log/checkpoint.vkey", tag = "log", security(()),
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = 404, description = "Nothing is sealed yet, and this process has no key")))]
async fn verifier(State(pool): State<PgPool>, State(key): State<Option<Arc<NoteKey>>>) -> Result<Response, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let last = last_checkpoint(&mut connection).await.map_err(internal)?;
    // It is told to the funders on the first day: before anything is sealed, it is that of the key which will seal.
    let verifier = match (last, key) {
        (Some(last), _) => last.verifier,
        (None, Some(key)) => key.verifier().to_string(),
        (None, None) => return Err(nothing_sealed()),
    };
    Ok(text(format!("{verifier}\n")))
}

/// The checkpoint that was signed when the log had this many leaves, with its co-signatures.
#[utoipa::path(get, path = "/funding/v1/checkpoints/{size}", tag = "log", security(()),
    params(("size" = u64, Path, description = "Number of leaves")),
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn earlier(State(pool): State<PgPool>, Path(size): Path<u64>) -> Result<Response, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let found = checkpoint_of(&mut connection, size).await.map_err(internal)?;
    let found = found.ok_or_else(|| no_checkpoint(size))?;
    let note = cosigned_note(&mut connection, size, &found.note).await;
    Ok(text(note.map_err(internal)?))
}
