//! The lists themselves: read from where they are published, changed, signed and published again.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use ledger::{AccountNumber, BookId};
use sha2::{Digest, Sha256};
use sqlx::PgTransaction;
use tokio::task::spawn_blocking;
use voucher::{Idx, SHARD_PLACES, Status, StatusList};

use super::round::{Maker, RoundError};
use super::{LIST_HOURS, LIST_TTL_SECONDS, rebuild};

/// Which list: a shard of a series, and the book that its vouchers are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ListName {
    pub series: u16,
    pub shard: u8,
    pub book: BookId,
}

impl ListName {
    /// The list that a voucher's place is in.
    pub(super) fn of(book: BookId, number: AccountNumber) -> Option<Self> {
        let (series, idx) = number.as_voucher()?;
        let shard = Idx::new(idx)?.shard();
        Some(Self { series, shard, book })
    }

    /// The numbers of its first and its last voucher.
    pub(super) fn numbers(self) -> (AccountNumber, AccountNumber) {
        let first = u32::from(self.shard) * SHARD_PLACES;
        let number = |idx| AccountNumber::voucher(self.series, idx);
        (number(first), number(first + (SHARD_PLACES - 1)))
    }
}

/// Where a voucher stands in its list.
pub(super) fn place(number: AccountNumber) -> u32 {
    let idx = number.as_voucher().and_then(|(_, idx)| Idx::new(idx));
    idx.expect("a voucher's number, which its list's name was made from").place()
}

/// A list, and whether what it says is all true now, rather than when it was signed.
pub(super) struct Loaded {
    pub list: StatusList,
    pub from_books: bool,
}

/// The list as published. One that is missing, or that the status key in use did not sign (an old key, or hands in the table), is not
/// believed: it is made again from the books.
pub(super) async fn load(
    tx: &mut PgTransaction<'_>,
    maker: &Maker,
    name: ListName,
    at: DateTime<Utc>,
) -> Result<Loaded, RoundError> {
    let token = sqlx::query_scalar!(
        "select token from redemption.status_list where series = $1 and shard = $2",
        i32::from(name.series),
        i16::from(name.shard),
    )
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(token) = token {
        let (uri, key) = (maker.uri(name), maker.key.clone());
        let opened = spawn_blocking(move || StatusList::open(&token, &uri, &[key])).await?;
        match opened {
            Ok(list) => return Ok(Loaded { list, from_books: false }),
            Err(error) => {
                let (series, shard) = (name.series, name.shard);
                tracing::warn!(series, shard, %error, "a status list is made again from the books");
            }
        }
    }
    let shard = rebuild::shard_from_books(tx, name).await?;
    let list = spawn_blocking(move || new_list(shard, at)).await?;
    Ok(Loaded { list, from_books: true })
}

/// A list of what is true at `at`.
pub(super) fn new_list(shard: voucher::StatusShard, at: DateTime<Utc>) -> StatusList {
    StatusList::new(shard, at.timestamp(), expires_at(at), LIST_TTL_SECONDS)
}

pub(super) fn expires_at(at: DateTime<Utc>) -> i64 {
    at.checked_add_signed(TimeDelta::hours(LIST_HOURS)).unwrap_or(at).timestamp()
}

/// The list with these statuses; nothing when it says them already. It says `at` only when it is all true then.
pub(super) async fn changed(
    loaded: Loaded,
    statuses: Vec<(AccountNumber, Status)>,
    at: Option<DateTime<Utc>>,
) -> Result<Option<StatusList>, RoundError> {
    let changed = spawn_blocking(move || {
        let Loaded { list, from_books } = loaded;
        let (issued_at, expires) = match at {
            Some(at) => (at.timestamp(), expires_at(at)),
            None => (list.issued_at, list.expires_at),
        };
        let mut shard = list.shard().clone();
        let mut differs = false;
        for (number, status) in statuses {
            differs |= shard.set(place(number), status);
        }
        if differs {
            Some(StatusList::new(shard, issued_at, expires, LIST_TTL_SECONDS))
        } else {
            from_books.then_some(list)
        }
    });
    Ok(changed.await?)
}

/// Signs a list and publishes it in the place of the one before.
pub(super) async fn publish(
    tx: &mut PgTransaction<'_>,
    maker: &Maker,
    name: ListName,
    list: StatusList,
    changed_at: Option<DateTime<Utc>>,
) -> Result<(), RoundError> {
    let (uri, signer) = (maker.uri(name), Arc::clone(&maker.signer));
    let signed_at = DateTime::from_timestamp(list.issued_at, 0).unwrap_or_default();
    let (token, sha256) = spawn_blocking(move || {
        let token = list.sign(&uri, &*signer)?;
        let sha256 = Sha256::digest(&token);
        Ok::<_, voucher::SignError>((token, sha256))
    })
    .await??;
    sqlx::query!(
        "insert into redemption.status_list (series, shard, token, sha256, kid, signed_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, coalesce($7::timestamptz, $6::timestamptz))
         on conflict (series, shard) do update set token = excluded.token, sha256 = excluded.sha256, kid = excluded.kid,
             signed_at = excluded.signed_at, changed_at = coalesce($7::timestamptz, status_list.changed_at)",
        i32::from(name.series),
        i16::from(name.shard),
        token,
        sha256.as_slice(),
        &maker.signer.kid().to_bytes(),
        signed_at,
        changed_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
