//! One round: from what changed to the lists that say so.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use ledger::read::TransactionNumber;
use ledger::{AccountNumber, BookId};
use sqlx::{PgPool, PgTransaction};
use voucher::{Host, KeyPolicy, PublicKey, Purpose, SignError, Signer, WeakKey};

use super::cursor::{self, FeedCursor};
use super::lists::{ListName, changed, expires_at, load, new_list, publish};
use super::rebuild::{new_series, next_list, shard_from_books};
use super::state::{newly_blocked, statuses};
use super::{CHANGES_MAX, RENEWALS_MAX, SIGNATURE_HOURS};

/// Who makes status lists: any number of them, one at a time.
#[derive(Clone)]
pub struct Maker {
    pub(super) pool: PgPool,
    host: Host,
    pub(super) signer: Arc<dyn Signer>,
    pub(super) key: PublicKey,
}

impl std::fmt::Debug for Maker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Maker")
            .field("key", &self.key.kid())
            .finish_non_exhaustive()
    }
}

/// What a round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Another maker is at it.
    Elsewhere,
    /// The lists are in step with the books.
    InStep(Work),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Vouchers looked at because something touched them.
    pub vouchers: usize,
    /// Lists published because what they say changed, or because they were missing.
    pub changed: usize,
    /// Lists signed again because their signature was old.
    pub renewed: usize,
}

/// Why a round failed. What was published before stays; the next round goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    #[error("the status key does not sign")]
    Sign(#[from] SignError),
    #[error("a computation failed")]
    Task(#[from] tokio::task::JoinError),
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// How far the changes of this round were read: nothing where all of them were.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// The oldest transaction under way when the round began: the next round begins there.
    oldest: TransactionNumber,
    transfers: Option<TransactionNumber>,
    blocks: Option<TransactionNumber>,
}

enum Step {
    Elsewhere,
    More(Option<Reading>, Work),
    Done(Work),
}

impl Maker {
    /// A maker that signs with the status key `signer`, for lists published at `host`.
    pub fn new(pool: PgPool, host: Host, signer: Arc<dyn Signer>) -> Result<Self, WeakKey> {
        let key = PublicKey::new(&signer.public_bytes(), KeyPolicy::unbounded(Purpose::Status))?;
        Ok(Self {
            pool,
            host,
            signer,
            key,
        })
    }

    pub(super) fn uri(&self, name: ListName) -> String {
        self.host.status_list_uri(name.series, name.shard)
    }

    /// Brings the lists in step with the books as they are now.
    pub async fn round(&self, at: DateTime<Utc>) -> Result<Round, RoundError> {
        let mut done = Work::default();
        let mut reading = None;
        loop {
            let step = database::transaction(&self.pool, "status_lists", |tx| {
                let maker = self.clone();
                Box::pin(async move { maker.step(tx, reading, at).await })
            })
            .await?;
            match step {
                Step::Elsewhere => return Ok(Round::Elsewhere),
                Step::More(next, work) => {
                    reading = next;
                    done = done.and(work);
                }
                Step::Done(work) => return Ok(Round::InStep(done.and(work))),
            }
        }
    }

    /// One transaction of a round.
    async fn step(
        &self,
        tx: &mut PgTransaction<'_>,
        reading: Option<Reading>,
        at: DateTime<Utc>,
    ) -> Result<Step, RoundError> {
        let cluster = ledger::read::cluster(tx).await?;
        // Before the cursor is locked: from then on this transaction is under way itself.
        let oldest = ledger::read::lowest_in_flight(tx).await?;
        match cursor::take(tx, cluster, oldest).await? {
            None => Ok(Step::Elsewhere),
            Some(FeedCursor::Rebuild { next, list }) => self.rebuild(tx, cluster, next, list, at).await,
            Some(FeedCursor::Follow { next }) => {
                let reading = reading.unwrap_or(Reading {
                    oldest,
                    transfers: Some(next),
                    blocks: Some(next),
                });
                self.follow(tx, cluster, next, reading, at).await
            }
        }
    }

    /// Makes one list from the books.
    async fn rebuild(
        &self,
        tx: &mut PgTransaction<'_>,
        cluster: i64,
        next: TransactionNumber,
        list: i32,
        at: DateTime<Utc>,
    ) -> Result<Step, RoundError> {
        let (cursor, changed) = match next_list(tx, list).await? {
            Some(name) => {
                let shard = shard_from_books(tx, name).await?;
                let list = tokio::task::spawn_blocking(move || new_list(shard, at)).await?;
                publish(tx, self, name, list, Some(at)).await?;
                let list = name.next_number();
                (FeedCursor::Rebuild { next, list }, 1)
            }
            None => (FeedCursor::Follow { next }, 0),
        };
        cursor::leave(tx, cluster, cursor, None).await?;
        let work = Work {
            changed,
            ..Work::default()
        };
        Ok(Step::More(None, work))
    }

    /// Looks at one chunk of what changed.
    async fn follow(
        &self,
        tx: &mut PgTransaction<'_>,
        cluster: i64,
        next: TransactionNumber,
        mut reading: Reading,
        at: DateTime<Utc>,
    ) -> Result<Step, RoundError> {
        let mut touched = Vec::new();
        if let Some(from) = reading.transfers {
            let changes = ledger::read::changed_vouchers(tx, from, CHANGES_MAX).await?;
            reading.transfers = changes.next;
            touched.extend(changes.vouchers);
        }
        if let Some(from) = reading.blocks {
            let changes = newly_blocked(tx, from, CHANGES_MAX).await?;
            reading.blocks = changes.next;
            touched.extend(changes.vouchers);
        }
        let last = reading.transfers.is_none() && reading.blocks.is_none();
        let mut work = Work::default();
        for (name, numbers) in by_list(touched) {
            work.vouchers += numbers.len();
            let statuses = statuses(tx, name.book, &numbers).await?;
            let loaded = load(tx, self, name, at).await?;
            if let Some(list) = changed(loaded, statuses, last.then_some(at)).await? {
                publish(tx, self, name, list, Some(at)).await?;
                work.changed += 1;
            }
        }
        if last {
            work = work.and(self.begin_series(tx, at).await?);
            work = work.and(self.renew(tx, at).await?);
        }
        // Another maker may have come further between two of our transactions.
        let seen = [reading.transfers, reading.blocks].into_iter().flatten().min();
        let next = next.max(seen.map_or(reading.oldest, |seen| seen.min(reading.oldest)));
        cursor::leave(tx, cluster, FeedCursor::Follow { next }, last.then_some(at)).await?;
        Ok(if last {
            Step::Done(work)
        } else {
            Step::More(Some(reading), work)
        })
    }

    /// The first list of each new series.
    async fn begin_series(&self, tx: &mut PgTransaction<'_>, at: DateTime<Utc>) -> Result<Work, RoundError> {
        let mut work = Work::default();
        for name in new_series(tx).await? {
            let list = load(tx, self, name, at).await?.list;
            publish(tx, self, name, list, Some(at)).await?;
            work.changed += 1;
        }
        Ok(work)
    }

    /// Signs old lists again, and those that another key signed.
    async fn renew(&self, tx: &mut PgTransaction<'_>, at: DateTime<Utc>) -> Result<Work, RoundError> {
        let signed_before = at - TimeDelta::hours(SIGNATURE_HOURS);
        let rows = sqlx::query!(
            r#"select l.series, l.shard, s.programme_id as "book: BookId"
               from redemption.status_list l join catalogue.series s on s.series = l.series
               where l.signed_at <= $1 or l.kid <> $2 order by l.signed_at limit $3"#,
            signed_before,
            &self.signer.kid().to_bytes(),
            RENEWALS_MAX,
        )
        .fetch_all(&mut **tx)
        .await?;
        let mut work = Work::default();
        for row in rows {
            let name = ListName {
                series: u16::try_from(row.series).expect("status_list_series keeps 16 bits"),
                shard: u8::try_from(row.shard).expect("status_list_shard keeps 4 bits"),
                book: row.book,
            };
            let loaded = load(tx, self, name, at).await?;
            let list = loaded.list.renewed(at.timestamp(), expires_at(at));
            publish(tx, self, name, list, loaded.from_books.then_some(at)).await?;
            work.renewed += 1;
        }
        Ok(work)
    }
}

impl Work {
    const fn and(self, other: Self) -> Self {
        Self {
            vouchers: self.vouchers + other.vouchers,
            changed: self.changed + other.changed,
            renewed: self.renewed + other.renewed,
        }
    }
}

fn by_list(touched: Vec<(BookId, AccountNumber)>) -> BTreeMap<ListName, Vec<AccountNumber>> {
    let mut lists: BTreeMap<ListName, Vec<AccountNumber>> = BTreeMap::new();
    for (book, number) in touched {
        if let Some(name) = ListName::of(book, number) {
            lists.entry(name).or_default().push(number);
        }
    }
    for numbers in lists.values_mut() {
        numbers.sort_unstable();
        numbers.dedup();
    }
    lists
}
