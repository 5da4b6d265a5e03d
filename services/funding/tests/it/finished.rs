//! After the end of a programme its book is empty: what was unused and what was never spent went back, and so does what comes later.

use http::StatusCode;
use ledger::{Account, AccountNumber, BookId, PartyId, TransferId, TransferKind};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::ended_programme::{ENDED, Ended, FUNDERS, GIVEN, STRUCTURE, UNSPENT, voucher};
use crate::fixture::instant;
use crate::reconciling::Reconciling;

const ISSUED: &str = "2026-08-06T05:00:00Z";
const OVER: &str = "2026-08-22T05:00:00Z";

fn book() -> BookId {
    BookId::from_uuid(ENDED)
}

fn party(of: uuid::Uuid) -> PartyId {
    PartyId::from_uuid(of)
}

impl Ended {
    /// The structure is paid what is left of its claims, and the bank has debited it.
    async fn pays_structures(&self, cents: i64) {
        let (payable, sent) = (
            Account::payable(book(), party(STRUCTURE)),
            Account::in_transit(party(STRUCTURE)),
        );
        let legs = vec![
            (TransferKind::Settled, payable, Account::clearing(book()), cents),
            (TransferKind::Settled, Account::clearing(BookId::fund()), sent, cents),
            (TransferKind::Paid, sent, Account::bank(), cents),
        ];
        self.post(&[b"structures"], legs).await;
    }

    /// Accounts of the programme's book that hold something, by kind.
    async fn holds(&self) -> Vec<(i16, i64)> {
        sqlx::query_as(
            "select kind, sum(abs(credits_cents - debits_cents))::bigint from ledger.account
             where book_id = $1 and credits_cents <> debits_cents group by kind order by kind",
        )
        .bind(ENDED)
        .fetch_all(&self.fixture.admin)
        .await
        .unwrap()
    }

    /// The claim of voucher 2 is reversed before it is paid: the voucher is dead.
    async fn reverses_second(&self) {
        let dead: AccountNumber = voucher(2);
        let dead = Account::voucher(book(), dead);
        let shares = [334, 333, 333];
        let mut legs = vec![(
            TransferKind::ClaimReversed,
            Account::payable(book(), party(STRUCTURE)),
            dead,
            1_000,
        )];
        for (funder, cents) in FUNDERS.into_iter().zip(shares) {
            let to = Account::refundable(book(), party(funder));
            legs.push((TransferKind::ReversedExpired, dead, to, cents));
        }
        let name: &[&[u8]] = &[b"claim", &2_u32.to_be_bytes()];
        let claimed = TransferId::derive(b"expiry test", &[&name.concat(), &0_usize.to_be_bytes()]);
        self.post_reversing(&[b"reversed"], legs, claimed).await;
    }

    async fn given(&self) -> Vec<[Value; 4]> {
        let statement = self.operator().await.reads("expiry-statement").await;
        let given = statement["refunded"].as_array().unwrap().iter();
        given
            .map(|one| ["round", "amount", "unspent", "method"].map(|name| one[name].clone()))
            .collect()
    }
}

#[testkit::test]
async fn a_finished_programme_holds_nothing(pool: PgPool) {
    let ended = Ended::new(pool).await;
    ended.pays_structures(2_000).await;
    assert_eq!(ended.round_at(ISSUED).await, [1, 0, 0]);
    assert!(!ended.holds().await.is_empty());
    assert_eq!(ended.round_at(OVER).await, [0, 1, 0]);
    assert_eq!(ended.holds().await, []);
    let expected: Vec<[Value; 4]> = GIVEN
        .iter()
        .zip(UNSPENT)
        .map(|(given, unspent)| [json!(1), json!(given), json!(unspent), json!("credit")])
        .collect();
    assert_eq!(ended.given().await, expected);
    assert_eq!(ended.round_at(OVER).await, [0, 0, 0], "once");
    let unspent: i64 = sqlx::query_scalar("select sum(unspent_cents)::bigint from funding.refund")
        .fetch_one(&ended.fixture.admin)
        .await
        .unwrap();
    assert_eq!(unspent, 4_991 + 5_004 + 4_505);
    assert_eq!(ended.traces("refund.create").await, 3);
}

#[testkit::test]
async fn what_comes_back_after_a_funder_was_served_is_refunded_too(pool: PgPool) {
    let ended = Ended::new(pool).await;
    ended.round_at(ISSUED).await;
    assert_eq!(ended.round_at(OVER).await, [0, 1, 0]);
    ended.pays_structures(1_000).await;
    ended.reverses_second().await;
    assert!(!ended.holds().await.is_empty());
    // At the same moment in three instances: once.
    let rounds = tokio::join!(ended.round_at(OVER), ended.round_at(OVER), ended.round_at(OVER));
    assert_eq!([rounds.0, rounds.1, rounds.2].map(|round| round[2]), [0, 0, 0]);
    assert_eq!(ended.holds().await, []);
    let later: Vec<[Value; 4]> = ended.given().await.into_iter().filter(|one| one[0] == 2).collect();
    let expected = ["3.34", "3.33", "3.33"].map(|cents| [json!(2), json!(cents), json!("0.00"), json!("credit")]);
    assert_eq!(later, expected);
}

#[testkit::test]
async fn money_that_waits_to_be_refunded_is_an_open_point(pool: PgPool) {
    let ended = Ended::new(pool).await;
    ended.round_at(ISSUED).await;
    let contest = json!({"id": crate::fixture::id(2), "answer": "contested", "reasons": "Il manque un encaissement."});
    let (status, _) = ended.key(FUNDERS[2]).await.says("responses", contest).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(ended.round_at(OVER).await, [0, 0, 0]);
    let Ended { fixture, .. } = ended;
    let reconciling = Reconciling::of(fixture, "2026-08-21T10:00:00Z").await;
    assert_eq!(
        reconciling.runs(0x301).await["document"]["open_points"],
        Value::Null,
        "it may be contested"
    );
    reconciling.fixture.hand.move_to(instant(OVER));
    let points = reconciling.runs(0x302).await["document"]["open_points"].clone();
    assert_eq!(
        (&points[0]["kind"], &points[0]["amount"], &points[1]),
        (&json!("refund_due"), &json!("275.00"), &Value::Null)
    );
}
