use std::collections::HashMap;

use sealed_log::{AnyLeaf, Hash, Leaf, Node, ProofError, TransferId, consistency_plan, inclusion_plan};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::seal::checkpoints::{StoredCheckpoint, last_checkpoint};
use crate::seal::entries::entries_at;
use crate::seal::places::{place_of, places_of_event};
use crate::seal::tile_cache::TileCache;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// No such transfer, or it is not under a checkpoint yet (a matter of seconds).
    #[error("no sealed transfer has this id")]
    NotSealed,
    #[error("entry {0} is not what was sealed")]
    Changed(u64),
    /// Places or sizes beyond the log.
    #[error(transparent)]
    Beyond(#[from] ProofError),
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// That a transfer is in the log: everything that the check needs but the public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferProof {
    /// The transfer, with its place.
    pub leaf: Leaf,
    /// The hashes beside its path, lowest first (RFC 9162 §2.1.3).
    pub path: Vec<Hash>,
    /// The checkpoint whose root the hashes lead to.
    pub checkpoint: StoredCheckpoint,
}

/// That some entries are in the log: all of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryProofs {
    /// The entries with their places, each with the hashes beside its path, lowest first.
    pub entries: Vec<(AnyLeaf, Vec<Hash>)>,
    /// The checkpoint whose root the hashes lead to.
    pub checkpoint: StoredCheckpoint,
}

/// Legs and records of one event that are proven together: those of the largest payment.
pub const EVENT_ENTRIES_MAX: u32 = 10_000;

/// Proves that a transfer is under the latest checkpoint.
pub async fn prove_transfer(connection: &mut PgConnection, id: TransferId) -> Result<TransferProof, ProveError> {
    let EntryProofs {
        mut entries,
        checkpoint,
    } = prove_entry(connection, id.uuid()).await?;
    match entries.pop() {
        Some((AnyLeaf::Transfer(leaf), path)) => Ok(TransferProof { leaf, path, checkpoint }),
        _ => Err(ProveError::NotSealed),
    }
}

/// Proves that the transfer or record of this id is under the latest checkpoint.
pub async fn prove_entry(connection: &mut PgConnection, id: Uuid) -> Result<EntryProofs, ProveError> {
    let place = place_of(&mut *connection, id).await?;
    prove_places(connection, place.into_iter().collect()).await
}

/// Proves everything that was sealed of these events: transfers, and the records of a payment or a claim. At most
/// [`EVENT_ENTRIES_MAX`].
pub async fn prove_event(connection: &mut PgConnection, events: &[Uuid]) -> Result<EntryProofs, ProveError> {
    let places = places_of_event(&mut *connection, events, EVENT_ENTRIES_MAX).await?;
    prove_places(connection, places).await
}

async fn prove_places(connection: &mut PgConnection, mut places: Vec<u64>) -> Result<EntryProofs, ProveError> {
    let checkpoint = last_checkpoint(&mut *connection).await?.ok_or(ProveError::NotSealed)?;
    places.retain(|seq| *seq < checkpoint.size);
    if places.is_empty() {
        return Err(ProveError::NotSealed);
    }
    let proven = prove_all(connection, &places, checkpoint.size, &mut TileCache::default()).await?;
    let entries = proven
        .into_iter()
        .map(|(seq, leaf, path)| Ok((leaf.ok_or(ProveError::Changed(seq))?, path)));
    Ok(EntryProofs {
        entries: entries.collect::<Result<_, ProveError>>()?,
        checkpoint,
    })
}

/// A place, its entry as long as the books still say what was sealed there, and the hashes beside its path.
pub(super) type Proof = (u64, Option<AnyLeaf>, Vec<Hash>);

/// Proves the entries of these places, in two statements and one for each tile at the right edge that is not known yet.
pub(super) async fn prove_all(
    connection: &mut PgConnection,
    places: &[u64],
    size: u64,
    tiles: &mut TileCache,
) -> Result<Vec<Proof>, ProveError> {
    let mut leaves: HashMap<u64, AnyLeaf> = HashMap::with_capacity(places.len());
    for entry in entries_at(&mut *connection, places).await? {
        if let Some(leaf) = entry.leaf.clone().filter(|_| entry.holds()) {
            leaves.insert(entry.seq, leaf);
        }
    }
    let plans = places.iter().map(|&seq| inclusion_plan(seq, size));
    let plans = plans.collect::<Result<Vec<_>, ProofError>>()?;
    tiles.load(connection, plans.iter().flatten().flatten(), size).await?;
    let mut proven = Vec::with_capacity(places.len());
    for (&seq, plan) in places.iter().zip(&plans) {
        proven.push((seq, leaves.get(&seq).cloned(), tiles.path(plan)?));
    }
    Ok(proven)
}

/// Proves that the log of `size` leaves extends the one of `older` leaves (RFC 9162 §2.1.4).
pub async fn prove_consistency(connection: &mut PgConnection, older: u64, size: u64) -> Result<Vec<Hash>, ProveError> {
    Ok(hashes(connection, consistency_plan(older, size)?, size).await?)
}

/// The hashes of a plan, each tile read once.
async fn hashes(connection: &mut PgConnection, plan: Vec<Vec<Node>>, size: u64) -> sqlx::Result<Vec<Hash>> {
    let mut tiles = TileCache::default();
    tiles.load(connection, plan.iter().flatten(), size).await?;
    tiles.path(&plan)
}
