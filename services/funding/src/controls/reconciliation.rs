//! A reconciliation run: everything compared at one moment, kept and signed, so that nobody can say later that it was otherwise.
//!
//! | part | what |
//! |---|---|
//! | `invariants` | all of `crate::controls::invariants`, and that the kept files of statements are what was loaded; both sides of each |
//! | `breaks` | every break that is not closed, with its age |
//! | `open_points` | what the rules ask for and nobody has done yet: a close that is due, money to give back; absent when there is none |
//! | `statements` | how many, the last one, and the digest of each that came since the run before |
//! | `ledger` | how many transfers, how many of them too recent to be sealed, and the checkpoint |
//! | `previous` | number and digest of the run before: none can be taken out unseen |
//! | `verdict` | whether all invariants hold, and the breaks that are older than they may be |
//!
//! The document is canonical JSON (RFC 8785) of which the bytes are kept; its file is a C2SP signed note: the document on one
//! line, an empty line, the signature of the key that signs checkpoints. It begins with `{`, so it is never taken for a
//! checkpoint. `ccn-verify` needs the file and the public key alone.
//!
//! A run reads one snapshot and locks nothing but other runs. Numbers are gapless. It is asked for (`POST /funding/v1/reconciliations`),
//! commanded (`ccn reconcile`) or nightly ([`run_reconciliation_worker`]).

mod alerts;
mod compare;
mod csv;
mod document;
mod gather;
mod nightly;
mod open_point;
mod run;
mod signed;
mod store;
mod text;
mod view;

pub use compare::{ChangedBreak, Comparison, MovedInvariant, RunName, compare};
pub use csv::csv;
pub use document::{
    CheckpointSeen, Document, LedgerSeen, PreviousRun, RunTrigger, StatementSeen, StatementsSeen, Verdict,
};
pub use nightly::{Nightly, NightlyReconciliation, last_due, run_night, run_reconciliation_worker};
pub use open_point::{OpenPoint, OpenPointKind};
pub use run::{RunRejection, RunRequest, run};
pub use signed::open;
pub use store::{Stored, list, read};
pub use text::text;
pub use view::{NewReconciliation, RunLine, RunView};
