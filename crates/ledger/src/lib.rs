//! The books.

mod account;
mod account_kind;
mod id;
mod migrate;
mod outcome;
mod posting;
mod transfer;
mod transfer_kind;

pub use account::Account;
pub use account_kind::{AccountKind, Side};
pub use id::{AccountNumber, BatchId, BookId, GroupId, PartyId, SERIES_VOUCHERS_MAX, TransferId};
pub use migrate::migrate;
pub use outcome::{Outcome, PostError, Rejection};
pub use posting::{POSTING_TRANSFERS_MAX, Posting, PostingError};
pub use transfer::{REFERENCE_BYTES_MAX, Transfer, TransferError};
pub use transfer_kind::TransferKind;

/// Transfers in one call of `post`.
pub const POST_TRANSFERS_MAX: usize = 65_536;
