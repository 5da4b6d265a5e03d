//! Lists made from the books alone: the first time, after a restore into another cluster, and for a list that is not believed.
//!
//! List by list, in order of series and shard, each in a transaction of its own; a list's number is series × 16 + shard.

use ledger::BookId;
use sqlx::PgTransaction;
use voucher::StatusShard;

use super::lists::{ListName, place};
use super::state::{blocked_from, statuses};

/// Vouchers whose states are read at once.
const VOUCHERS_MAX: u32 = 20_000;

/// Shards in a series.
const SHARDS: i32 = 16;

impl ListName {
    /// The number of the list after this one, in the order of a rebuild.
    pub(super) fn next_number(self) -> i32 {
        i32::from(self.series) * SHARDS + i32::from(self.shard) + 1
    }
}

/// The first list from this number on; looks no further than that. Every series has its first shard, for a phone to find before anything is handed over; of the
/// others, those in which a voucher was ever opened or blocked, or that are published already.
pub(super) async fn next_list(tx: &mut PgTransaction<'_>, from: i32) -> Result<Option<ListName>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select s.series, s.programme_id as "book: BookId", shard.n as "shard!"
           from catalogue.series s
           cross join lateral (
               select n from generate_series(0, 15) as n
               cross join lateral (
                   select ledger.voucher_number(s.series, n << 20)) as first (number)
               where s.series * 16 + n >= $1 and (n = 0
                   or exists (select from ledger.voucher a where a.book_id = s.programme_id
                       and a.number between first.number and first.number + ((1 << 20) - 1))
                   or exists (select from issuer.voucher_blocked b where b.book_id = s.programme_id
                       and b.number between first.number and first.number + ((1 << 20) - 1))
                   or exists (select from redemption.status_list l where l.series = s.series and l.shard = n))
               order by n limit 1) as shard
           where s.series >= $1 / 16
           order by s.series limit 1"#,
        from,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| ListName {
        series: u16::try_from(row.series).expect("series_fits_token keeps 16 bits"),
        shard: u8::try_from(row.shard).expect("0 to 15"),
        book: row.book,
    }))
}

/// What the books say of every voucher of a list.
pub(super) async fn shard_from_books(tx: &mut PgTransaction<'_>, name: ListName) -> Result<StatusShard, sqlx::Error> {
    let mut shard = StatusShard::new();
    let (mut first, last) = name.numbers();
    loop {
        let opened = ledger::read::vouchers_from(tx, name.book, first, last, VOUCHERS_MAX).await?;
        let blocked = blocked_from(tx, name.book, first, last, VOUCHERS_MAX).await?;
        // What both chunks cover: the shorter reach of those that are full.
        let full = VOUCHERS_MAX as usize;
        let reach = [&opened, &blocked]
            .into_iter()
            .filter(|chunk| chunk.len() == full)
            .filter_map(|chunk| chunk.last().copied())
            .min()
            .unwrap_or(last);
        let mut numbers: Vec<_> = opened
            .into_iter()
            .chain(blocked)
            .filter(|number| *number <= reach)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        for (number, status) in statuses(tx, name.book, &numbers).await? {
            shard.set(place(number), status);
        }
        if reach == last {
            return Ok(shard);
        }
        first = ledger::AccountNumber::new(reach.get() + 1);
    }
}

/// Series whose first list was never made.
pub(super) async fn new_series(tx: &mut PgTransaction<'_>) -> Result<Vec<ListName>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select s.series, s.programme_id as "book: BookId" from catalogue.series s
           where not exists (select from redemption.status_list l where l.series = s.series and l.shard = 0)
           order by s.series limit 32"#
    )
    .fetch_all(&mut **tx)
    .await?;
    let name = |series, book| ListName {
        series: u16::try_from(series).expect("series_fits_token keeps 16 bits"),
        shard: 0,
        book,
    };
    Ok(rows.into_iter().map(|row| name(row.series, row.book)).collect())
}
