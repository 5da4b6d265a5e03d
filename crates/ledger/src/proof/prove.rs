use std::collections::HashMap;
use std::collections::hash_map::Entry;

use sqlx::PgConnection;

use crate::TransferId;
use crate::proof::entries::place_of;
use crate::proof::frontier::root_of;
use crate::proof::store::{last_checkpoint, tile_hashes};
use crate::proof::{
    Hash, Leaf, Node, ProofError, StoredCheckpoint, consistency_plan, entries, fold_nodes, inclusion_plan,
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

/// Proves that a transfer is under the latest checkpoint.
pub async fn prove_transfer(connection: &mut PgConnection, id: TransferId) -> Result<TransferProof, ProveError> {
    let checkpoint = last_checkpoint(&mut *connection).await?.ok_or(ProveError::NotSealed)?;
    let seq = place_of(&mut *connection, id.uuid()).await?;
    let seq = seq.filter(|seq| *seq < checkpoint.size).ok_or(ProveError::NotSealed)?;
    let mut found = entries(&mut *connection, seq..seq + 1).await?;
    let entry = found
        .pop()
        .filter(super::Entry::holds)
        .ok_or(ProveError::Changed(seq))?;
    let leaf = entry.leaf.ok_or(ProveError::Changed(seq))?;
    let path = hashes(connection, inclusion_plan(seq, checkpoint.size)?, checkpoint.size).await?;
    Ok(TransferProof { leaf, path, checkpoint })
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
