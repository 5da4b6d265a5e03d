//! Evidence of many claims, page by page: every one of them is proven.

use std::path::Path;
use std::time::Instant;

use ledger::{Account, AccountNumber, BatchId, BookId, EventId, Outcome, PartyId, Posting, TransferId, TransferKind};
use sqlx::PgPool;
use standards::Cents;
use testkit::Paper;
use uuid::Uuid;

use crate::checkers::agreed;
use crate::fixture::{FUNDERS, Fixture, PROGRAMME, book, id, instant, log_key};
use crate::fixture_exports::seals;

const STRUCTURE: Uuid = id(0x7001);
const BATCH: Uuid = id(0x7002);
const AT: &str = "2026-03-05T10:00:00Z";
const FACE: i64 = 1_000;
/// Postings in one transaction.
const TOGETHER: u32 = 500;
/// More than forty pages of `evidence::claims`.
const CLAIMS: u32 = 10_001;

fn posting(name: &[u8], group: Uuid, legs: Vec<(TransferKind, Account, Account, i64)>) -> Posting {
    let legs = legs.into_iter().enumerate().map(|(n, (kind, from, to, cents))| {
        let id = TransferId::derive(name, &[group.as_bytes(), &n.to_be_bytes()]);
        testkit::transfer(id, EventId::from_uuid(group), (kind, from, to, Cents::new(cents)))
    });
    Posting::new(EventId::from_uuid(group), legs.collect()).unwrap()
}

impl Fixture {
    async fn posts(&self, postings: Vec<Posting>) {
        let mut tx = self.admin.begin().await.unwrap();
        let outcomes = ledger::post(&mut tx, &postings, instant(AT)).await.unwrap();
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Posted));
        tx.commit().await.unwrap();
    }

    /// One more claim for each of these numbers, of one voucher each, sealed.
    async fn claims_many(&self, numbers: std::ops::Range<u32>) {
        let funder = PartyId::from_uuid(FUNDERS[0]);
        let reserve = Account::reserved(book(), BatchId::from_uuid(BATCH), funder);
        let cents = FACE * i64::from(numbers.end - numbers.start);
        let (deposited, free) = (Account::deposited(funder), Account::available(book(), funder));
        let money = vec![
            (TransferKind::Received, Account::bank(), deposited, cents),
            (
                TransferKind::Allocated,
                deposited,
                Account::clearing(BookId::fund()),
                cents,
            ),
            (TransferKind::Allocated, Account::clearing(book()), free, cents),
            (TransferKind::BatchFunded, free, reserve, cents),
        ];
        self.posts(vec![posting(b"many", id(0x7100 + u128::from(numbers.start)), money)])
            .await;
        let payable = Account::payable(book(), PartyId::from_uuid(STRUCTURE));
        let all: Vec<u32> = numbers.clone().collect();
        for some in all.chunks(usize::try_from(TOGETHER).unwrap()) {
            let number = |n: u32| AccountNumber::voucher(77, n);
            let claim = |n: u32| id(0x7_0000_0000 + u128::from(n));
            let opened = some.iter().map(|&n| {
                let voucher = Paper::of(number(n), Cents::new(FACE)).account(book());
                posting(
                    b"opened",
                    id(0x8_0000_0000 + u128::from(n)),
                    vec![(TransferKind::Activated, reserve, voucher, FACE)],
                )
            });
            self.posts(opened.collect()).await;
            let spent = some.iter().map(|&n| {
                let voucher = Account::voucher(book(), number(n));
                posting(
                    b"claimed",
                    claim(n),
                    vec![(TransferKind::Claimed, voucher, payable, FACE)],
                )
            });
            self.posts(spent.collect()).await;
            // What the claims were shown is not looked at here.
            sqlx::query(
                "insert into redemption.claim (book_id, id, request_id, structure_id, service, service_date, numbers, face_values, cents, evidence, at)
                 select $1, c, c, $2, 'bureautique', '2026-03-05', array[v], array[1000], 1000, array['\\x00'::bytea], $5
                 from unnest($3::uuid[], $4::bigint[]) as t (c, v)",
            )
            .bind(PROGRAMME)
            .bind(STRUCTURE)
            .bind(some.iter().map(|&n| claim(n)).collect::<Vec<_>>())
            .bind(some.iter().map(|&n| number(n).get()).collect::<Vec<_>>())
            .bind(instant(AT))
            .execute(&self.admin)
            .await
            .unwrap();
        }
        seals(self, &log_key(), instant("2026-05-02T08:00:00Z")).await;
    }
}

#[testkit::test]
async fn ten_thousand_claims_are_proven_page_by_page(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.has_structure(STRUCTURE, None, "2026-03-01T00:00:00Z").await;
    // The last page is not full, and the tree's right edge has several levels.
    fixture.claims_many(0..CLAIMS).await;
    let from = Instant::now();
    let bundle = fixture
        .get(&format!("/funding/v1/structures/{STRUCTURE}/evidence"))
        .await;
    println!("{CLAIMS} claims in {} ms", from.elapsed().as_millis());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("preuves.zip");
    std::fs::write(&path, &bundle).unwrap();
    let vkey = log_key().verifier().to_string();
    let cents = i64::from(CLAIMS) * FACE;
    assert_eq!(
        agreed("check_evidence.py", &[&path, Path::new(&vkey)]),
        format!("{CLAIMS} claims, {cents} claimed, {cents} owed, 0 lines\n")
    );
}
