//! Status lists: what a phone without a network knows of vouchers. `docs/STATUS-LIST.md` is for whoever reads them.
//!
//! A list is a shard of 2^20 places of a series, two bits a voucher, signed as a CWT. This module makes them, keeps them in step
//! with the books and publishes them.
//!
//! **A list is derived.** A place says what the books and the issuer's blocks say of the voucher *now* (`state`); changes only tell
//! which vouchers to look at again ([`ledger::read::changed_vouchers`]). So a change may be seen twice, in any order, by several makers
//! one after the other, and a list can be made again from nothing (`rebuild`): the same list.
//!
//! **One maker at a time, any of them.** A round is made of transactions that each lock the one row of `status_cursor`; who does not
//! get it leaves the round to whoever has it. The process that makes lists may stop at any point: nothing is half done.
//!
//! **What a round costs** is proportional to what changed since the last one: one index range for the changes, three reads for their
//! states, and for each list touched one inflation, one deflation and one signature. It does not grow with the vouchers that
//! exist. Lists that nothing touched are signed again when their signature is [`SIGNATURE_HOURS`] old, so that a phone can tell
//! an unchanged list from one that nobody makes any more.
//!
//! **`iat` never promises too much**: a list is at least as new as it says. A round that needs several transactions leaves `iat` as it
//! was until the last of them.
//!
//! *Rejected:* a table of statuses (a second truth, and a row a voucher); a list a programme without shards (2^24 places are
//! 4 MiB); deltas between lists (a shard that changed is at most 256 KiB, and a delta's reader needs the list before it).

mod cursor;
mod keep;
mod lists;
mod publish;
mod rebuild;
mod round;
mod state;

pub use keep::{ROUND_SECONDS, keep};
pub use publish::{ListIndex, ListedShard, PublishedList, list_index, published_list};
pub use round::{Maker, Round, RoundError, Work};

/// Hours after which an unchanged list is signed again.
pub const SIGNATURE_HOURS: i64 = 6;

/// Hours for which a list can be used at all: the hard stop of a phone that cannot synchronise.
pub const LIST_HOURS: i64 = 72;

/// Seconds for which a copy need not be asked for again (`ttl`, and `max-age` over HTTP).
pub const LIST_TTL_SECONDS: u32 = 60;

/// Transfers whose vouchers are looked at in one transaction.
pub const CHANGES_MAX: u32 = 20_000;

/// Old lists signed again in one round.
pub const RENEWALS_MAX: i64 = 32;
