//! The books: double entry, append only, whole cents. Everything that moves money goes through [`post()`].
//!
//! **A voucher is an account.** It cannot go below zero nor above its face value, so *no voucher without money* and *no voucher
//! spent twice* are one CHECK constraint (`account_within_bounds`), and no other table has to agree with it. The ledger knows
//! nothing else of vouchers, and of people nothing at all.
//!
//! **Invariant**: an account's two sums are the sums of its transfers, and its balance stays within its bounds. A [`Posting`] is
//! admitted whole or not at all; a batch with refused postings still books the others.
//!
//! # Round trips of one `post`, whatever the size of the batch
//!
//! | # | per book | statement |
//! |---|---|---|
//! | a | always | open the named accounts that are missing (`on conflict do nothing`); vouchers are opened by step e alone |
//! | b | always | lock all accounts `for update`, in order of number |
//! | c | always | read what is booked under the batch's ids and groups: a retry is `Before`, another content is refused |
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

mod account;
mod admit;
mod changes;
mod figures;
mod identities;
mod labels;
mod lock;
mod migrate;
mod outcome;
mod post;
mod posting;
pub mod proof;
mod read;
mod record;
mod transfer;
mod under_way;
mod waterfall;
mod write;

pub use account::Account;
pub use changes::{Changes, TransactionNumber, changed_vouchers, cluster, oldest_under_way, vouchers_from};
pub use figures::{Figures, SNAPSHOT_SECONDS_MAX, snapshot};
pub use identities::{Identity, Relation, Subject};
pub use labels::{Labels, labels};
pub use lock::lock;
pub use migrate::migrate;
pub use outcome::{Outcome, PostError, Rejection};
pub use post::{POST_TRANSFERS_MAX, post};
pub use posting::{POSTING_TRANSFERS_MAX, Posting, PostingError};
pub use read::{
    BookedTransfer, GroupShare, LastClaim, Opening, VoucherState, balance, balances, last_claims, openings,
    shares_of_groups, transfers_of_group, voucher_states,
};
pub use record::{Record, record};
pub use sealed_log::{
    AccountKind, AccountNumber, BatchId, BookId, EventId as GroupId, EventKind, KnownBy, PartyId, RecordId, RecordKind,
    SERIES_VOUCHERS_MAX, Side, TransferId, TransferKind, giving_back_id,
};
pub use shares::{
    CappedPlan as Agreement, CappedPlanError as AgreementError, Limits, Order, PLAN_FUNDERS_MAX, Part, Payment, Plan,
    PlanError, RATE_DECIMALS_MAX, SHARE_CENTS_MIN, Step, TrueUp, UsedBatch, true_up,
};
pub use transfer::{REFERENCE_BYTES_MAX, Transfer, TransferError};
pub use under_way::{UnderWay, oldest_transaction};
pub use waterfall::{FunderFigures, ProgrammeFigures, Waterfall};
