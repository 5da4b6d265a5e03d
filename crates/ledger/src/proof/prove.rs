use std::collections::HashMap;
use std::collections::hash_map::Entry;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::TransferId;
use crate::proof::entries::{place_of, places_of_event};
use crate::proof::frontier::root_of;
use crate::proof::store::{last_checkpoint, tile_hashes};
use crate::proof::{
    AnyLeaf, Hash, Leaf, Node, ProofError, StoredCheckpoint, consistency_plan, entries, fold_nodes, inclusion_plan,
};

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// No such transfer, or it is not under a checkpoint yet (a matter of seconds).
    #[error("no sealed transfer has this id")]
    NotSealed,
    /// The books no longer say what was sealed.
    #[error("entry {0} is not what was sealed")]
    Changed(u64),
    /// Sizes beyond the log.
    #[error(transparent)]
    Beyond(#[from] ProofError),
    /// PostgreSQL.
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
    /// What they lead to.
    pub checkpoint: StoredCheckpoint,
}

/// That some entries are in the log: all of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryProofs {
    /// The entries with their places, each with the hashes beside its path, lowest first.
    pub entries: Vec<(AnyLeaf, Vec<Hash>)>,
    /// What they lead to.
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

/// Proves everything that was sealed of the events of these groups: transfers, and the records of a payment or a claim. At most
/// [`EVENT_ENTRIES_MAX`].
pub async fn prove_event(connection: &mut PgConnection, groups: &[Uuid]) -> Result<EntryProofs, ProveError> {
    let places = places_of_event(&mut *connection, groups, EVENT_ENTRIES_MAX).await?;
    prove_places(connection, places).await
}

async fn prove_places(connection: &mut PgConnection, mut places: Vec<u64>) -> Result<EntryProofs, ProveError> {
    let checkpoint = last_checkpoint(&mut *connection).await?.ok_or(ProveError::NotSealed)?;
    places.retain(|seq| *seq < checkpoint.size);
    if places.is_empty() {
        return Err(ProveError::NotSealed);
    }
    let mut proven = Vec::with_capacity(places.len());
    for seq in places {
        let entry = entries(&mut *connection, seq..seq + 1).await?.pop();
        let leaf = entry.filter(super::Entry::holds).and_then(|entry| entry.leaf);
        let leaf = leaf.ok_or(ProveError::Changed(seq))?;
        let path = hashes(&mut *connection, inclusion_plan(seq, checkpoint.size)?, checkpoint.size).await?;
        proven.push((leaf, path));
    }
    Ok(EntryProofs {
        entries: proven,
        checkpoint,
    })
}

/// Proves that the log of `size` leaves extends the one of `older` leaves (RFC 9162 §2.1.4).
pub async fn prove_consistency(connection: &mut PgConnection, older: u64, size: u64) -> Result<Vec<Hash>, ProveError> {
    Ok(hashes(connection, consistency_plan(older, size)?, size).await?)
}

/// The hashes of a plan, each tile read once.
async fn hashes(connection: &mut PgConnection, plan: Vec<Vec<Node>>, size: u64) -> sqlx::Result<Vec<Hash>> {
    let mut tiles: HashMap<(u8, u64), Vec<Hash>> = HashMap::new();
    let mut of = HashMap::new();
    for node in plan.iter().flatten().copied() {
        let level = u8::try_from(node.level / 8).expect("64 levels make 8 rows of tiles");
        let inner = node.level % 8;
        let first = node.index << inner;
        let key = (level, first >> 8);
        if let Entry::Vacant(place) = tiles.entry(key) {
            place.insert(tile_hashes(&mut *connection, key.0, key.1, size).await?);
        }
        let from = usize::try_from(first & 0xff).expect("less than 256");
        let damaged = || sqlx::Error::Decode("a tile lacks hashes: the log is damaged".into());
        let row = tiles
            .get(&key)
            .and_then(|tile| tile.get(from..from + (1 << inner)))
            .ok_or_else(damaged)?;
        of.insert((node.level, node.index), root_of(row));
    }
    Ok(plan
        .iter()
        .map(|nodes| fold_nodes(nodes, |node| of[&(node.level, node.index)]))
        .collect())
}
