use sealed_log::{AnyLeaf, BookId, Hash};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::seal::checkpoints::{StoredCheckpoint, last_checkpoint};
use crate::seal::places::places_of_events;
use crate::seal::prove::{ProveError, prove_all};
use crate::seal::tile_cache::TileCache;

/// What of an event is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventProof {
    /// Its entries with their places, each with the hashes beside its path, lowest first.
    Proven(Vec<(AnyLeaf, Vec<Hash>)>),
    /// Nothing of it is under the checkpoint: it is too recent.
    NotSealed,
    /// The books no longer say what was sealed at this place.
    Changed(u64),
}

/// Which entries of an event are proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entries {
    /// The transfers alone.
    Transfers,
    /// The transfers, and the records of its payments and claims.
    All,
}

/// Proofs of many events under one checkpoint. A call takes three statements, whatever the number of events, and the first calls one more
/// for each level of the tree (at the right edge, which is then known). Memory is that of the events of a call: some 8 KiB an entry.
///
/// In one snapshot, or what is sealed meanwhile is missed.
#[derive(Debug)]
pub struct Prover {
    checkpoint: StoredCheckpoint,
    tiles: TileCache,
}

impl Prover {
    /// Proves under the latest checkpoint; nothing before the first entry is sealed.
    pub async fn latest(connection: &mut PgConnection) -> sqlx::Result<Option<Self>> {
        let checkpoint = last_checkpoint(connection).await?;
        Ok(checkpoint.map(|checkpoint| Self {
            checkpoint,
            tiles: TileCache::default(),
        }))
    }

    /// What all proofs lead to.
    #[must_use]
    pub const fn checkpoint(&self) -> &StoredCheckpoint {
        &self.checkpoint
    }

    /// Proves what was sealed of each event in these books; each is given by the event ids that its entries bear (a claim's is its own id).
    pub async fn events(
        &mut self,
        connection: &mut PgConnection,
        books: &[BookId],
        events: &[Vec<Uuid>],
        wanted: Entries,
    ) -> Result<Vec<EventProof>, ProveError> {
        let named = (0_i32..)
            .zip(events)
            .flat_map(|(number, ids)| ids.iter().map(move |id| (*id, number)));
        let (ids, numbers): (Vec<Uuid>, Vec<i32>) = named.unzip();
        let places = places_of_events(&mut *connection, books, (&ids, &numbers), wanted == Entries::All).await?;
        let sealed: Vec<(usize, u64)> = places
            .into_iter()
            .filter(|(_, seq)| *seq < self.checkpoint.size)
            .collect();
        let mut proofs = vec![EventProof::NotSealed; events.len()];
        let mut each: Vec<u64> = sealed.iter().map(|(_, seq)| *seq).collect();
        each.sort_unstable();
        each.dedup();
        let proven = prove_all(connection, &each, self.checkpoint.size, &mut self.tiles).await?;
        for (event, seq) in sealed {
            let found = proven.binary_search_by_key(&seq, |(seq, ..)| *seq).ok();
            let (Some((_, leaf, path)), Some(proof)) = (found.and_then(|at| proven.get(at)), proofs.get_mut(event))
            else {
                continue;
            };
            match (leaf, proof) {
                (_, EventProof::Changed(_)) => {}
                (None, proof) => *proof = EventProof::Changed(seq),
                (Some(leaf), EventProof::Proven(entries)) => entries.push((leaf.clone(), path.clone())),
                (Some(leaf), proof) => *proof = EventProof::Proven(vec![(leaf.clone(), path.clone())]),
            }
        }
        self.tiles.forget_full();
        Ok(proofs)
    }
}
