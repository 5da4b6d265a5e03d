use std::sync::Arc;

use access::{Caller, Role};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use ledger::TransferId;
use ledger::proof::{
    NoteKey, ProveError, StoredCheckpoint, TILE_HASHES, TilePath, TransferProof, entries, entries_bundle,
    last_checkpoint, prove_transfer, seal, tile_hashes,
};
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Clock, Path, Problem, ProblemBody, download};

use crate::proof::{Log, ProofView};

/// A full tile never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The checkpoint and the edge of the log grow.
const BRIEFLY: &str = "no-cache";

pub(super) fn routes() -> OpenApiRouter<Log> {
    OpenApiRouter::new()
        .routes(routes!(checkpoint))
        .routes(routes!(verifier))
        .routes(routes!(proof))
        // Not in the OpenAPI document, which knows no path with slashes in a parameter: C2SP tlog-tiles describes them.
        .route("/log/tile/entries/{*path}", get(entry_bundle))
        .route("/log/tile/{*path}", get(tile))
}

/// The latest signed checkpoint of the log (C2SP tlog-checkpoint).
#[utoipa::path(get, path = "/log/checkpoint", tag = "log",
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = 404, description = "Nothing is sealed yet", body = ProblemBody, content_type = "application/problem+json")))]
async fn checkpoint(State(pool): State<PgPool>) -> Result<Response, Problem> {
    Ok(text(latest(&pool).await?.note))
}

/// The verifier key of the log, in signed-note form: `name+hash+base64`.
#[utoipa::path(get, path = "/log/checkpoint.vkey", tag = "log",
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = 404, description = "Nothing is sealed yet", body = ProblemBody, content_type = "application/problem+json")))]
async fn verifier(State(pool): State<PgPool>) -> Result<Response, Problem> {
    Ok(text(format!("{}\n", latest(&pool).await?.verifier)))
}

/// Proves that a transfer is in the log. A transfer of the last seconds is sealed at once.
#[utoipa::path(get, path = "/v1/proofs/transfers/{id}", tag = "log",
    params(("id" = uuid::Uuid, Path, description = "The transfer")),
    responses((status = 200, body = ProofView), (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`books-changed`: the books no longer say what was sealed", body = ProblemBody, content_type = "application/problem+json")))]
async fn proof(
    who: Caller,
    State(pool): State<PgPool>,
    State(clock): State<Clock>,
    State(key): State<Option<Arc<NoteKey>>>,
    Path(id): Path<TransferId>,
) -> Result<Response, Problem> {
    let mut proven = prove(&pool, id).await;
    if let (Err(ProveError::NotSealed), Some(key)) = (&proven, key) {
        seal(&pool, &key, clock.now())
            .await
            .map_err(|error| Problem::internal(&error))?;
        proven = prove(&pool, id).await;
    }
    let proof = proven.map_err(problem)?;
    if !concerns(&proof, &who) {
        // Whether it exists is nobody else's business.
        return Err(problem(ProveError::NotSealed));
    }
    let file = format!("preuve-{id}.json");
    let bytes = serde_json::to_vec_pretty(&ProofView::from(proof)).map_err(|error| Problem::internal(&error))?;
    Ok(download(bytes, "application/json", &file))
}

/// Operators and auditors read everything, a funder or a structure what moves on an account of its own.
fn concerns(proof: &TransferProof, who: &Caller) -> bool {
    let own = [proof.leaf.debit, proof.leaf.credit]
        .into_iter()
        .filter_map(|account| account.party)
        .any(|party| party.uuid() == who.organisation().uuid());
    own || who.has(Role::Operator) || who.has(Role::Auditor)
}

async fn prove(pool: &PgPool, id: TransferId) -> Result<TransferProof, ProveError> {
    let mut connection = pool.acquire().await?;
    prove_transfer(&mut connection, id).await
}

fn problem(error: ProveError) -> Problem {
    match error {
        ProveError::NotSealed => Problem::not_found("Cette écriture, ou sa preuve,")
            .detail("Une écriture nouvelle est prouvée en quelques secondes ; vérifiez l'identifiant, puis réessayez."),
        ProveError::Changed(seq) => {
            tracing::error!(seq, "an entry is not what was sealed");
            Problem::new(
                http::StatusCode::CONFLICT,
                "books-changed",
                "Cette écriture n'est plus celle qui a été scellée.",
            )
            .detail("Les livres ont été modifiés après coup : prévenez l'auditeur.")
            .with("seq", seq)
        }
        ProveError::Beyond(error) => Problem::internal(&error),
        ProveError::Database(error) => Problem::internal(&error),
    }
}

async fn tile(State(pool): State<PgPool>, Path(path): Path<String>) -> Result<Response, Problem> {
    let path = parsed(&path)?;
    let size = latest(&pool).await?.size;
    let level = path.level.ok_or_else(no_tile)?;
    let mut connection = pool.acquire().await.map_err(internal)?;
    let hashes = tile_hashes(&mut connection, level, path.n, size)
        .await
        .map_err(internal)?;
    let hashes = hashes.get(..usize::from(path.width)).ok_or_else(no_tile)?;
    Ok(octets(path, hashes.iter().flat_map(|hash| *hash.bytes()).collect()))
}

async fn entry_bundle(who: Caller, State(pool): State<PgPool>, Path(path): Path<String>) -> Result<Response, Problem> {
    if !who.has(Role::Operator) && !who.has(Role::Auditor) {
        return Err(Problem::forbidden(
            "Cette action est réservée aux rôles « opérateur » et « auditeur ».",
        ));
    }
    let path = parsed(&format!("entries/{path}"))?;
    let size = latest(&pool).await?.size;
    let from = path.n.checked_mul(TILE_HASHES as u64).ok_or_else(no_tile)?;
    let to = from
        .checked_add(u64::from(path.width))
        .filter(|to| *to <= size)
        .ok_or_else(no_tile)?;
    let mut connection = pool.acquire().await.map_err(internal)?;
    let entries = entries(&mut connection, from..to).await.map_err(internal)?;
    let changed = || {
        entries
            .iter()
            .find(|entry| !entry.holds())
            .map_or(from, |entry| entry.seq)
    };
    let bundle = entries_bundle(&entries).ok_or_else(|| problem(ProveError::Changed(changed())))?;
    Ok(octets(path, bundle))
}

async fn latest(pool: &PgPool) -> Result<StoredCheckpoint, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let checkpoint = last_checkpoint(&mut connection).await.map_err(internal)?;
    checkpoint.ok_or_else(|| Problem::not_found("Le journal scellé").detail("Aucune écriture n'est encore scellée."))
}

fn parsed(path: &str) -> Result<TilePath, Problem> {
    path.parse().map_err(|_| no_tile())
}

fn no_tile() -> Problem {
    Problem::not_found("Cette tuile")
}

#[expect(clippy::needless_pass_by_value, reason = "map_err gives it away")]
fn internal(error: sqlx::Error) -> Problem {
    Problem::internal(&error)
}

fn text(body: String) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, BRIEFLY)];
    (headers, body).into_response()
}

fn octets(path: TilePath, body: Vec<u8>) -> Response {
    let keep = if usize::from(path.width) == TILE_HASHES {
        FOR_EVER
    } else {
        BRIEFLY
    };
    let keep = if path.level.is_none() {
        "private, no-cache"
    } else {
        keep
    };
    (
        [(CONTENT_TYPE, "application/octet-stream"), (CACHE_CONTROL, keep)],
        body,
    )
        .into_response()
}
