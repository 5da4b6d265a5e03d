//! The proof: what lets a funder stop trusting anybody. Every transfer, and every record of what a payment
//! covers, becomes a leaf of one RFC 9162 (SHA-256) Merkle tree; a
//! signed checkpoint fixes all of them, their order and their number; an export can be checked with it on any machine.
//!
//! ```text
//! transfers ──seal──► leaf (seq, hash) ──► tile (256 hashes) ──► checkpoint (size, root, signature)
//!                        │                      │                     │
//! transfers.ndjson ◄─────┘    /funding/log/tile/… ◄─────┘   /funding/log/checkpoint ◄─┘
//! ```
//!
//! **The invariant.** `seq` is gapless from zero, every committed transfer or record gets exactly one, and no row of the three tables is
//! ever changed. A leaf's bytes ([`Leaf`]) are made again from the transfer and its accounts each time they are needed and never
//! stored: whoever rewrites a transfer, relabels an account or removes either changes the bytes, and every later export, entry
//! bundle and proof says which `seq` no longer has the hash that was sealed.
//!
//! **Order.** Entries are sealed in order of (transaction number, book, id), and only those of transactions below the oldest one
//! under way: those are finished for ever, so nothing appears before what was sealed. No marker row is written by claims.
//!
//! | part | what | from |
//! |---|---|---|
//! | [`struct@Hash`], [`Frontier`], [`inclusion_plan`], [`consistency_plan`] | the tree, append and proofs | RFC 9162 §2.1 |
//! | [`TilePath`] | names and widths of tiles | C2SP tlog-tiles |
//! | [`Note`], [`NoteKey`], [`VerifierKey`] | signature lines | C2SP signed-note |
//! | [`Checkpoint`] | origin, size, root | C2SP tlog-checkpoint |
//! | [`Cosigner`], [`CosignerKey`] | what others sign below it | C2SP tlog-cosignature |
//! | [`AnyLeaf`] | deterministic CBOR | RFC 8949 §4.2 |
//! | [`seal()`], [`close()`] | the one sealer, and the months that it closes | |
//!
//! All but the last lines is pure. Limits: [`SEAL_CHUNK_ENTRIES`] a transaction, [`TILE_HASHES`] a tile.
//!
//! *Rejected:* a chain of hashes (a proof of one entry is as long as the book); hashes written by the services that post (their
//! order would be a lock held across every commit); storing the leaf's bytes (a rewritten transfer would still export its old,
//! proven leaf).

mod close;
mod cosigning;
mod entries;
mod prove;
mod prover;
mod seal;
mod store;
mod sums;
mod tiles;

pub use close::{Close, CloseError, Quiet, check_all_sums, close, closes, first_open_day, next_to_close, turn};
pub use cosigning::{
    COSIGNER_NAME_CHARS_MAX, COSIGNERS_OF_ONE_MAX, CosignError, RegisterError, RegisteredCosigner, RetireError,
    Retirement, add_cosignature, cosigned_note, cosigner, cosigners, register_cosigner, retire_cosigner,
};
pub use entries::{Entry, entries, entries_bundle, sealed_size};
pub use prove::{
    EVENT_ENTRIES_MAX, EntryProofs, ProveError, TransferProof, prove_consistency, prove_entry, prove_event,
    prove_transfer,
};
pub use prover::{Entries, EventProof, Prover};
pub use seal::{LAG_ENTRIES_MAX, SEAL_CHUNK_ENTRIES, SealError, SealLag, Sealed, seal, seal_lag, unsealed};
pub use sealed_log::{
    AnyLeaf, Checkpoint, CheckpointError, Cosigner, CosignerKey, Frontier, Hash, Leaf, LeafAccount, LeafError,
    NOTE_BYTES_MAX, Node, Note, NoteError, NoteKey, ProofError, RecordLeaf, SignBytes, SignFailed, TILE_HASHES, Tile,
    TilePath, TilePathError, VerifierKey, consistency_plan, fold_nodes, inclusion_plan, perfect_root,
    verify_consistency, verify_inclusion,
};
pub use store::{StoredCheckpoint, checkpoint_of, last_checkpoint, tile_hashes};
pub use sums::{Unequal, unequal_sums};
