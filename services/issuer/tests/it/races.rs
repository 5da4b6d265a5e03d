//! Acts that wait for one another, in the order in which it hurts.

use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use testkit::{Answer, until_waiting};

use crate::fixture::{Fixture, instant, uuid};

/// Reissues the first two booklets of a batch while somebody holds its reserve, has `act` come meanwhile, and lets both go on.
async fn while_reissued(fixture: &Fixture, batch: Uuid, act: impl Future<Output = Answer>) -> Answer {
    let mut holder = fixture.owner.begin().await.unwrap();
    sqlx::query("select from ledger.account where book_id = $1 and batch = $2 for update")
        .bind(fixture.programme)
        .bind(batch)
        .execute(&mut *holder)
        .await
        .unwrap();
    let path = fixture.path(&format!("batches/{batch}/reissues"));
    let stolen = json!({"id": uuid(800), "from": 1, "to": 2, "reason": "stolen"});
    let reissue = fixture.sponsor.post(&path, stolen);
    let then = async {
        until_waiting(&fixture.owner, 1).await;
        let release = async {
            until_waiting(&fixture.owner, 2).await;
            holder.commit().await.unwrap();
        };
        tokio::join!(act, release).0
    };
    let (reissued, answer) = tokio::join!(reissue, then);
    reissued.created();
    answer
}

/// Of the vouchers of these serial numbers, how many are open: under the numbers printed now, and under those withdrawn.
async fn open(fixture: &Fixture) -> (i64, i64) {
    sqlx::query_as(
        "select (select count(*) from issuer.voucher v join ledger.voucher a on a.book_id = v.book_id and a.number = v.number),
             (select count(*) from issuer.withdrawn_voucher w join ledger.voucher a on a.book_id = w.book_id and a.number = w.number)",
    )
    .fetch_one(&fixture.owner)
    .await
    .unwrap()
}

#[testkit::test]
async fn a_hand_over_that_waits_for_a_reissue_opens_the_new_numbers(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 3).await;
    let people = fixture.people(1, 1).await;
    while_reissued(&fixture, batch, fixture.hands_over(30, batch, 2, people[0]))
        .await
        .created();
    assert_eq!(open(&fixture).await, (10, 0));
    assert_eq!(fixture.states().await["activated"], 10);
    fixture.claims(fixture.number(batch, 11).await).await;
}

#[testkit::test]
async fn an_activation_that_waits_for_a_reissue_opens_the_new_numbers(pool: PgPool) {
    let fixture = Fixture::new(pool, "batch").await;
    let batch = fixture.funded(1, 3).await;
    let path = fixture.path(&format!("batches/{batch}/activation"));
    while_reissued(&fixture, batch, fixture.sponsor.post(&path, json!({})))
        .await
        .created();
    assert_eq!(open(&fixture).await, (30, 0));
    assert_eq!(fixture.states().await["activated"], 30);
}

#[testkit::test]
async fn a_revocation_that_waits_for_a_reissue_blocks_the_new_numbers(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 3).await;
    let people = fixture.people(3, 1).await;
    let revoke = json!({"id": uuid(31), "batch_id": batch, "booklet": 2, "reason": "stolen"});
    let revoked = while_reissued(
        &fixture,
        batch,
        fixture.sponsor.post(&fixture.path("revocations"), revoke),
    )
    .await
    .created();
    assert_eq!(
        (&revoked["revoked"], &revoked["returned"]),
        (&json!(10), &json!("100.00"))
    );
    let blocked: i64 = sqlx::query_scalar(
        "select count(*) from issuer.voucher v join issuer.revocation r on r.book_id = v.book_id and r.number = v.number
         where v.batch_id = $1 and v.serial between 11 and 20",
    )
    .bind(batch)
    .fetch_one(&fixture.owner)
    .await
    .unwrap();
    assert_eq!(blocked, 10);
    fixture
        .hands_over(32, batch, 2, people[0])
        .await
        .refused("booklet-blocked");
    // The other booklets still find their part of the reserve.
    fixture.hands_over(33, batch, 1, people[1]).await.created();
    fixture.hands_over(34, batch, 3, people[2]).await.created();
    assert_eq!(fixture.reserved(batch).await, [0, 0, 0]);
}

#[testkit::test]
async fn nothing_that_was_under_way_when_the_end_was_declared_escapes_the_sweep(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 3).await;
    let people = fixture.people(1, 1).await;
    // The hand-over has seen that the programme is not over, and waits for its person.
    let mut holder = fixture.owner.begin().await.unwrap();
    sqlx::query("select from issuer.beneficiary where book_id = $1 for update")
        .bind(fixture.programme)
        .execute(&mut *holder)
        .await
        .unwrap();
    let expiry = async {
        until_waiting(&fixture.owner, 1).await;
        fixture.clock.move_to(instant("2027-02-03T23:00:00Z"));
        let release = async {
            testkit::until("the end is declared", async || {
                let declared: bool = sqlx::query_scalar("select exists (select from issuer.expiry)")
                    .fetch_one(&fixture.owner)
                    .await
                    .unwrap();
                declared.then_some(())
            })
            .await;
            // The end waits for what was under way, and sweeps nothing before.
            testkit::until("the end waits", async || {
                let waits: bool = sqlx::query_scalar(
                    "select exists (select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
                         and usename = 'ccn_issuer' and query like '%pg_snapshot_xip(%')",
                )
                .fetch_one(&fixture.owner)
                .await
                .unwrap();
                waits.then_some(())
            })
            .await;
            holder.commit().await.unwrap();
        };
        let path = fixture.path("expiry");
        let end = fixture.sponsor.post(&path, json!({"id": uuid(60)}));
        tokio::join!(end, release).0
    };
    let (given, expired) = tokio::join!(fixture.hands_over(30, batch, 1, people[0]), expiry);
    given.created();
    assert_eq!(
        expired.created(),
        json!({"id": uuid(60), "vouchers": 10, "returned": "100.00", "reserved_returned": "200.00"})
    );
    let states = fixture.states().await;
    assert_eq!((&states["activated"], &states["expired"]), (&json!(0), &json!(30)));
    assert_eq!(fixture.refundable().await.iter().sum::<i64>(), 30_000);
}
