use std::sync::Arc;

use access::{Caller, Role};
use axum::extract::State;
use axum::response::Response;
use ledger::seal::{
    EntryProofs, ProveError, checkpoint_of, cosigned_note, last_checkpoint, prove_consistency, prove_entry,
    prove_event, seal,
};
use ledger::{AccountNumber, SERIES_VOUCHERS_MAX};
use sealed_log::{AnyLeaf, NoteKey};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::{Clock, Path, Problem, Query, download};

use crate::http::App;
use crate::http::log::internal;
use crate::log::cosigners::no_checkpoint;
use crate::log::events;
use crate::log::view::{ConsistencyView, EventProofView, ProofView};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(proof))
        .routes(routes!(event_proof))
        .routes(routes!(voucher_proof))
        .routes(routes!(consistency))
}

/// Proves that a transfer (or a settlement line) is in the log. One of the last seconds is sealed at once.
#[utoipa::path(get, path = "/funding/v1/proofs/transfers/{id}", tag = "log",
    params(("id" = uuid::Uuid, Path, description = "The transfer")),
    responses((status = 200, body = ProofView),
        (status = 409, description = "`books-changed`: the books no longer say what was sealed")))]
async fn proof(
    who: Caller,
    State(pool): State<PgPool>,
    State(clock): State<Clock>,
    State(key): State<Option<Arc<NoteKey>>>,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    let asked = ProofRequest { pool, clock, key };
    let mut proofs = asked.prove(ProofSubject::Entry(id), &who).await?;
    let (leaf, path) = proofs.entries.pop().ok_or_else(|| problem(ProveError::NotSealed))?;
    let view = ProofView::new(&leaf, &path, proofs.checkpoint);
    file(&view, &format!("preuve-{id}.json"))
}

/// Which line of a statement is meant.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LineQuery {
    /// Of a statement, one line alone, from 1.
    line: Option<i32>,
}

/// Proves all of an event by the id that people know it by: a claim (with its reversal), a payment with the claims that it covers, a refund,
/// an allocation, a mandate, an invoice, a batch, a hand-over, a revocation, a programme (its true-up), a statement or one line of it,
/// a call for funds (what paid it), a break or an explanation; or any other by the `grp` of its transfers. Only what concerns the caller.
#[utoipa::path(get, path = "/funding/v1/proofs/events/{id}", tag = "log",
    params(("id" = uuid::Uuid, Path, description = "What it happened to; or a `grp`"), LineQuery),
    responses((status = 200, body = EventProofView), (status = 409, description = "`books-changed`"),
        (status = 422, description = "`too-many-lines`")))]
async fn event_proof(
    who: Caller,
    State(pool): State<PgPool>,
    State(clock): State<Clock>,
    State(key): State<Option<Arc<NoteKey>>>,
    Path(id): Path<Uuid>,
    Query(LineQuery { line }): Query<LineQuery>,
) -> Result<Response, Problem> {
    let groups = events::groups_of(&mut *pool.acquire().await.map_err(internal)?, id, line).await;
    let groups = groups.map_err(internal)?.ok_or_else(too_many_lines)?;
    let asked = ProofRequest { pool, clock, key };
    let proofs = asked.prove(ProofSubject::Event(groups), &who).await?;
    file(&EventProofView::new(&proofs), &format!("preuve-{id}.json"))
}

/// Proves everything that happened to a voucher, by the numbers printed on it: activated or handed over, claimed, reversed, revoked,
/// expired. Only what concerns the caller: a funder sees its shares, a structure its claims.
#[utoipa::path(get, path = "/funding/v1/proofs/vouchers/{series}/{idx}", tag = "log",
    params(("series" = u16, Path, description = "The voucher's series"), ("idx" = u32, Path, description = "Its place in it")),
    responses((status = 200, body = EventProofView), (status = 409, description = "`books-changed`")))]
async fn voucher_proof(
    who: Caller,
    State(pool): State<PgPool>,
    State(clock): State<Clock>,
    State(key): State<Option<Arc<NoteKey>>>,
    Path((series, idx)): Path<(u16, u32)>,
) -> Result<Response, Problem> {
    if idx >= SERIES_VOUCHERS_MAX {
        return Err(problem(ProveError::NotSealed));
    }
    let number = AccountNumber::voucher(series, idx);
    let groups = events::groups_of_voucher(&mut *pool.acquire().await.map_err(internal)?, number).await;
    let asked = ProofRequest { pool, clock, key };
    let mut proofs = asked
        .prove(ProofSubject::Event(groups.map_err(internal)?), &who)
        .await?;
    // A booklet is handed over at once: the others' transfers are of the same group.
    let own = |leaf: &AnyLeaf| leaf.accounts().any(|account| account.voucher == Some((series, idx)));
    proofs.entries.retain(|(leaf, _)| own(leaf));
    if proofs.entries.is_empty() {
        return Err(problem(ProveError::NotSealed));
    }
    file(&EventProofView::new(&proofs), &format!("preuve-{series}-{idx}.json"))
}

fn too_many_lines() -> Problem {
    Problem::refused(
        "too-many-lines",
        "Ce relevé a trop de lignes pour être prouvé d'un coup.",
    )
    .detail(format!(
        "Jusqu'à {} lignes le sont ; au-delà, demandez une ligne avec « ?line=N ».",
        events::LINES_MAX
    ))
}

/// Two checkpoints, by their numbers of leaves.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Sizes {
    /// Leaves of the older checkpoint: the second line of the one that you kept.
    older: u64,
    /// Leaves of the newer one; without it, the latest.
    size: Option<u64>,
}

/// Proves that one checkpoint extends an older one: nothing that it covered was rewritten, moved or taken out (RFC 9162 §2.1.4).
#[utoipa::path(get, path = "/funding/v1/proofs/consistency", tag = "log", security(()), params(Sizes),
    responses((status = 200, body = ConsistencyView)))]
async fn consistency(State(pool): State<PgPool>, Query(sizes): Query<Sizes>) -> Result<Response, Problem> {
    let mut connection = pool.acquire().await.map_err(internal)?;
    let newer = match sizes.size {
        Some(size) => checkpoint_of(&mut connection, size).await,
        None => last_checkpoint(&mut connection).await,
    };
    let newer = newer.map_err(internal)?;
    let newer = newer.ok_or_else(|| no_checkpoint(sizes.size.unwrap_or(0)))?;
    let older = checkpoint_of(&mut connection, sizes.older).await.map_err(internal)?;
    let older = older.filter(|older| older.size <= newer.size);
    let older = older.ok_or_else(|| no_checkpoint(sizes.older))?;
    let path = prove_consistency(&mut connection, older.size, newer.size)
        .await
        .map_err(problem)?;
    let name = format!("preuve-{}-{}.json", older.size, newer.size);
    let note = cosigned_note(&mut connection, newer.size, &newer.note).await;
    let view = ConsistencyView::new(older.note, &path, note.map_err(internal)?, newer.verifier);
    file(&view, &name)
}

enum ProofSubject {
    Entry(Uuid),
    Event(Vec<Uuid>),
}

struct ProofRequest {
    pool: PgPool,
    clock: Clock,
    key: Option<Arc<NoteKey>>,
}

impl ProofRequest {
    /// The proofs of what concerns the caller, under the latest checkpoint with its co-signatures.
    async fn prove(&self, what: ProofSubject, who: &Caller) -> Result<EntryProofs, Problem> {
        let mut proven = self.look(&what).await;
        if let (Err(ProveError::NotSealed), Some(key)) = (&proven, &self.key) {
            seal(&self.pool, key, self.clock.now())
                .await
                .map_err(|error| Problem::internal(&error))?;
            proven = self.look(&what).await;
        }
        let mut proofs = proven.map_err(problem)?;
        proofs.entries.retain(|(leaf, _)| concerns(leaf, who));
        if proofs.entries.is_empty() {
            // Whether it exists is nobody else's business.
            return Err(problem(ProveError::NotSealed));
        }
        Ok(proofs)
    }

    async fn look(&self, what: &ProofSubject) -> Result<EntryProofs, ProveError> {
        let mut connection = self.pool.acquire().await?;
        let mut proofs = match what {
            ProofSubject::Entry(id) => prove_entry(&mut connection, *id).await?,
            ProofSubject::Event(groups) => prove_event(&mut connection, groups).await?,
        };
        let (size, note) = (proofs.checkpoint.size, &proofs.checkpoint.note);
        proofs.checkpoint.note = cosigned_note(&mut connection, size, note).await?;
        Ok(proofs)
    }
}

/// Operators and auditors read everything, a funder or a structure what moves on an account of its own.
fn concerns(leaf: &AnyLeaf, who: &Caller) -> bool {
    let mut parties = leaf.accounts().filter_map(|account| account.party);
    let own = parties.any(|party| party.uuid() == who.organisation().uuid());
    own || who.has(Role::Operator) || who.has(Role::Auditor)
}

pub(super) fn problem(error: ProveError) -> Problem {
    match error {
        ProveError::NotSealed => Problem::not_found("Cette écriture, ou sa preuve,")
            .detail("Une écriture nouvelle est prouvée en quelques secondes ; vérifiez l'identifiant, puis réessayez."),
        ProveError::Changed(seq) => {
            tracing::error!(seq, "an entry is not what was sealed");
            Problem::new(
                http::StatusCode::CONFLICT,
                "books-changed",
                format!("L'écriture de rang {seq} n'est plus celle qui a été scellée."),
            )
            .detail("Les livres ont été modifiés après coup : prévenez l'auditeur.")
            .with("seq", seq)
        }
        ProveError::Beyond(error) => Problem::internal(&error),
        ProveError::Database(error) => Problem::internal(&error),
    }
}

fn file(view: &impl Serialize, name: &str) -> Result<Response, Problem> {
    let bytes = serde_json::to_vec_pretty(view).map_err(|error| Problem::internal(&error))?;
    Ok(download(bytes, "application/json", name))
}
