//! Which vouchers changed: what keeps something in step with the books (status lists) without reading them all again.
//!
//! Each transfer carries the number of the transaction that wrote it. A reader keeps one number, all below which it has
//! seen, and a round goes:
//!
//! 1. [`lowest_in_flight`]: every transaction below it is finished, and stays so. This is what the reader keeps at the end.
//! 2. [`changed_vouchers`] from the number kept, chunk by chunk: all that is visible now, finished transactions above the oldest
//!    one in flight included, so that nobody's long transaction delays what others committed.
//! 3. Read the vouchers' *state* ([`voucher_states`](crate::read::voucher_states), [`last_claims`](crate::read::last_claims)) and write it down.
//!
//! **Nothing is missed.** What is not visible in 2 belongs to a transaction that was in flight, so its number is not below the
//! one kept. Reading something twice is harmless, since the state is read and not the change.
//!
//! *Rejected:* remembering the highest instant or sequence number seen (drawn before the commit: whoever draws first and commits
//! last is never seen); a table of changes to be emptied (every claim would write and delete one more row); logical decoding
//! (needs a server setting and a slot that somebody must watch).

use sealed_log::{AccountNumber, BookId};
use sqlx::PgConnection;

/// The number of a transaction, without wrap-around. Means something only in the [`cluster`] that gave it.
pub type TransactionNumber = i64;

/// Some of the vouchers that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Each once, in order of book and number.
    pub vouchers: Vec<(BookId, AccountNumber)>,
    /// Where the next chunk begins; nothing when this was the last one.
    pub next: Option<TransactionNumber>,
}

/// Identifies the PostgreSQL cluster. Books restored into another one have numbers that mean nothing there, so whoever
/// keeps a number keeps this beside it.
pub async fn cluster(connection: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select system_identifier as "cluster!" from pg_control_system()"#)
        .fetch_one(connection)
        .await
}

/// The lowest number of another transaction of this database that may still be in flight: all below are committed, and visible to
/// the next statement, or rolled back. Never lower than an earlier answer.
///
/// Numbers are drawn by the whole cluster, and PostgreSQL tells only the oldest of all. One that is surely of another database is
/// left out, or a session forgotten there would hold up the seal of these books. Surely: whoever holds it is connected elsewhere.
/// One that nobody holds has just begun (it counts), or has ended since it was seen; the second statement tells which.
pub async fn lowest_in_flight(connection: &mut PgConnection) -> sqlx::Result<TransactionNumber> {
    // Locks name the low 32 bits of a number; those in flight span less.
    let seen = sqlx::query!(
        r#"select pg_snapshot_xmax(s.snapshot)::text::bigint as "next!", array(
               select number from (select pg_snapshot_xip(s.snapshot)::text::bigint as number) as under_way
               where not exists (
                   select from pg_locks l
                   join pg_stat_activity a on a.pid = l.pid
                   join pg_database d on d.oid = a.datid and d.datname <> current_database()
                   where l.locktype = 'transactionid' and l.granted and l.mode = 'ExclusiveLock'
                       and l.transactionid::text::bigint = under_way.number % 4294967296)) as "here!"
           from (select pg_current_snapshot() as snapshot) as s"#
    )
    .fetch_one(&mut *connection)
    .await?;
    if seen.here.is_empty() {
        return Ok(seen.next);
    }
    let oldest = sqlx::query_scalar!(
        "select min(number) from unnest($1::bigint[]) as number where pg_xact_status(number::text::xid8) = 'in progress'",
        &seen.here,
    )
    .fetch_one(connection)
    .await?;
    Ok(oldest.unwrap_or(seen.next))
}

/// The vouchers touched by some `transfers_max` transfers of the transactions from `from` on, as far as they are visible. A chunk
/// ends with a whole transaction, so it may hold one transaction more.
pub async fn changed_vouchers(
    connection: &mut PgConnection,
    from: TransactionNumber,
    transfers_max: u32,
) -> sqlx::Result<Changes> {
    // Index `transfer_sealing`; nearly all rows pass the filter. A voucher is on one side of each of these transfers.
    let last = sqlx::query_scalar!(
        "select xact from ledger.transfer where kind in (11, 12, 13, 20, 21, 22, 23, 24) and xact >= $1
         order by xact offset $2 limit 1",
        from,
        i64::from(transfers_max.max(1)) - 1,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let rows = sqlx::query!(
        r#"select distinct t.book_id as "book: BookId", side.number as "number!: AccountNumber"
           from ledger.transfer t
           cross join lateral (values (t.debit), (t.credit)) as side (number)
           where t.kind in (11, 12, 13, 20, 21, 22, 23, 24) and t.xact >= $1 and t.xact <= $2 and (side.number >> 56) = 9
           order by 1, 2"#,
        from,
        last.unwrap_or(TransactionNumber::MAX),
    )
    .fetch_all(connection)
    .await?;
    Ok(Changes {
        vouchers: rows.into_iter().map(|row| (row.book, row.number)).collect(),
        next: last.map(|last| last.saturating_add(1)),
    })
}

/// Some vouchers of a series, in order of number: every account opened from `first` on, at most `vouchers_max`. For whoever
/// begins, or begins again, and has no number to go on from.
pub async fn vouchers_from(
    connection: &mut PgConnection,
    book: BookId,
    first: AccountNumber,
    last: AccountNumber,
    vouchers_max: u32,
) -> sqlx::Result<Vec<AccountNumber>> {
    sqlx::query_scalar!(
        r#"select number as "number: AccountNumber" from ledger.account
           where book_id = $1 and kind = 9 and number between $2 and $3 order by number limit $4"#,
        book.uuid(),
        first.get(),
        last.get(),
        i64::from(vouchers_max),
    )
    .fetch_all(connection)
    .await
}
