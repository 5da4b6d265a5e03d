//! Plans whose shares are limited when a batch is funded.

use access::OrganisationId;
use catalogue::{NewPlan, NewShare, PlanId, ProgrammeId};
use serde_json::json;
use sqlx::PgPool;
use standards::Cents;
use uuid::Uuid;

use crate::fixture::{Fixture, instant, uuid};

fn funder(n: u128) -> OrganisationId {
    OrganisationId::from_uuid(uuid(n))
}

impl Fixture {
    async fn agrees(&self, n: u128, shares: Vec<NewShare>) {
        let plan = NewPlan {
            id: PlanId::from_uuid(uuid(n)),
            shares,
        };
        let mut tx = self.owner.begin().await.unwrap();
        let programme = ProgrammeId::from_uuid(self.programme);
        catalogue::create_plan(&mut tx, programme, &plan, instant("2026-05-04T08:00:00Z"))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Funder 11 pays half, at most 150 € and of orders of at least 100 €; 13 takes over.
    async fn agrees_a_cap(&self) {
        let capped = NewShare {
            cap: Some(Cents::new(15_000)),
            order_minimum: Some(Cents::new(30_000)),
            taken_over_by: Some(funder(13)),
            ..NewShare::new(funder(11), "0.5".parse().unwrap())
        };
        let shares = vec![
            capped,
            NewShare::new(funder(12), "0.25".parse().unwrap()),
            NewShare::new(funder(13), "0.25".parse().unwrap()),
        ];
        self.agrees(60, shares).await;
    }

    async fn funds(&self, batch: Uuid) -> serde_json::Value {
        let path = self.path(&format!("batches/{batch}/funding"));
        self.sponsor.post(&path, json!({})).await.created()
    }
}

#[testkit::test]
async fn a_capped_funder_pays_what_is_left_and_its_taker_the_rest(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    fixture.agrees_a_cap().await;
    fixture.allocates([100_000, 100_000, 100_000]).await;
    // 300 €: half is all of the cap. Ordered under the same plan, the second batch finds nothing left.
    let (first, second) = (fixture.minted(1, 3).await, fixture.minted(2, 4).await);
    fixture.funds(first).await;
    fixture.funds(second).await;
    assert_eq!(fixture.reserved(first).await, [15_000, 7_500, 7_500]);
    assert_eq!(fixture.reserved(second).await, [0, 10_000, 30_000]);
    // A batch that is cancelled gives its part of the cap back.
    let path = fixture.path(&format!("batches/{first}/cancellation"));
    fixture.sponsor.post(&path, json!({"reason": "erreur"})).await.created();
    let third = fixture.minted(3, 5).await;
    fixture.funds(third).await;
    assert_eq!(fixture.reserved(third).await, [15_000, 12_500, 22_500]);
    let kept: Vec<String> = sqlx::query_scalar(
        "select rate::text from issuer.batch_plan_share where book_id = $1 and batch_id = $2 order by rank",
    )
    .bind(fixture.programme)
    .bind(third)
    .fetch_all(&fixture.owner)
    .await
    .unwrap();
    assert_eq!(kept, ["0.30000000", "0.25000000", "0.45000000"]);
}

#[testkit::test]
async fn vouchers_of_a_limited_batch_open_and_close_in_the_shares_that_it_keeps(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    fixture.agrees_a_cap().await;
    fixture.allocates([100_000, 100_000, 100_000]).await;
    // 300 € and 500 €: the second batch has nothing of the cap left. Then one below the minimum order.
    let first = fixture.minted(1, 3).await;
    fixture.funds(first).await;
    let batch = fixture.minted(2, 5).await;
    fixture.funds(batch).await;
    let people = fixture.people(1, 2).await;
    fixture.hands_over(30, batch, 4, people[0]).await.created();
    assert_eq!(fixture.reserved(batch).await, [0, 10_000, 30_000]);
    let revoke = json!({"id": uuid(70), "batch_id": batch, "booklet": 4, "reason": "lost"});
    fixture
        .sponsor
        .post(&fixture.path("revocations"), revoke)
        .await
        .created();
    assert_eq!(fixture.refundable().await, [0, 2_500, 7_500]);
    // One that nobody got gives its part of the reserve back in the same shares.
    let revoke = json!({"id": uuid(71), "batch_id": batch, "booklet": 5, "reason": "stolen"});
    fixture
        .sponsor
        .post(&fixture.path("revocations"), revoke)
        .await
        .created();
    assert_eq!(fixture.refundable().await, [0, 5_000, 15_000]);
    assert_eq!(fixture.reserved(batch).await, [0, 7_500, 22_500]);
}

#[testkit::test]
async fn two_batches_funded_at_once_share_one_cap(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    fixture.agrees_a_cap().await;
    fixture.allocates([100_000, 100_000, 100_000]).await;
    let (first, second) = (fixture.minted(1, 3).await, fixture.minted(2, 3).await);
    tokio::join!(fixture.funds(first), fixture.funds(second));
    let sums = [fixture.reserved(first).await, fixture.reserved(second).await];
    assert_eq!(sums[0][0] + sums[1][0], 15_000, "{sums:?}");
    assert_eq!(sums.iter().flatten().sum::<i64>(), 60_000);
}
