//! The sealed log in PostgreSQL: the one sealer, the months that it closes, co-signatures, and the proofs that are made from all of it. The
//! format itself is package `sealed_log`, which needs no database.
//!
//! **The invariant.** `seq` is gapless from zero, every committed transfer or record gets exactly one, and no row of the three tables is
//! ever changed. A leaf's bytes ([`AnyLeaf`](sealed_log::AnyLeaf)) are made again from the transfer and its accounts each time they are
//! needed and never stored: whoever rewrites a transfer, relabels an account or removes either changes the bytes, and every later export,
//! entry bundle and proof says which `seq` no longer has the hash that was sealed.
//!
//! **Order.** Entries are sealed in order of (transaction number, book, id), and only those of transactions below the oldest one
//! in flight: those are finished for ever, so nothing appears before what was sealed. No marker row is written by claims.
//! The number of a transaction is PostgreSQL's to write: no role may insert it. Transactions of other databases are not waited for.
//!
//! | act | who | what |
//! |---|---|---|
//! | [`seal()`] | the one sealer, every few seconds | leaves, tiles, a checkpoint |
//! | [`close()`] | the same, once a month | a signed checkpoint that names the month |
//! | [`add_cosignature`] | a funder's key ([`register_cosigner`]) | a line below a checkpoint |
//! | [`prove_entry`], [`Prover`] | whoever reads | leaves and the hashes beside their paths |
//!
//! Limits: [`SEAL_CHUNK_ENTRIES`] a transaction, [`EVENT_ENTRIES_MAX`] an event, [`COSIGNERS_OF_ONE_MAX`] keys a party.
//!
//! *Rejected:* hashes written by the services that post (their order would be a lock held across every commit); storing the leaf's bytes
//! (a rewritten transfer would still export its old, proven leaf).

mod checkpoints;
mod chunk;
mod close;
mod closes;
mod columns;
mod cosignatures;
mod cosigners;
mod entries;
mod lag;
mod pending;
mod places;
mod prove;
mod prover;
mod quiescence;
mod sealer;
mod stored_tiles;
mod sums;
mod tile_cache;

pub use checkpoints::{StoredCheckpoint, checkpoint_of, last_checkpoint, sealed_size};
pub use chunk::SealError;
pub use close::{CloseError, check_all_sums, close, turn};
pub use closes::{Close, closes, first_open_day, next_to_close};
pub use cosignatures::{CosignError, add_cosignature, cosigned_note};
pub use cosigners::{
    COSIGNER_NAME_CHARS_MAX, COSIGNERS_OF_ONE_MAX, RegisterError, RegisteredCosigner, RetireError, Retirement,
    cosigner, cosigners, register_cosigner, retire_cosigner,
};
pub use entries::{Entry, entries, entries_bundle};
pub use lag::{LAG_ENTRIES_MAX, SealLag, seal_lag};
pub use pending::SEAL_CHUNK_ENTRIES;
pub use prove::{
    EVENT_ENTRIES_MAX, EntryProofs, ProveError, TransferProof, prove_consistency, prove_entry, prove_event,
    prove_transfer,
};
pub use prover::{Entries, EventProof, Prover};
pub use quiescence::{Quiescence, QuiescenceTimeout};
pub use sealer::{Sealed, seal, unsealed};
pub use stored_tiles::tile_hashes;
pub use sums::{UnequalSums, unequal_sums};
