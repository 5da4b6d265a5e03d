//! The books: double entry, append only, whole cents. Everything that moves money goes through [`post()`].
//!
//! **A voucher is an account.** It cannot go below zero nor above its face value, so *no voucher without money* and *no voucher
//! spent twice* are one CHECK constraint (`account_within_bounds`), and no other table has to agree with it. The ledger knows
//! nothing else of vouchers, and of people nothing at all.
//!
//! **Invariant**: an account's two sums are the sums of its transfers, and its balance stays within its bounds. A [`Posting`] is
//! admitted whole or not at all; a batch with rejected postings still books the others. One event is one posting: a retry is recognised by
//! all of its transfers, never by some of them. A voucher is spent, revoked or expired whole.
//!
//! | room | what | uses |
//! |---|---|---|
//! | `post` | accounts, transfers, postings, and the one function that books them | |
//! | [`read`] | what the books say: balances, events, figures and the invariants among them | `post` |
//! | [`seal`] | the sealed log in PostgreSQL: the sealer, closed months, co-signatures, proofs | [`read`] |
//!
//! What of it needs no database is below, in packages of its own: `sealed_log` (ids, kinds, the log's format) and `shares` (who pays what).
//!
//! # Round trips of one `post`, whatever the size of the batch
//!
//! | # | per book | statement |
//! |---|---|---|
//! | a | always | open the named accounts that are missing (`on conflict do nothing`); vouchers are opened by step e alone |
//! | b | always | lock all accounts `for update`, in order of number |
//! | c | always | read what is booked under the batch's ids and events: a retry is `AlreadyPosted`, another content is rejected |
//! | d | – | admit posting by posting, in order of arrival, in Rust: no database ([`Rejection`] says why not) |
//! | e | with activations | insert the new vouchers with their final sums: a row is never written twice |
//! | f | if any is admitted | insert transfers and grow sums, arrays through `unnest`, one row an account |
//!
//! Nearly every batch is in one book: four statements, five when it activates.
//!
//! # Locks
//!
//! Books in order of id, accounts in order of number, and every missing account is opened before the first lock is taken: so
//! whoever waits holds only what comes before, and nobody waits in a circle. It holds for one `post` a transaction; a caller
//! that must read its own facts under the locks calls [`lock()`] with *all* the accounts first. Step c is a statement of its own
//! because a statement that waited for a lock still sees the other tables as they were when it began (`read committed`).
//!
//! A statement that had to find accounts by an inner join would drop lines silently: here accounts are given by number, counted
//! after the update, and reads use left joins and let a missing name refuse.
//!
//! # Limits
//!
//! [`POST_TRANSFERS_MAX`] a call, [`POSTING_TRANSFERS_MAX`] a posting. A caller that collects waiting requests gains little
//! above some 256 of them.
//!
//! # Rejected
//!
//! Account numbers from a sequence (one more statement, and locks in an order that nobody knows before); a trigger that sums
//! (a row-level one costs more than half of the throughput, and cannot be distributed); one row of totals a programme (every
//! claim would wait for it); a status column beside the account (two truths).

mod columns;
mod migrate;
mod post;
pub mod read;
pub mod seal;

pub use migrate::migrate;
pub use post::{
    Account, Outcome, POST_TRANSFERS_MAX, POSTING_TRANSFERS_MAX, PostError, Posting, PostingError, REFERENCE_BYTES_MAX,
    Record, Rejection, Transfer, TransferError, lock, post, record, record_audit_line,
};
// Whoever posts names accounts, events and kinds in the same breath.
pub use sealed_log::{
    AccountKind, AccountNumber, BatchId, BookId, Commitment, EventId, EventKind, Evidence, KnownBy, PartyId,
    Presentation, Presented, RecordId, RecordKind, SERIES_VOUCHERS_MAX, Side, TERMS_BYTES, TOKEN_BYTES, TransferId,
    TransferKind, evidence_place, refund_transfer_id,
};
