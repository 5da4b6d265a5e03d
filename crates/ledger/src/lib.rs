//! The books.

mod account;
mod account_kind;
mod admit;
mod id;
mod lock;
mod migrate;
mod outcome;
mod plan;
mod post;
mod posting;
mod read;
mod transfer;
mod transfer_kind;
mod write;

pub use account::Account;
pub use account_kind::{AccountKind, Side};
pub use id::{AccountNumber, BatchId, BookId, GroupId, PartyId, SERIES_VOUCHERS_MAX, TransferId};
pub use lock::lock;
pub use migrate::migrate;
pub use outcome::{Outcome, PostError, Rejection};
pub use plan::{PLAN_FUNDERS_MAX, Plan, PlanError, RATE_DECIMALS_MAX, SHARE_CENTS_MIN};
pub use post::{POST_TRANSFERS_MAX, post};
pub use posting::{POSTING_TRANSFERS_MAX, Posting, PostingError};
pub use read::{
    BookedTransfer, GroupShare, LastClaim, Opening, VoucherState, balance, balances, last_claims, openings, shares_of_groups,
    transfers_of_group, voucher_states,
};
pub use transfer::{REFERENCE_BYTES_MAX, Transfer, TransferError};
pub use transfer_kind::TransferKind;
