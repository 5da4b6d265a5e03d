use std::collections::BTreeSet;

use ledger::AccountNumber;
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::{Answer, Answers, Client};

use crate::fixture::{Fixture, instant, uuid};

#[testkit::test]
async fn an_order_keeps_to_the_programmes_limits(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let order = |n, booklets| orders(&fixture.sponsor, &fixture, n, booklets);
    order(1, 1).await.refused("order-too-small");
    order(1, 100_001).await.refused("order-too-large");
    let batch = order(1, 3).await.created();
    assert_eq!(
        (&batch["vouchers"], &batch["total"], &batch["state"]),
        (&json!(30), &json!("300.00"), &json!("ordered"))
    );
    assert_eq!(order(1, 3).await.ok(), batch);
    order(1, 4).await.refused("same-id-other-content");
    fixture.clock.move_to(instant("2027-02-01T08:00:00Z"));
    order(2, 3).await.refused("programme-over");
}

async fn orders(who: &Client, fixture: &Fixture, n: u128, booklets: u32) -> Answer {
    who.post(&fixture.path("orders"), json!({"id": uuid(n), "booklets": booklets}))
        .await
}

#[testkit::test]
async fn every_voucher_is_minted_once_whoever_asks_how_often(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = uuid(1);
    orders(&fixture.sponsor, &fixture, 1, 1_200).await.created();
    let path = fixture.path(&format!("batches/{batch}/mint"));
    let (first, second) = tokio::join!(
        fixture.sponsor.post(&path, json!({})),
        fixture.sponsor.post(&path, json!({}))
    );
    assert_eq!(
        (first.ok()["minted"].clone(), second.ok()["minted"].clone()),
        (json!(true), json!(true))
    );
    fixture.sponsor.post(&path, json!({})).await.ok();
    let (count, last, ids): (i64, i32, i64) =
        sqlx::query_as("select count(*), max(serial), count(distinct code_digest) from issuer.voucher")
            .fetch_one(&fixture.owner)
            .await
            .unwrap();
    assert_eq!((count, last, ids), (12_000, 12_000, 12_000));
    assert!(
        fixture
            .number(batch, 1)
            .await
            .as_voucher()
            .is_some_and(|(series, idx)| series == 1 && idx < 1 << 20)
    );
    assert_eq!(fixture.states().await["minted"], 12_000);
}

#[testkit::test]
async fn a_batch_is_funded_whole_or_says_what_each_funder_lacks(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 10).await;
    let path = fixture.path(&format!("batches/{batch}/funding"));
    fixture.allocates([33_390, 33_304, 0]).await;
    let refused = fixture.sponsor.post(&path, json!({})).await.refused("not-funded");
    let short = refused["shortfalls"].as_array().unwrap();
    assert_eq!(short.len(), 2);
    assert_eq!(
        (&short[0]["missing"], &short[1]["missing"]),
        (&json!("0.01"), &json!("333.05"))
    );
    assert_eq!(fixture.reserved(batch).await, [0, 0, 0]);
    fixture.allocates([0, 1, 33_305]).await;
    assert_eq!(
        fixture.sponsor.post(&path, json!({})).await.created()["state"],
        "funded"
    );
    assert_eq!(fixture.sponsor.post(&path, json!({})).await.ok()["funded"], true);
    assert_eq!(fixture.reserved(batch).await, [33_390, 33_305, 33_305]);
}

#[testkit::test]
async fn a_booklet_becomes_money_when_it_is_handed_over(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 3).await;
    let people = fixture.people(1, 2).await;
    let given = fixture.hands_over(30, batch, 2, people[0]).await.created();
    assert_eq!(given["vouchers"], json!((11..=20).collect::<Vec<_>>()));
    assert_eq!(
        fixture.hands_over(30, batch, 2, people[0]).await.ok(),
        given,
        "a retry changes nothing"
    );
    fixture
        .hands_over(30, batch, 3, people[0])
        .await
        .refused("same-id-other-content");
    let states = fixture.states().await;
    assert_eq!((&states["activated"], &states["minted"]), (&json!(10), &json!(20)));
    let reserved = fixture.reserved(batch).await;
    assert_eq!(reserved.iter().sum::<i64>(), 20_000);
    let list = fixture.prescriber.get(&fixture.path("beneficiaries")).await.ok();
    assert_eq!(list["items"][0]["handed_over"], 1);
}

#[testkit::test]
async fn a_booklet_is_not_handed_over_against_the_rules(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let people = fixture.people(2, 1).await;
    let unfunded = fixture.minted(1, 2).await;
    fixture
        .hands_over(30, unfunded, 1, people[0])
        .await
        .refused("not-funded");
    let batch = fixture.funded(2, 5).await;
    fixture.hands_over(31, batch, 3, people[0]).await.created();
    fixture
        .hands_over(32, batch, 3, people[1])
        .await
        .refused("booklet-already-handed-over");
    fixture.hands_over(33, batch, 4, people[0]).await.refused("cap-reached");
    fixture.hands_over(34, batch, 9, people[1]).await.refused("not-found");
    fixture
        .hands_over(35, batch, 4, uuid(77))
        .await
        .refused("not-your-beneficiary");
    let body = json!({"id": uuid(36), "batch_id": batch, "booklet": 4, "beneficiary_id": people[1]});
    fixture
        .other_prescriber
        .post(&fixture.path("hand-overs"), body)
        .await
        .refused("not-your-beneficiary");
    let stolen = json!({"id": uuid(37), "batch_id": batch, "booklet": 5, "reason": "stolen"});
    fixture
        .sponsor
        .post(&fixture.path("revocations"), stolen)
        .await
        .created();
    fixture
        .hands_over(38, batch, 5, people[1])
        .await
        .refused("booklet-blocked");
    fixture.clock.move_to(instant("2027-02-01T08:00:00Z"));
    fixture
        .hands_over(39, batch, 4, people[1])
        .await
        .refused("programme-over");
}

#[testkit::test]
async fn a_booklet_asked_for_by_many_desks_goes_to_one(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 2).await;
    let people = fixture.people(6, 1).await;
    let asked = [0, 1, 2, 3, 4, 5].map(|n| fixture.hands_over(40 + n, batch, 1, people[usize::try_from(n).unwrap()]));
    let [first, second, third, fourth, fifth, sixth] = asked;
    let answers = tokio::join!(first, second, third, fourth, fifth, sixth);
    let mut statuses = <[Answer; 6]>::from(answers).map(|answer| answer.status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422, 422, 422, 422, 422]);
    assert_eq!(fixture.states().await["activated"], 10);
}

#[testkit::test]
async fn one_person_cannot_get_more_booklets_from_two_desks_at_once(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let (one, two) = (fixture.funded(1, 2).await, fixture.funded(2, 4).await);
    let people = fixture.people(1, 1).await;
    let (a, b) = tokio::join!(
        fixture.hands_over(40, one, 1, people[0]),
        fixture.hands_over(41, two, 3, people[0])
    );
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422]);
}

#[testkit::test]
async fn what_is_left_of_a_lost_booklet_goes_back_in_the_shares_paid_and_it_is_replaced(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 3).await;
    let people = fixture.people(1, 1).await;
    fixture.hands_over(30, batch, 1, people[0]).await.created();
    fixture.claims(fixture.number(batch, 1).await).await;
    let replacement = json!({"id": uuid(32), "hand_over_id": uuid(30), "batch_id": batch, "booklet": 2});
    fixture
        .prescriber
        .post(&fixture.path("replacements"), replacement.clone())
        .await
        .refused("not-revoked");

    let lost = json!({"id": uuid(31), "batch_id": batch, "booklet": 1, "reason": "lost"});
    fixture
        .other_prescriber
        .post(&fixture.path("revocations"), lost.clone())
        .await
        .refused("not-found");
    let done = fixture
        .prescriber
        .post(&fixture.path("revocations"), lost.clone())
        .await
        .created();
    assert_eq!(
        done,
        json!({"id": uuid(31), "revoked": 10, "already_claimed": 1, "returned": "90.00"})
    );
    assert_eq!(
        fixture.prescriber.post(&fixture.path("revocations"), lost).await.ok(),
        done
    );
    assert_eq!(fixture.refundable().await.iter().sum::<i64>(), 9_000);

    fixture
        .prescriber
        .post(&fixture.path("replacements"), replacement.clone())
        .await
        .created();
    fixture
        .prescriber
        .post(&fixture.path("replacements"), replacement)
        .await
        .ok();
    let again = json!({"id": uuid(33), "hand_over_id": uuid(30), "batch_id": batch, "booklet": 3});
    fixture
        .prescriber
        .post(&fixture.path("replacements"), again)
        .await
        .refused("already-replaced");
    let states = fixture.states().await;
    assert_eq!(
        (&states["activated"], &states["revoked"], &states["claimed"]),
        (&json!(10), &json!(9), &json!(1))
    );
}

#[testkit::test]
async fn a_booklet_nobody_got_and_a_single_voucher_can_be_revoked(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 2).await;
    let revoke = |body| revokes(&fixture.sponsor, &fixture, body);
    revoke(json!({"id": uuid(1), "batch_id": batch, "reason": "lost"}))
        .await
        .refused("booklet-or-serial");
    let one = revoke(json!({"id": uuid(2), "batch_id": batch, "serial": 13, "reason": "fraud"}))
        .await
        .created();
    assert_eq!((&one["revoked"], &one["returned"]), (&json!(1), &json!("10.00")));
    let rest = revoke(json!({"id": uuid(3), "batch_id": batch, "booklet": 2, "reason": "stolen"}))
        .await
        .created();
    assert_eq!((&rest["revoked"], &rest["returned"]), (&json!(9), &json!("90.00")));
    assert_eq!(fixture.reserved(batch).await.iter().sum::<i64>(), 10_000);
    assert_eq!(fixture.states().await["revoked"], 10);
}

async fn revokes(who: &Client, fixture: &Fixture, body: Value) -> Answer {
    who.post(&fixture.path("revocations"), body).await
}

#[testkit::test]
async fn at_the_end_unused_money_goes_back_in_the_exact_shares_paid(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 3).await;
    let people = fixture.people(2, 1).await;
    fixture.hands_over(30, batch, 1, people[0]).await.created();
    fixture.hands_over(31, batch, 2, people[1]).await.created();
    let claimed: Vec<AccountNumber> = vec![fixture.number(batch, 3).await, fixture.number(batch, 14).await];
    for &number in &claimed {
        fixture.claims(number).await;
    }
    let end = json!({"id": uuid(60)});
    fixture.clock.move_to(instant("2027-02-03T22:59:59Z"));
    fixture
        .sponsor
        .post(&fixture.path("expiry"), end.clone())
        .await
        .refused("too-early");
    fixture.clock.move_to(instant("2027-02-03T23:00:00Z"));
    let done = fixture
        .sponsor
        .post(&fixture.path("expiry"), end.clone())
        .await
        .created();
    assert_eq!(
        done,
        json!({"id": uuid(60), "vouchers": 18, "returned": "180.00", "reserved_returned": "100.00"})
    );
    assert_eq!(fixture.sponsor.post(&fixture.path("expiry"), end).await.ok(), done);

    assert_eq!(fixture.reserved(batch).await, [0, 0, 0]);
    let mut connection = fixture.owner.acquire().await.unwrap();
    let openings = ledger::read::openings(&mut connection, fixture.book(), &claimed)
        .await
        .unwrap();
    let mut paid = [10_017, 9_992, 9_991]; // cumulative rounding of 30 vouchers: 33.39 / 33.305 / 33.305 %
    for opening in openings.values().flatten() {
        let funder = (11..=13).position(|n| uuid(n) == opening.funder.uuid()).unwrap();
        paid[funder] -= opening.cents.get();
    }
    let refundable = fixture.refundable().await;
    assert_eq!(refundable.iter().sum::<i64>(), 28_000);
    assert_eq!(refundable, paid, "to the cent");
    let states = fixture.states().await;
    assert_eq!(
        (&states["expired"], &states["claimed"], &states["activated"]),
        (&json!(28), &json!(2), &json!(0))
    );
    let csv = fixture
        .sponsor
        .get(&fixture.path(&format!("batches/{batch}/voucher-states.csv")))
        .await
        .text();
    assert!(
        csv.starts_with("serial,state\n1,expired\n2,expired\n3,claimed\n"),
        "{csv}"
    );
    fixture
        .hands_over(62, batch, 3, people[0])
        .await
        .refused("programme-over");
}

#[testkit::test]
async fn a_whole_batch_is_activated_where_the_programme_says_so(pool: PgPool) {
    let fixture = Fixture::new(pool, "batch").await;
    let batch = fixture.funded(1, 300).await;
    let people = fixture.people(1, 1).await;
    fixture
        .hands_over(30, batch, 1, people[0])
        .await
        .refused("not-activated");
    let revoke = json!({"id": uuid(31), "batch_id": batch, "booklet": 2, "reason": "lost"});
    fixture
        .sponsor
        .post(&fixture.path("revocations"), revoke)
        .await
        .created();
    let path = fixture.path(&format!("batches/{batch}/activation"));
    assert_eq!(
        fixture.sponsor.post(&path, json!({})).await.created()["state"],
        "activated"
    );
    fixture.sponsor.post(&path, json!({})).await.ok();
    assert_eq!(fixture.states().await["activated"], 2_990);
    assert_eq!(fixture.reserved(batch).await, [0, 0, 0]);
    fixture.hands_over(30, batch, 1, people[0]).await.created();
    let cancel = fixture.path(&format!("batches/{batch}/cancellation"));
    fixture
        .sponsor
        .post(&cancel, json!({"reason": "trop tard"}))
        .await
        .refused("already-handed-over");
}

#[testkit::test]
async fn a_cancelled_batch_gives_its_money_back_and_stays_dead(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 2).await;
    let people = fixture.people(1, 1).await;
    let path = fixture.path(&format!("batches/{batch}/cancellation"));
    fixture
        .sponsor
        .post(&path, json!({"reason": " "}))
        .await
        .refused("no-reason");
    assert_eq!(
        fixture.sponsor.post(&path, json!({"reason": "abîmés"})).await.created()["state"],
        "cancelled"
    );
    fixture.sponsor.post(&path, json!({"reason": "abîmés"})).await.ok();
    fixture
        .sponsor
        .post(&path, json!({"reason": "autre"}))
        .await
        .refused("same-id-other-content");
    assert_eq!(
        (
            fixture.reserved(batch).await,
            fixture.refundable().await.iter().sum::<i64>()
        ),
        ([0, 0, 0], 20_000)
    );
    fixture
        .hands_over(30, batch, 1, people[0])
        .await
        .refused("batch-cancelled");
    fixture
        .sponsor
        .post(&fixture.path(&format!("batches/{batch}/funding")), json!({}))
        .await
        .refused("batch-cancelled");
}

#[testkit::test]
async fn nobody_sees_or_moves_what_is_anothers(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 2).await;
    orders(&fixture.prescriber, &fixture, 2, 2).await.refused("forbidden");
    fixture
        .prescriber
        .get(&fixture.path(&format!("batches/{batch}/vouchers.csv")))
        .await
        .refused("forbidden");
    fixture
        .sponsor
        .get(&fixture.path("beneficiaries"))
        .await
        .refused("forbidden");
    fixture
        .sponsor
        .get(&format!("/issuer/v1/programmes/{}/voucher-states", uuid(9)))
        .await
        .refused("not-found");
}

#[testkit::test]
async fn a_booklets_number_is_its_own_in_the_whole_programme(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let (first, second) = (fixture.funded(1, 3).await, fixture.funded(2, 2).await);
    let batch = fixture
        .sponsor
        .get(&fixture.path(&format!("batches/{second}")))
        .await
        .ok();
    assert_eq!((&batch["first_booklet"], &batch["booklets"]), (&json!(4), &json!(2)));
    let csv = fixture.csv(second).await;
    let numbers: BTreeSet<&str> = csv.lines().skip(1).filter_map(|row| row.rsplit(',').next()).collect();
    assert_eq!(numbers, ["4", "5"].into());

    let people = fixture.people(2, 2).await;
    fixture.hands_over(30, second, 4, people[0]).await.created();
    // Neither is a number of the other batch, and no booklet has two numbers.
    fixture.hands_over(31, first, 4, people[1]).await.refused_with(404);
    fixture.hands_over(32, second, 1, people[1]).await.refused_with(404);
    fixture.declares(33, first, 4, "lost").await.refused_with(404);
    let given = fixture.hands_over(34, second, 5, people[1]).await.created();
    assert_eq!(given["vouchers"], json!((11..=20).collect::<Vec<_>>()));
}

#[testkit::test]
async fn a_batch_is_answered_like_this(pool: PgPool) {
    let fixture = Fixture::new(pool, "batch").await;
    let act = async |batch: u128, what: &str, body: Value| {
        let path = fixture.path(&format!("batches/{}/{what}", uuid(batch)));
        fixture.sponsor.post(&path, body).await
    };
    let mut answers = Answers::default();
    let order = orders(&fixture.sponsor, &fixture, 1, 2).await;
    answers.add("ordered", order).created();
    let order = orders(&fixture.sponsor, &fixture, 1, 2).await;
    answers.add("ordered again", order).ok();
    answers.add("minted", act(1, "mint", json!({})).await).ok();
    answers.add("without money", act(1, "funding", json!({})).await);
    fixture.allocates([20_000; 3]).await;
    fixture.clock.move_to(instant("2026-05-05T08:00:00Z"));
    answers.add("funded", act(1, "funding", json!({})).await).created();
    answers
        .add("activated", act(1, "activation", json!({})).await)
        .created();

    orders(&fixture.sponsor, &fixture, 2, 3).await.created();
    let cancelled = act(2, "cancellation", json!({"reason": "Commandé deux fois."})).await;
    answers.add("another, cancelled", cancelled).created();
    answers.add("minted after that", act(2, "mint", json!({})).await);
    let path = fixture.path("batches");
    answers.add("listed", fixture.sponsor.get(&path).await).ok();
    let path = fixture.path("voucher-states");
    answers.add("states", fixture.sponsor.get(&path).await).ok();
    insta::assert_json_snapshot!("batch", answers);
}

#[testkit::test]
async fn a_booklet_is_answered_like_this(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 3).await;
    let people = fixture.people(1, 1).await;
    let mut answers = Answers::default();
    let given = fixture.hands_over(30, batch, 1, people[0]).await;
    answers.add("handed over", given).created();
    let given = fixture.hands_over(30, batch, 1, people[0]).await;
    answers.add("handed over again", given).ok();
    answers.add(
        "another, to whom has one",
        fixture.hands_over(31, batch, 2, people[0]).await,
    );
    fixture.claims(fixture.number(batch, 1).await).await;
    answers.add("replaced before it is lost", fixture.replaces(32, 30, batch, 2).await);
    fixture.clock.move_to(instant("2026-05-05T08:00:00Z"));
    answers
        .add("revoked", fixture.declares(33, batch, 1, "lost").await)
        .created();
    answers
        .add("replaced", fixture.replaces(34, 30, batch, 2).await)
        .created();
    answers
        .add("replaced again", fixture.replaces(34, 30, batch, 2).await)
        .ok();
    answers.add("replaced by yet another", fixture.replaces(35, 30, batch, 3).await);
    let path = fixture.path("beneficiaries");
    answers.add("who has it", fixture.prescriber.get(&path).await).ok();
    let path = fixture.path("voucher-states");
    answers.add("states", fixture.sponsor.get(&path).await).ok();
    insta::assert_json_snapshot!("booklet", answers);
}
