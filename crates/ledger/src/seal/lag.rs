use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::read::{InFlightTransaction, cluster, oldest_in_flight};
use crate::seal::checkpoints::last_checkpoint;
use crate::seal::pending::resume_at;

/// Entries counted at most: a long backlog is counted to here, and its oldest entry is among these.
pub const LAG_ENTRIES_MAX: u32 = 100_000;

/// What waits for its place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealLag {
    /// Transfers, records and audit lines without a leaf, at most [`LAG_ENTRIES_MAX`] of each.
    pub entries: u64,
    /// When the oldest of them was posted.
    pub oldest: Option<DateTime<Utc>>,
    /// The transaction that the sealer waits for, if something waits and there is one.
    pub waits_for: Option<InFlightTransaction>,
}

impl SealLag {
    /// How old the oldest is; zero when nothing waits.
    #[must_use]
    pub fn age(&self, at: DateTime<Utc>) -> TimeDelta {
        self.oldest
            .map_or(TimeDelta::zero(), |oldest| (at - oldest).max(TimeDelta::zero()))
    }
}

/// What can be seen and has no leaf yet: a range of the index that the sealer reads, from where the last checkpoint ended, so it costs
/// nothing while the sealer keeps up.
pub async fn seal_lag(connection: &mut PgConnection) -> sqlx::Result<SealLag> {
    let checkpoint = last_checkpoint(&mut *connection).await?;
    let here = cluster(&mut *connection).await?;
    let from = resume_at(checkpoint.as_ref(), here);
    let found = sqlx::query!(
        r#"select count(*) as "entries!", min(n.at) as oldest from (
               (select t.at from ledger.transfer t where t.xact >= $1
                    and not exists (select from ledger.leaf l where l.entry_id = t.id and l.book_id = t.book_id)
                order by t.xact, t.book_id, t.id limit $2)
               union all
               (select r.at from ledger.record r where r.xact >= $1
                    and not exists (select from ledger.leaf l where l.entry_id = r.id and l.book_id = r.book_id)
                order by r.xact, r.book_id, r.id limit $2)
               union all
               (select s.at from ledger.audit_digest s where s.xact >= $1
                    and not exists (select from ledger.leaf l where l.entry_id = s.id and l.book_id = s.book_id)
                order by s.xact, s.book_id, s.id limit $2)) n"#,
        from,
        i64::from(LAG_ENTRIES_MAX),
    )
    .fetch_one(&mut *connection)
    .await?;
    let entries = u64::try_from(found.entries).unwrap_or(0);
    Ok(SealLag {
        entries,
        oldest: found.oldest,
        waits_for: if entries == 0 {
            None
        } else {
            oldest_in_flight(connection).await?
        },
    })
}
