//! The sealed log as a format: what lets a funder, an auditor or a structure stop trusting the operator. Every transfer of the books, and
//! every record of what a payment covers, is a leaf of one RFC 9162 (SHA-256) Merkle tree; a signed checkpoint fixes all of them, their
//! order and their number; an export can be checked with it on any machine.
//!
//! ```text
//! transfers ──seal──► leaf (seq, hash) ──► tile (256 hashes) ──► checkpoint (size, root, signature)
//!                        │                      │                     │
//! transfers.ndjson ◄─────┘    /funding/log/tile/… ◄─────┘   /funding/log/checkpoint ◄─┘
//! ```
//!
//! Pure: no database, clock, network or async, so that an offline verifier can be built of this and two more packages like it. The half
//! that reads and writes PostgreSQL is `ledger::seal`. It also owns the words that leaves are written in: the ids, and the kinds of account,
//! transfer, record and event. Their forms for PostgreSQL and for the OpenAPI document are behind the features `sqlx` and `utoipa`.
//!
//! | part | what | from |
//! |---|---|---|
//! | [`struct@Hash`], [`Frontier`], [`inclusion_plan`], [`consistency_plan`] | the tree, append and proofs | RFC 9162 §2.1 |
//! | [`TilePath`] | names and widths of tiles | C2SP tlog-tiles |
//! | [`Note`], [`NoteKey`], [`VerifierKey`] | signature lines | C2SP signed-note |
//! | [`Checkpoint`] | origin, size, root | C2SP tlog-checkpoint |
//! | [`Cosigner`], [`CosignerKey`] | what others sign below it | C2SP tlog-cosignature |
//! | [`AnyLeaf`] | deterministic CBOR | RFC 8949 §4.2 |
//! | [`Commitment`], [`Presented`], [`Evidence`] | what ties an account and a claim to paper | docs/PROOF.md |
//!
//! **Invariant**: a leaf has one spelling, a tile one address and a note one text, and what reads them refuses every other: what is read
//! is what was hashed or signed.
//!
//! **Errors** say in French what people read inside the sentences of `ccn`, `ccn-verify` and the services: these are their one home.
//!
//! Limits: [`TILE_HASHES`] a tile, [`NOTE_BYTES_MAX`] a note.
//!
//! *Rejected:* a chain of hashes (a proof of one entry is as long as the book); JSON as what is hashed (no spelling of it is the only one).

mod checkpoint;
mod id;
mod kind;
mod leaf;
mod note;
mod paper;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use id::{AccountNumber, BatchId, BookId, EventId, PartyId, RecordId, SERIES_VOUCHERS_MAX, TransferId};
pub use kind::{AccountKind, EventKind, KnownBy, RecordKind, Side, TransferKind, refund_transfer_id};
pub use leaf::{AnyLeaf, LEAF_VERSION, Leaf, LeafAccount, LeafError, RecordLeaf, TrailLeaf};
pub use note::{Cosigner, CosignerKey, NOTE_BYTES_MAX, Note, NoteError, NoteKey, SignBytes, SignFailed, VerifierKey};
pub use paper::{Commitment, Evidence, Presentation, Presented, TERMS_BYTES, TOKEN_BYTES, evidence_place};
pub use tree::{
    Frontier, Hash, Node, ProofError, TILE_HASHES, Tile, TilePath, TilePathError, consistency_plan, fold_nodes,
    inclusion_plan, perfect_root, verify_consistency, verify_inclusion,
};
