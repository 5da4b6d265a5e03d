//! The log on a real PostgreSQL: who is sealed, in what order, and what a change leaves behind.

use crate::common::*;
use chrono::{DateTime, TimeDelta, Utc};
use ledger::seal;
use ledger::seal::{Entry, ProveError, SealError, Sealed};
use ledger::{Account, BookId, EventId, PartyId, Record, TransferId};
use sealed_log::{AnyLeaf, Checkpoint, Frontier, Hash, LeafError, NoteKey, verify_consistency, verify_inclusion};
use sqlx::{Connection, Executor, PgPool};
use standards::Cents;

const BOOK: BookId = book(1);

pub fn key() -> NoteKey {
    NoteKey::from_seed("test.example/log", &[7; 32]).unwrap()
}

/// Seals until nothing is left: PostgreSQL's own housekeeping may hold a number in this database for a moment.
pub async fn seal_all(pool: &PgPool, at: DateTime<Utc>) -> Sealed {
    let mut entries = 0;
    testkit::until("nothing left to seal", async || {
        let sealed = seal::seal(pool, &key(), at).await.unwrap();
        entries += sealed.entries;
        let left = seal::unsealed(&mut pool.acquire().await.unwrap()).await.unwrap();
        (left == 0).then_some(Sealed { entries, ..sealed })
    })
    .await
}

pub async fn checkpoint(pool: &PgPool) -> Checkpoint {
    let stored = seal::last_checkpoint(&mut pool.acquire().await.unwrap())
        .await
        .unwrap()
        .unwrap();
    let read = Checkpoint::open(&stored.note, &key().verifier()).unwrap();
    assert_eq!((read.size, read.root), (stored.size, stored.root));
    read
}

pub async fn all(pool: &PgPool) -> Vec<Entry> {
    seal::entries(&mut pool.acquire().await.unwrap(), 0..1_000_000)
        .await
        .unwrap()
}

pub fn root(entries: &[Entry]) -> Hash {
    let mut tree = Frontier::new();
    for entry in entries {
        tree.push(entry.leaf.as_ref().map_or_else(Hash::empty, AnyLeaf::hash));
    }
    tree.root()
}

#[testkit::test]
async fn every_transfer_gets_one_place_and_the_root_is_that_of_the_leaves(pool: PgPool) {
    assert_eq!(seal::seal(&pool, &key(), at()).await.unwrap(), Sealed::default());
    spendable(&pool, BOOK, 120).await;
    let first = seal_all(&pool, at()).await;
    assert_eq!(i64::try_from(first.entries).unwrap(), transfers(&pool).await);
    let earlier = checkpoint(&pool).await;
    post_now(&pool, &[claimed("c", BOOK, structure(1), &[0, 1, 2])]).await;
    assert_eq!(seal_all(&pool, at()).await.entries, 3);
    assert_eq!(seal_all(&pool, at()).await.entries, 0);

    let entries = all(&pool).await;
    assert!(
        entries
            .iter()
            .enumerate()
            .all(|(n, entry)| entry.seq == n as u64 && entry.holds())
    );
    let last = checkpoint(&pool).await;
    assert_eq!((last.size, last.root), (entries.len() as u64, root(&entries)));
    let path = seal::prove_consistency(&mut pool.acquire().await.unwrap(), earlier.size, last.size)
        .await
        .unwrap();
    assert_eq!(
        verify_consistency((earlier.size, earlier.root), (last.size, last.root), &path),
        Ok(())
    );

    for entry in &entries {
        let proof = seal::prove_transfer(&mut pool.acquire().await.unwrap(), TransferId::from_uuid(entry.id))
            .await
            .unwrap();
        assert_eq!(Some(&proof.leaf), entry.transfer());
        assert_eq!(
            verify_inclusion(proof.leaf.hash(), entry.seq, last.size, &proof.path, last.root),
            Ok(())
        );
        let bytes = proof.leaf.to_bytes();
        assert_eq!(AnyLeaf::from_bytes(&bytes), Ok(AnyLeaf::Transfer(proof.leaf)));
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(AnyLeaf::from_bytes(&longer), Err(LeafError::NotDeterministic));
        assert!(AnyLeaf::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    }
}

/// Transaction numbers are drawn before the commit: who draws first and commits last must not be missed, nor come twice.
#[testkit::test]
async fn what_commits_late_is_sealed_late_and_once(pool: PgPool) {
    let mut late = pool.begin().await.unwrap();
    let posting = received("late", funder(1), Cents::new(100));
    ledger::post(&mut late, &[posting], at()).await.unwrap();
    // Another account, so that it does not wait for the first one's locks.
    spendable_without_bank(&pool).await;
    assert_eq!(seal::seal(&pool, &key(), at()).await.unwrap().entries, 0);
    late.commit().await.unwrap();
    assert_eq!(seal_all(&pool, at()).await.entries, 2);
    assert_eq!(all(&pool).await.len(), 2);
}

/// Somebody's forgotten session in another database of the server is nobody's reason to wait; one in this database is.
#[testkit::test]
async fn what_is_under_way_in_another_database_holds_nothing_up(pool: PgPool) {
    let number = "select pg_current_xact_id()::text::bigint";
    let options = (*pool.connect_options()).clone().database("postgres");
    let mut elsewhere = sqlx::PgConnection::connect_with(&options).await.unwrap();
    let mut forgotten = elsewhere.begin().await.unwrap();
    let theirs: i64 = sqlx::query_scalar(number).fetch_one(&mut *forgotten).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    spendable_without_bank(&pool).await;
    seal_all(&pool, at()).await;
    assert_eq!(all(&pool).await.len(), 1);
    assert!(ledger::read::lowest_in_flight(&mut connection).await.unwrap() > theirs);

    let mut here = pool.begin().await.unwrap();
    let ours: i64 = sqlx::query_scalar(number).fetch_one(&mut *here).await.unwrap();
    assert!(ledger::read::lowest_in_flight(&mut connection).await.unwrap() <= ours);
    forgotten.rollback().await.unwrap();
    assert!(ledger::read::lowest_in_flight(&mut connection).await.unwrap() <= ours);
    here.rollback().await.unwrap();
    assert!(ledger::read::lowest_in_flight(&mut connection).await.unwrap() > ours);
}

/// A transfer that touches no account of [`received`].
async fn spendable_without_bank(pool: &PgPool) {
    let legs = [(
        ledger::TransferKind::Explained,
        Account::charges_owed(),
        Account::suspense(),
        Cents::new(5),
    )];
    post_now(pool, &[posting("aside", &legs)]).await;
}

#[testkit::test]
async fn sealers_side_by_side_seal_each_transfer_once(pool: PgPool) {
    spendable(&pool, BOOK, 50).await;
    let (signer, now) = (key(), at());
    let (a, b, c) = tokio::join!(
        seal::seal(&pool, &signer, now),
        seal::seal(&pool, &signer, now),
        seal::seal(&pool, &signer, now)
    );
    let at_work: u64 = [a, b, c].into_iter().map(|sealed| sealed.unwrap().entries).sum();
    let rest = seal_all(&pool, at()).await;
    assert_eq!(i64::try_from(at_work + rest.entries).unwrap(), transfers(&pool).await);
    assert!(all(&pool).await.iter().all(Entry::holds));
}

#[testkit::test]
async fn the_day_of_the_entry_never_goes_back(pool: PgPool) {
    let later = "2026-03-31T22:30:00Z".parse::<DateTime<Utc>>().unwrap();
    for (name, at) in [("a", later), ("b", at()), ("c", later + TimeDelta::days(400))] {
        let mut tx = pool.begin().await.unwrap();
        ledger::post(&mut tx, &[received(name, funder(1), Cents::new(1))], at)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    seal_all(&pool, later + TimeDelta::days(1)).await;
    let days: Vec<String> = all(&pool)
        .await
        .iter()
        .map(|entry| entry.leaf.as_ref().unwrap().booked_on().to_string())
        .collect();
    // 22:30 UTC is past midnight in Paris; the second is late and keeps its own instant; the third is not before its time.
    assert_eq!(days, ["2026-04-01", "2026-04-01", "2026-04-02"]);
}

/// What the issue asks: rewrite one old amount, relabel an account, or remove a transfer, as the superuser; the log says where.
#[testkit::test]
async fn a_change_of_the_past_is_found_at_its_place(pool: PgPool) {
    spendable(&pool, BOOK, 10).await;
    seal_all(&pool, at()).await;
    let before = all(&pool).await;
    let wrong = async |pool: &PgPool| -> Vec<u64> {
        all(pool)
            .await
            .iter()
            .filter(|entry| !entry.holds())
            .map(|entry| entry.seq)
            .collect()
    };
    pool.execute(
        "update ledger.transfer set cents = cents + 1 where id = (select entry_id from ledger.leaf where seq = 7)",
    )
    .await
    .unwrap();
    assert_eq!(wrong(&pool).await, [7]);
    assert_ne!(root(&all(&pool).await), checkpoint(&pool).await.root);
    let refused = seal::prove_entry(&mut pool.acquire().await.unwrap(), before[7].id).await;
    assert!(matches!(refused, Err(ProveError::Changed(7))));
    assert_eq!(seal::entries_bundle(&all(&pool).await), None);

    pool.execute(
        "update ledger.transfer set cents = cents - 1 where id = (select entry_id from ledger.leaf where seq = 7)",
    )
    .await
    .unwrap();
    assert_eq!(all(&pool).await, before);
    pool.execute("alter table ledger.transfer drop constraint transfer_pk cascade")
        .await
        .unwrap();
    pool.execute("delete from ledger.transfer where id = (select entry_id from ledger.leaf where seq = 9)")
        .await
        .unwrap();
    assert_eq!(wrong(&pool).await, [9]);
    pool.execute("update ledger.account set party = gen_random_uuid() where kind = 3")
        .await
        .unwrap();
    assert!(wrong(&pool).await.len() > 1);
}

#[testkit::test]
async fn an_account_whose_sums_were_reset_stops_the_sealer(pool: PgPool) {
    post_now(&pool, &[received("a", funder(1), Cents::new(100))]).await;
    pool.execute("update ledger.account set credits_cents = 0 where kind = 3")
        .await
        .unwrap();
    let stopped_by = testkit::until("the sealer stops", async || {
        match seal::seal(&pool, &key(), at()).await {
            Err(SealError::Sums(book, number)) => Some((book, number)),
            Ok(sealed) => {
                assert_eq!(sealed.entries, 0);
                None
            }
            Err(error) => panic!("{error}"),
        }
    })
    .await;
    let account = Account::deposited(funder(1));
    assert_eq!(stopped_by, (account.book(), account.number()));
}

/// Books restored into another cluster: numbers of transactions start again, lower or higher than those that came along.
#[testkit::test]
async fn restored_books_are_sealed_on_from_where_they_were(pool: PgPool) {
    spendable(&pool, BOOK, 10).await;
    seal_all(&pool, at()).await;
    let before = all(&pool).await;
    post_now(
        &pool,
        &[claimed("unsealed at the time of the copy", BOOK, structure(1), &[0])],
    )
    .await;
    pool.execute("update ledger.checkpoint set cluster = cluster + 1, sealed_below = 1::bigint << 60")
        .await
        .unwrap();
    pool.execute("update ledger.transfer set xact = xact + (1::bigint << 59)")
        .await
        .unwrap();
    post_now(&pool, &[claimed("after", BOOK, structure(1), &[1])]).await;
    assert_eq!(seal_all(&pool, at()).await.entries, 2);
    post_now(&pool, &[claimed("later", BOOK, structure(1), &[2])]).await;
    assert_eq!(seal_all(&pool, at()).await.entries, 1);
    let entries = all(&pool).await;
    assert_eq!(entries[..before.len()], before);
    assert_eq!(checkpoint(&pool).await.root, root(&entries));
}

/// More than one chunk, and a second row of tiles.
#[testkit::test]
async fn a_long_book_is_sealed_in_chunks_and_served_in_tiles(pool: PgPool) {
    let cents = Cents::new(1);
    for n in 0..3 {
        let postings: Vec<_> = (0..2000)
            .map(|m| {
                received(
                    &format!("{n} {m}"),
                    PartyId::from_uuid(uuid::Uuid::from_u128(m % 7)),
                    cents,
                )
            })
            .collect();
        post_now(&pool, &postings).await;
    }
    assert_eq!(seal_all(&pool, at()).await.size, 6000);
    let last = checkpoint(&pool).await;
    let entries = all(&pool).await;
    assert_eq!(last.root, root(&entries));
    let mut connection = pool.acquire().await.unwrap();
    let tile = seal::tile_hashes(&mut connection, 0, 23, 6000).await.unwrap();
    assert_eq!(
        tile,
        entries[5888..].iter().map(|entry| entry.sealed).collect::<Vec<_>>()
    );
    assert_eq!(seal::tile_hashes(&mut connection, 1, 0, 6000).await.unwrap().len(), 23);
    assert_eq!(seal::tile_hashes(&mut connection, 0, 24, 6000).await.unwrap(), []);
    for seq in [0, 255, 256, 4095, 4096, 5887, 5888, 5999] {
        let id = TransferId::from_uuid(entries[seq].id);
        let proof = seal::prove_transfer(&mut connection, id).await.unwrap();
        assert_eq!(
            verify_inclusion(proof.leaf.hash(), seq as u64, 6000, &proof.path, last.root),
            Ok(())
        );
    }
    let bundle = seal::entries_bundle(&entries[..256]).unwrap();
    let length = usize::from(u16::from_be_bytes([bundle[0], bundle[1]]));
    assert_eq!(Hash::leaf(&bundle[2..2 + length]), entries[0].sealed);
}

#[testkit::test]
async fn only_funding_seals_and_nobody_changes_a_sealed_line(pool: PgPool) {
    spendable(&pool, BOOK, 1).await;
    for role in database::Role::ALL {
        let under = testkit::as_role(&pool, role, 4).await;
        if role == database::Role::Funding {
            seal_all(&under, at()).await;
        }
        for statement in [
            "insert into ledger.leaf values (99, gen_random_uuid(), gen_random_uuid(), '2026-01-01', sha256(''))",
            "insert into ledger.checkpoint values (99, sha256(''), '', '', now(), 0, 0)",
            "insert into ledger.close values ('2020-01-01', now(), gen_random_uuid(), 99, sha256(''), '', '')",
            "insert into ledger.cosigner values ('x', gen_random_uuid(), now(), gen_random_uuid())",
        ] {
            let refused = under
                .execute(statement)
                .await
                .map_err(|error| error.as_database_error().unwrap().code().map(String::from));
            let denied = refused.is_err_and(|code| code.as_deref() == Some("42501"));
            assert_eq!(denied, role != database::Role::Funding, "{role:?} {statement}");
        }
        for statement in [
            "update ledger.leaf set booked_on = '2020-01-01'",
            "update ledger.tile set root = sha256('')",
            "update ledger.checkpoint set note = ''",
            "delete from ledger.leaf",
            "delete from ledger.checkpoint",
            "update ledger.record set cents = 1",
            "delete from ledger.record",
            "update ledger.close set size = 1",
            "delete from ledger.close",
            "delete from ledger.cosignature",
            "truncate ledger.leaf",
        ] {
            let refused = under.execute(statement).await.unwrap_err();
            assert_eq!(
                refused.as_database_error().unwrap().code().as_deref(),
                Some("42501"),
                "{role:?} {statement}"
            );
        }
        pool.execute("delete from ledger.leaf where seq = 99").await.unwrap();
        for made in [
            "delete from ledger.checkpoint where size = 99",
            "delete from ledger.close",
            "delete from ledger.cosigner",
        ] {
            pool.execute(made).await.unwrap();
        }
    }
    assert!(all(&pool).await.len() > 1);
}

/// What a payment covers is in the same log, in the same order, and proven alike.
#[testkit::test]
async fn a_record_gets_its_place_beside_the_transfers_of_its_event(pool: PgPool) {
    spendable(&pool, BOOK, 10).await;
    post_now(&pool, &[claimed("c", BOOK, structure(1), &[0, 1])]).await;
    seal_all(&pool, at()).await;
    let before = all(&pool).await.len();
    let payable = Account::payable(BOOK, structure(1));
    let claim = EventId::derive(b"test", &[b"c"]).uuid();
    let payment = uuid::Uuid::from_u128(0x9a);
    let event = EventId::derive(b"settled", &[payment.as_bytes()]);
    let line = |cents| Record::settlement(payable, claim, (payment, event), Cents::new(cents), "9a").unwrap();
    assert_eq!(
        Record::settlement(payable, claim, (payment, event), Cents::ZERO, "9a"),
        None
    );
    assert_eq!(line(-2000).kind, ledger::RecordKind::SettlementDeduction);
    let mut tx = pool.begin().await.unwrap();
    ledger::record(&mut tx, &[line(2000)], at()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(seal_all(&pool, at()).await.entries, 1);
    let mut tx = pool.begin().await.unwrap();
    let twice = ledger::record(&mut tx, &[line(2000)], at()).await.unwrap_err();
    assert!(database::is_constraint(&twice, "record_pk"));
    tx.rollback().await.unwrap();

    let entries = all(&pool).await;
    assert_eq!(entries.len(), before + 1);
    let last = entries.last().unwrap();
    assert!(last.holds() && last.transfer().is_none());
    let AnyLeaf::Record(leaf) = last.leaf.clone().unwrap() else {
        panic!("not a record");
    };
    assert_eq!(
        (leaf.claim, leaf.payment, leaf.cents, leaf.event),
        (claim, payment, Cents::new(2000), event)
    );
    let bytes = last.leaf.as_ref().unwrap().to_bytes();
    assert_eq!(AnyLeaf::from_bytes(&bytes), Ok(AnyLeaf::Record(leaf)));
    let json = last.leaf.as_ref().unwrap().to_json();
    assert_eq!(json["kind"], "settlement_line");
    assert_eq!(json["debit"], json["credit"]);

    // The claim with its two legs and its payment; the payment with what it covers.
    let mut connection = pool.acquire().await.unwrap();
    let proofs = seal::prove_event(&mut connection, &[claim]).await.unwrap();
    assert_eq!(proofs.entries.len(), 3);
    let checkpoint = checkpoint(&pool).await;
    for (leaf, path) in &proofs.entries {
        assert_eq!(
            verify_inclusion(leaf.hash(), leaf.seq(), checkpoint.size, path, checkpoint.root),
            Ok(())
        );
    }
    let proofs = seal::prove_event(&mut connection, &[event.uuid()]).await.unwrap();
    assert_eq!(proofs.entries.len(), 1);

    pool.execute("update ledger.record set cents = 1000").await.unwrap();
    let refused = seal::prove_event(&mut connection, &[claim]).await;
    assert!(matches!(refused, Err(ProveError::Changed(seq)) if seq == before as u64));
}

/// A sealer that is killed leaves whole chunks behind, and the next one goes on.
#[testkit::test]
async fn a_sealer_that_dies_in_the_middle_is_taken_up_by_the_next(pool: PgPool) {
    let cents = Cents::new(1);
    for n in 0..5 {
        let postings: Vec<_> = (0..2000)
            .map(|m| received(&format!("{n} {m}"), PartyId::from_uuid(uuid::Uuid::from_u128(m)), cents))
            .collect();
        post_now(&pool, &postings).await;
    }
    let options = (*pool.connect_options()).clone().application_name("sealer that dies");
    let dying = PgPool::connect_with(options).await.unwrap();
    let (signer, now) = (key(), at());
    let kill = async {
        loop {
            let places: i64 = sqlx::query_scalar("select count(*) from ledger.leaf")
                .fetch_one(&pool)
                .await
                .unwrap();
            if places > 0 {
                return sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and datname = current_database()")
                    .bind("sealer that dies")
                    .execute(&pool)
                    .await
                    .unwrap();
            }
        }
    };
    let (sealed, _) = tokio::join!(seal::seal(&dying, &signer, now), kill);
    let places = all(&pool).await.len();
    if sealed.is_err() {
        assert!(places % seal::SEAL_CHUNK_ENTRIES == 0, "{places}");
    }
    seal_all(&pool, at()).await;
    let entries = all(&pool).await;
    assert_eq!(entries.len(), 10_000);
    assert!(
        entries
            .iter()
            .enumerate()
            .all(|(n, entry)| entry.seq == n as u64 && entry.holds())
    );
    assert_eq!(checkpoint(&pool).await.root, root(&entries));
}
