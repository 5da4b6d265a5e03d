use access::OperatorOrAuditor;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use ledger::seal::{ProveError, entries, entries_bundle, tile_hashes};
use sealed_log::{TILE_HASHES, TilePath};
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use web::{Path, Problem};

use crate::http::App;
use crate::http::log::{BRIEFLY, internal, latest, proofs};

/// A full tile never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Not in the OpenAPI document, which knows no path with slashes in a parameter: C2SP tlog-tiles describes them.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/funding/log/tile/entries/{*path}", get(entry_bundle))
        .route("/funding/log/tile/{*path}", get(tile))
}

async fn tile(State(pool): State<PgPool>, Path(path): Path<String>) -> Result<Response, Problem> {
    let path = parsed(&path)?;
    let level = path.level.ok_or_else(no_tile)?;
    let mut connection = pool.acquire().await.map_err(internal)?;
    let size = latest(&mut connection).await?.size;
    let hashes = tile_hashes(&mut connection, level, path.n, size)
        .await
        .map_err(internal)?;
    let hashes = hashes.get(..usize::from(path.width)).ok_or_else(no_tile)?;
    Ok(octets(path, hashes.iter().flat_map(|hash| *hash.bytes()).collect()))
}

async fn entry_bundle(
    _: OperatorOrAuditor,
    State(pool): State<PgPool>,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    let path = parsed(&format!("entries/{path}"))?;
    let mut connection = pool.acquire().await.map_err(internal)?;
    let size = latest(&mut connection).await?.size;
    let from = path.n.checked_mul(TILE_HASHES as u64).ok_or_else(no_tile)?;
    let to = from
        .checked_add(u64::from(path.width))
        .filter(|to| *to <= size)
        .ok_or_else(no_tile)?;
    let entries = entries(&mut connection, from..to).await.map_err(internal)?;
    let bundle = entries_bundle(&entries).ok_or_else(|| {
        let changed = entries.iter().find(|entry| !entry.holds());
        proofs::problem(ProveError::Changed(changed.map_or(from, |entry| entry.seq)))
    })?;
    Ok(octets(path, bundle))
}

fn parsed(path: &str) -> Result<TilePath, Problem> {
    path.parse().map_err(|_| no_tile())
}

fn no_tile() -> Problem {
    Problem::not_found("Cette tuile")
}

fn octets(path: TilePath, body: Vec<u8>) -> Response {
    let keep = match path.level {
        None => "private, no-cache",
        Some(_) if usize::from(path.width) == TILE_HASHES => FOR_EVER,
        Some(_) => BRIEFLY,
    };
    let headers = [(CONTENT_TYPE, "application/octet-stream"), (CACHE_CONTROL, keep)];
    (headers, body).into_response()
}
