//! The words of the books: what an account holds, what a transfer does, what a record says, which event they belong to. The ledger's tables
//! hold the codes, its lookup tables and every export the names; a test of the ledger compares both.

mod account;
mod event;
mod record;
mod transfer;

pub use account::{AccountKind, Side};
pub use event::{EventKind, KnownBy, refund_transfer_id};
pub use record::RecordKind;
pub use transfer::TransferKind;
