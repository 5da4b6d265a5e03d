//! What sealing costs, against PostgreSQL reading the same rows. Run by scripts/bench-seal.

use std::time::{Duration, Instant};

use crate::common::*;
use crate::sealing::{key, seal_all};
use ledger::seal;
use sqlx::{Executor, PgPool};

/// Transfers of one transaction, as a busy second would have.
const STEP: i64 = 2000;

/// Peak memory of this process, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1024
}

/// Vouchers activated and claimed: two transfers each, accounts with the sums of both.
async fn fill(pool: &PgPool, vouchers: i64) {
    pool.execute(
        "insert into ledger.account (book_id, number, kind, party, batch, debits_cents, credits_cents)
         select '00000000-0000-0000-0000-00000000b001', (k::bigint << 56) + n, k, gen_random_uuid(),
             case when k = 8 then gen_random_uuid() end, 0, 0
         from (values (8, 1), (10, 1000)) as kinds (k, many) cross join lateral generate_series(1, many) n",
    )
    .await
    .unwrap();
    for first in (0..vouchers).step_by(usize::try_from(STEP).unwrap()) {
        let last = (first + STEP).min(vouchers) - 1;
        let filled = sqlx::query(
            "with voucher as (
                 select (9::bigint << 56) + (1 << 24) + n as number, n from generate_series($1::bigint, $2::bigint) n
             ), opened as (
                 insert into ledger.account (book_id, number, kind, limit_cents, debits_cents, credits_cents)
                 select '00000000-0000-0000-0000-00000000b001', number, 9, 1000, 1000, 1000 from voucher
             )
             insert into ledger.transfer (book_id, id, kind, debit, credit, cents, at, event_id)
             select '00000000-0000-0000-0000-00000000b001', gen_random_uuid(), leg.kind, leg.debit, leg.credit, 1000,
                 '2026-03-01T10:00:00Z', gen_random_uuid()
             from voucher cross join lateral (values
                 (11, (8::bigint << 56) + 1, number), (20, number, (10::bigint << 56) + 1 + n % 1000)) as leg (kind, debit, credit)"
        );
        filled.bind(first).bind(last).execute(pool).await.unwrap();
    }
    pool.execute(
        "update ledger.account a set debits_cents = m.debits, credits_cents = greatest(m.credits, m.debits)
         from (select number, sum(debits) as debits, sum(credits) as credits from (
                   select debit as number, cents as debits, 0 as credits from ledger.transfer
                   union all select credit, 0, cents from ledger.transfer) s group by number) m
         where a.number = m.number and a.kind <> 9",
    )
    .await
    .unwrap();
}

/// Seconds that PostgreSQL takes to write the rows out, the better of two.
async fn copied(pool: &PgPool) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..2 {
        let begin = Instant::now();
        let mut connection = pool.acquire().await.unwrap();
        connection
            .execute("set max_parallel_workers_per_gather = 0")
            .await
            .unwrap();
        let rows: i64 = sqlx::query_scalar("select count(t::text) from ledger.transfer t")
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert!(rows > 0);
        best = best.min(begin.elapsed());
    }
    best
}

#[testkit::test]
#[ignore = "a measure, not a test: scripts/bench-seal"]
async fn measures_the_sealer(pool: PgPool) {
    let transfers: i64 = std::env::var("CCN_BENCH_TRANSFERS").map_or(100_000, |text| text.parse().unwrap());
    fill(&pool, transfers / 2).await;
    let (copied, before) = (copied(&pool).await, peak());
    let begin = Instant::now();
    let sealed = seal_all(&pool, at()).await;
    let sealing = begin.elapsed();
    let memory = peak() - before;
    let begin = Instant::now();
    let mut connection = pool.acquire().await.unwrap();
    let unequal = seal::unequal_sums(&mut connection, 10).await.unwrap();
    let comparing = begin.elapsed();
    // The reserve, which nobody funded here.
    assert_eq!(unequal.len(), 1);
    let begin = Instant::now();
    let quiescence = seal::Quiescence::wait(&pool, Duration::from_mins(1))
        .await
        .unwrap()
        .unwrap();
    let mut tx = pool.begin().await.unwrap();
    seal::close(
        &mut tx,
        &key(),
        "2026-03".parse().unwrap(),
        uuid::Uuid::nil(),
        quiescence,
        "2026-04-02T00:00:00Z".parse().unwrap(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let closing = begin.elapsed();
    let ratio = |time: Duration| time.as_millis() * 100 / copied.as_millis().max(1);
    println!(
        "{} transfers; the same rows as text: {copied:?}; sealed: {sealing:?} ({} % of it), {memory} MiB more at the peak; \
         all sums compared: {comparing:?} ({} %); month closed: {closing:?}",
        sealed.entries,
        ratio(sealing),
        ratio(comparing),
    );
}
