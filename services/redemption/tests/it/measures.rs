//! The measured tables of docs/STATUS-LIST.md. Not run with the tests: they prove nothing, they print.
//!
//! ```text
//! cargo test -p redemption --test it measures -- --ignored --nocapture --test-threads 1
//! ```

use std::time::Instant;

use sqlx::PgPool;
use voucher::{SHARD_PLACES, Status, StatusList, StatusShard};

use crate::fixture::{Fixture, MORNING, instant};

/// A small generator (splitmix64): the same table every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) % u64::from(bound)).unwrap()
    }
}

/// Of 100 vouchers printed: how many can be spent, are spent, are revoked or expired. The others were not handed over.
const MIXES: [(&str, u32, u32, u32); 4] = [
    ("first weeks", 10, 2, 0),
    ("half way", 35, 24, 1),
    ("last weeks", 25, 60, 3),
    ("expired", 0, 62, 33),
];

fn list(vouchers: u32, (_, valid, used, invalid): (&str, u32, u32, u32), at: i64) -> StatusList {
    let (mut shard, mut dice) = (StatusShard::new(), Dice(u64::from(vouchers)));
    // Places are drawn as the mint draws them: at random inside the shard.
    let mut places: Vec<u32> = (0..SHARD_PLACES).collect();
    for nth in 0..vouchers {
        let other = nth + dice.below(SHARD_PLACES - nth);
        places.swap(nth as usize, other as usize);
        let status = match dice.below(100) {
            n if n < valid => Status::Valid,
            n if n < valid + used => Status::Used,
            n if n < valid + used + invalid => Status::Invalid,
            _ => Status::Suspended,
        };
        shard.set(places[nth as usize], status);
    }
    StatusList::new(shard, at, at + 72 * 3600, 60)
}

#[test]
#[ignore = "prints a table"]
fn sizes_of_lists() {
    let key = voucher::SigningKey::from_seed(&zeroize::Zeroizing::new([8; 32]));
    println!("bytes of one signed list");
    for vouchers in [10_000, 100_000, 500_000, 1_000_000] {
        for mix in MIXES {
            let started = Instant::now();
            let list = list(vouchers, mix, instant(MORNING).timestamp());
            let drawn = started.elapsed();
            let started = Instant::now();
            let list = StatusList::new(list.into_shard(), 0, 1, 60);
            let token = list.sign("https://cheque.example.fr/redemption/sl/1/0", &key).unwrap();
            println!(
                "{vouchers:>9} {:<12} {:>7} bytes, made in {:?} (drawn in {drawn:?})",
                mix.0,
                token.len(),
                started.elapsed()
            );
        }
    }
}

/// Fills the books with vouchers handed over long ago, 100,000 a programme, by the shortest way.
async fn fill(fixture: &Fixture, programmes: u32) {
    for sql in [
        // What a round does not use is not built here.
        "alter table ledger.transfer drop constraint transfer_pk; alter table issuer.voucher drop constraint voucher_serial_unique;
         alter table issuer.voucher drop constraint voucher_code_digest_unique; drop index ledger.transfer_event,
         ledger.transfer_opening",
        "insert into catalogue.series (series, programme_id, created_at)
         select n, (select programme_id from catalogue.series limit 1), now() from generate_series(1000, 999 + {programmes}) n;
         insert into ledger.account (book_id, number, kind, party)
         select programme_id, (10::bigint << 56) + 2, 10, programme_id from catalogue.series limit 1",
    ] {
        let sql = sql.replace("{programmes}", &programmes.to_string());
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&fixture.admin).await.unwrap();
    }
    for nth in 0..programmes {
        let fill = format!(
            "set session_replication_role = replica;
             insert into ledger.account (book_id, number, kind, limit_cents, credits_cents, nonce, commitment)
             select p.id, (9::bigint << 56) + ({series}::bigint << 24) + n * 10, 9, 1000, 1000,
                 decode(repeat('00', 16), 'hex'), decode(repeat('00', 32), 'hex')
             from (select programme_id as id from catalogue.series limit 1) p, generate_series(0, 99999) n;
             insert into ledger.transfer (book_id, id, kind, debit, credit, cents, at, event_id, xact)
             select p.id, gen_random_uuid(), 11, 1, (9::bigint << 56) + ({series}::bigint << 24) + n * 10, 1000, now(), p.id, {nth}
             from (select programme_id as id from catalogue.series limit 1) p, generate_series(0, 99999) n;
             insert into issuer.voucher (book_id, number, batch_id, serial, nonce, commitment, code_digest, id_key, code_key, kid)
             select p.id, (9::bigint << 56) + ({series}::bigint << 24) + n * 10, p.id, n + 1, decode(repeat('00', 16), 'hex'), decode(repeat('00', 32), 'hex'),
                 decode(repeat('00', 16), 'hex'), '\\x00000000', '\\x00000000', '\\x00000000'
             from (select programme_id as id from catalogue.series limit 1) p, generate_series(0, 99999) n;
             set session_replication_role = default",
            series = 1000 + nth,
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(fill))
            .execute(&fixture.admin)
            .await
            .unwrap();
    }
    sqlx::raw_sql("analyze").execute(&fixture.admin).await.unwrap();
}

/// Spends `each` vouchers of each of 10 programmes.
async fn spends(fixture: &Fixture, from: u32, each: u32) {
    let sql = format!(
        "set session_replication_role = replica;
         insert into ledger.transfer (book_id, id, kind, debit, credit, cents, at, event_id, presented, evidence)
         select p.id, gen_random_uuid(), 20, (9::bigint << 56) + (s::bigint << 24) + n * 10, (10::bigint << 56) + 2, 1000, now(), p.id,
             1, decode(repeat('00', 32), 'hex')
         from (select programme_id as id from catalogue.series limit 1) p, generate_series(1000, 1009) s,
             generate_series({from}, {to}) n;
         update ledger.account a set debits_cents = 1000 from generate_series(1000, 1009) s, generate_series({from}, {to}) n
         where a.number = (9::bigint << 56) + (s::bigint << 24) + n * 10 and a.book_id =
             (select programme_id from catalogue.series limit 1);
         set session_replication_role = default",
        to = from + each - 1,
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&fixture.admin)
        .await
        .unwrap();
}

async fn time_of_a_round(pool: PgPool, programmes: u32) {
    let fixture = Fixture::new(pool).await;
    fixture.programme(1).await;
    let started = Instant::now();
    fill(&fixture, programmes).await;
    println!("{programmes}00000 vouchers, filled in {:?}", started.elapsed());
    let started = Instant::now();
    let work = fixture.makes_lists().await;
    println!("  made from the books: {work:?} in {:?}", started.elapsed());
    let started = Instant::now();
    let work = fixture.makes_lists().await;
    println!("  nothing changed:     {work:?} in {:?}", started.elapsed());
    for round in 0..4 {
        spends(&fixture, round * 100, 100).await;
        let started = Instant::now();
        let work = fixture.makes_lists().await;
        println!("  1,000 claims:        {work:?} in {:?}", started.elapsed());
    }
}

#[testkit::test]
#[ignore = "prints a table"]
async fn time_of_a_round_with_1_million_vouchers(pool: PgPool) {
    time_of_a_round(pool, 10).await;
}

#[testkit::test]
#[ignore = "prints a table; takes minutes"]
async fn time_of_a_round_with_10_million_vouchers(pool: PgPool) {
    time_of_a_round(pool, 100).await;
}
