//! The end of a programme, day by day. The programme's date is 31 December 2026, its last day accepted 31 January 2027.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use testkit::Answer;

use crate::fixture::{Fixture, instant, uuid};

/// A step as it was written.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
struct Row {
    step: String,
    due_on: chrono::NaiveDate,
    by_organisation: Option<Uuid>,
    late: bool,
    data: Value,
}

impl Fixture {
    async fn round(&self) -> Vec<String> {
        let round = self.operator.post("/issuer/v1/expiry/rounds", json!({})).await.ok();
        assert_eq!(round["failed"], json!([]));
        let steps = round["steps"].as_array().unwrap().iter();
        steps.map(|step| step["step"].as_str().unwrap().to_owned()).collect()
    }

    async fn round_at(&self, at: &str) -> Vec<String> {
        self.clock.move_to(instant(at));
        self.round().await
    }

    /// In the order in which they were done.
    async fn steps(&self) -> Vec<Row> {
        sqlx::query_as(
            "select step, due_on, by_organisation, late, data from issuer.expiry_step where book_id = $1
             order by done_at, due_on",
        )
        .bind(self.programme)
        .fetch_all(&self.owner)
        .await
        .unwrap()
    }

    async fn step(&self, word: &str) -> Row {
        let steps = self.steps().await;
        steps.into_iter().find(|step| step.step == word).unwrap()
    }

    async fn decides(&self, n: u128, decision: &str) -> Answer {
        let body = json!({"id": uuid(n), "decision": decision, "reason": "Des ateliers sont prévus jusqu'au bout."});
        self.sponsor.post(&self.path("distribution-decisions"), body).await
    }

    async fn accepts(&self, n: u128, counts: [i64; 4]) -> Answer {
        let [issued, handed_over, never_handed_over, started] = counts;
        let body = json!({"id": uuid(n), "issued": issued, "handed_over": handed_over,
            "never_handed_over": never_handed_over, "started": started});
        self.sponsor.post(&self.path("expiry-acceptance"), body).await
    }
}

fn sum(booklets: i64) -> Value {
    json!({"booklets": booklets, "face_value": format!("{}.00", booklets * 100)})
}

#[testkit::test]
async fn each_step_is_done_once_on_its_day(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    fixture.funded(1, 3).await;
    assert_eq!(
        fixture.round_at("2026-11-30T22:59:59Z").await,
        [""; 0],
        "the day begins in Paris"
    );
    assert_eq!(fixture.round_at("2026-11-30T23:00:00Z").await, ["alert"]);
    assert_eq!(fixture.round_at("2026-12-01T12:00:00Z").await, [""; 0], "once");
    assert_eq!(fixture.round_at("2026-12-16T05:00:00Z").await, ["block"]);
    assert_eq!(
        fixture.round_at("2026-12-24T22:59:59Z").await,
        [""; 0],
        "the sponsor has the whole day"
    );
    assert_eq!(fixture.round_at("2026-12-24T23:00:00Z").await, ["acceptance"]);
    assert_eq!(
        fixture.round_at("2027-02-03T22:59:59Z").await,
        [""; 0],
        "late claims may still arrive"
    );
    assert_eq!(fixture.round_at("2027-02-03T23:00:00Z").await, ["sweep"]);
    assert_eq!(fixture.round_at("2027-02-06T23:00:00Z").await, [""; 0]);
    let steps = fixture.steps().await;
    let days: Vec<String> = steps
        .iter()
        .map(|step| format!("{} {}", step.step, step.due_on))
        .collect();
    assert_eq!(
        days,
        [
            "alert 2026-12-01",
            "block 2026-12-16",
            "acceptance 2026-12-24",
            "sweep 2027-02-04"
        ]
    );
    assert!(steps.iter().all(|step| !step.late && step.by_organisation.is_none()));
    assert_eq!(steps[2].data["tacit"], true);
    assert_eq!(steps[3].data["reserved_returned"], "300.00");
    for action in [
        "expiry.alert",
        "expiry.block",
        "expiry.accept",
        "expiry.sweep",
        "programme.expire",
    ] {
        assert_eq!(fixture.traces(action).await, 1, "{action}");
    }
    let by_clock: i64 = sqlx::query_scalar(
        "select count(*) from access.audit where action like 'expiry.%' and organisation_id = '00000000-0000-0000-0000-000000000000'",
    )
    .fetch_one(&fixture.owner)
    .await
    .unwrap();
    assert_eq!(by_clock, 4, "what nobody asked for is the system's");
}

#[testkit::test]
async fn days_that_were_missed_are_caught_up_in_order_and_marked(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    fixture.funded(1, 3).await;
    assert_eq!(
        fixture.round_at("2027-03-01T08:00:00Z").await,
        ["alert", "block", "acceptance", "sweep"]
    );
    let steps = fixture.steps().await;
    assert!(steps.iter().all(|step| step.late));
    assert_eq!(fixture.round().await, [""; 0]);
    assert_eq!(fixture.states().await["expired"], 30);
}

#[testkit::test]
async fn two_instances_at_once_do_each_step_once(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 30).await;
    let people = fixture.people(20, 1).await;
    for (booklet, person) in (1..).zip(&people) {
        fixture
            .hands_over(100 + u128::from(booklet), batch, booklet, *person)
            .await
            .created();
    }
    fixture.clock.move_to(instant("2027-02-10T08:00:00Z"));
    let rounds = tokio::join!(fixture.round(), fixture.round(), fixture.round());
    let alerts = [&rounds.0, &rounds.1, &rounds.2].map(|steps| steps.iter().filter(|step| *step == "alert").count());
    assert_eq!(alerts.iter().sum::<usize>(), 1);
    assert_eq!(fixture.steps().await.len(), 4);
    for action in [
        "expiry.alert",
        "expiry.block",
        "expiry.accept",
        "expiry.sweep",
        "programme.expire",
    ] {
        assert_eq!(fixture.traces(action).await, 1, "{action}");
    }
    assert_eq!(fixture.refundable().await.iter().sum::<i64>(), 300_000);
    assert_eq!(fixture.step("sweep").await.data["returned"], "2000.00");
}

#[testkit::test]
async fn a_sweep_that_was_cut_off_is_finished_by_the_next_round(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 3).await;
    let people = fixture.people(2, 1).await;
    fixture.hands_over(30, batch, 1, people[0]).await.created();
    fixture.hands_over(31, batch, 2, people[1]).await.created();
    fixture.clock.move_to(instant("2027-02-04T08:00:00Z"));
    // The process ended after the declaration, before anything was swept.
    sqlx::query("insert into issuer.expiry (book_id, id, at) values ($1, $2, $3)")
        .bind(fixture.programme)
        .bind(uuid(60))
        .bind(instant("2027-02-04T07:00:00Z"))
        .execute(&fixture.owner)
        .await
        .unwrap();
    assert_eq!(fixture.round().await, ["alert", "block", "acceptance", "sweep"]);
    assert_eq!(fixture.reserved(batch).await, [0, 0, 0]);
    assert_eq!(fixture.refundable().await.iter().sum::<i64>(), 30_000);
    let sweep = fixture.step("sweep").await;
    assert_eq!(
        (&sweep.data["id"], &sweep.data["vouchers"]),
        (&json!(uuid(60)), &json!(20))
    );
}

#[testkit::test]
async fn a_step_that_fails_keeps_the_later_ones_waiting_and_other_programmes_go_on(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    fixture.funded(1, 2).await;
    let other = json!({"id": uuid(101), "name": "Autre", "territory": "21", "face_value": "10.00", "booklet_size": 10,
        "spendable": "hand_over", "printed_day": "2026-12-31", "booklets_min": 1, "booklets_per_person_max": 1});
    fixture.clock.move_to(instant("2026-05-05T08:00:00Z"));
    fixture.sponsor.post("/issuer/v1/programmes", other).await.created();
    // The programme of the fixture: the statement takes no parameter.
    assert_eq!(fixture.programme.to_string(), "10000000-0000-4000-8000-000000000064");
    sqlx::raw_sql(
        "alter table issuer.expiry_step add constraint broken
             check (book_id <> '10000000-0000-4000-8000-000000000064' or step <> 'block')",
    )
    .execute(&fixture.owner)
    .await
    .unwrap();
    fixture.clock.move_to(instant("2027-02-10T08:00:00Z"));
    let round = fixture.operator.post("/issuer/v1/expiry/rounds", json!({})).await.ok();
    assert_eq!(round["failed"], json!([fixture.programme]));
    let of = |programme: Uuid| {
        let steps = round["steps"].as_array().unwrap().iter();
        steps.filter(|step| step["programme_id"] == json!(programme)).count()
    };
    assert_eq!((of(fixture.programme), of(uuid(101))), (1, 4));
    sqlx::raw_sql("alter table issuer.expiry_step drop constraint broken")
        .execute(&fixture.owner)
        .await
        .unwrap();
    assert_eq!(fixture.round().await, ["block", "acceptance", "sweep"]);
}

#[testkit::test]
async fn the_four_sums_are_those_of_a_hand_count(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let (first, second) = (fixture.funded(1, 5).await, fixture.funded(2, 2).await);
    fixture.minted(3, 4).await;
    let cancelled = fixture.minted(4, 9).await;
    fixture
        .sponsor
        .post(
            &fixture.path(&format!("batches/{cancelled}/cancellation")),
            json!({"reason": "doublon"}),
        )
        .await
        .created();
    let people = fixture.people(3, 2).await;
    fixture.hands_over(30, first, 1, people[0]).await.created();
    fixture.hands_over(31, first, 2, people[1]).await.created();
    fixture.hands_over(32, second, 6, people[2]).await.created();
    // Two vouchers of one booklet: started once. A booklet stolen from the drawer is not given any more.
    for serial in [3, 4] {
        fixture.claims(fixture.number(first, serial).await).await;
    }
    let stolen = json!({"id": uuid(40), "batch_id": first, "booklet": 5, "reason": "stolen"});
    fixture
        .sponsor
        .post(&fixture.path("revocations"), stolen)
        .await
        .created();

    fixture.round_at("2026-12-01T08:00:00Z").await;
    let data = fixture.step("alert").await.data;
    assert_eq!(
        data["sums"],
        json!({"issued": sum(11), "handed_over": sum(3), "never_handed_over": sum(8), "started": sum(1)})
    );
    assert_eq!(data["revoked_in_stock"], sum(1));
    let batches: Vec<Value> = data["batches"].as_array().unwrap().clone();
    assert_eq!(batches.len(), 3);
    let of_first = batches.iter().find(|batch| batch["batch_id"] == json!(first)).unwrap();
    assert_eq!((&of_first["handed_over"], &of_first["started"]), (&sum(2), &sum(1)));
    assert_eq!(
        data["points"],
        json!([{"prescriber_id": uuid(2), "name": "CCAS", "handed_over": sum(3), "started": sum(1)}])
    );
}

#[testkit::test]
async fn hand_overs_stop_on_the_day_whether_or_not_a_round_was_made(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 6).await;
    let people = fixture.people(3, 2).await;
    fixture.clock.move_to(instant("2026-12-15T22:59:59Z"));
    fixture.hands_over(30, batch, 1, people[0]).await.created();
    fixture.clock.move_to(instant("2026-12-15T23:00:00Z"));
    let refused = fixture
        .hands_over(31, batch, 2, people[1])
        .await
        .refused("distribution-stopped");
    assert!(
        refused["detail"].as_str().unwrap().contains("depuis le 16/12/2026"),
        "{refused}"
    );
    fixture.hands_over(30, batch, 1, people[0]).await.ok();
    // Who lost a booklet gets another one: it was given before.
    fixture.declares(40, batch, 1, "lost").await.created();
    fixture.replaces(32, 30, batch, 2).await.created();
    fixture.decides(50, "continue").await.refused("too-late");
    fixture.round().await;
    assert_eq!(fixture.step("block").await.data["stopped"], true);
}

#[testkit::test]
async fn the_sponsor_may_decide_otherwise_before(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 6).await;
    let people = fixture.people(4, 1).await;
    fixture.clock.move_to(instant("2026-11-20T08:00:00Z"));
    fixture.decides(49, "stop").await.created();
    fixture
        .hands_over(29, batch, 1, people[0])
        .await
        .refused("distribution-stopped");
    fixture.clock.move_to(instant("2026-12-10T08:00:00Z"));
    let decided = fixture.decides(50, "continue").await.created();
    assert_eq!(fixture.decides(50, "continue").await.ok(), decided);
    fixture.decides(50, "stop").await.refused("same-id-other-content");
    assert_eq!(fixture.round_at("2026-12-16T08:00:00Z").await, ["alert", "block"]);
    fixture.hands_over(30, batch, 1, people[0]).await.created();
    let block = fixture.step("block").await;
    assert_eq!(
        (&block.data["stopped"], &block.data["decision"]["decision"]),
        (&json!(false), &json!("continue"))
    );
    fixture.clock.move_to(instant("2026-12-20T08:00:00Z"));
    fixture.decides(51, "stop").await.created();
    fixture
        .hands_over(31, batch, 2, people[1])
        .await
        .refused("distribution-stopped");
    assert_eq!(fixture.traces("expiry.distribution").await, 3);
    fixture.clock.move_to(instant("2027-02-01T08:00:00Z"));
    fixture.decides(52, "stop").await.refused("programme-over");
    let no_reason = json!({"id": uuid(53), "decision": "stop", "reason": " "});
    fixture
        .sponsor
        .post(&fixture.path("distribution-decisions"), no_reason)
        .await
        .refused("no-reason");
}

#[testkit::test]
async fn the_sponsor_accepts_what_it_saw_or_is_silent(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 5).await;
    let people = fixture.people(1, 1).await;
    fixture.hands_over(30, batch, 1, people[0]).await.created();
    fixture.round_at("2026-12-01T08:00:00Z").await;
    let early = fixture.accepts(70, [5, 1, 4, 0]).await.refused("too-early");
    assert!(early["detail"].as_str().unwrap().contains("16/12/2026"), "{early}");
    fixture.round_at("2026-12-16T08:00:00Z").await;
    let differ = fixture.accepts(70, [5, 2, 3, 0]).await.refused("counts-differ");
    assert!(
        differ["detail"].as_str().unwrap().contains("1 remis, 4 jamais remis"),
        "{differ}"
    );
    fixture.clock.move_to(instant("2026-12-24T22:00:00Z"));
    let accepted = fixture.accepts(70, [5, 1, 4, 0]).await.created();
    assert_eq!(accepted["by"], json!(uuid(1)));
    assert_eq!(fixture.accepts(70, [5, 1, 4, 0]).await.ok(), accepted);
    fixture.accepts(70, [5, 1, 3, 1]).await.refused("same-id-other-content");
    fixture.accepts(71, [5, 1, 4, 0]).await.refused("already-accepted");
    assert_eq!(
        fixture.round_at("2026-12-26T08:00:00Z").await,
        [""; 0],
        "nothing tacit is left to do"
    );
    let step = fixture.step("acceptance").await;
    assert_eq!(
        (step.by_organisation, &step.data["tacit"]),
        (Some(uuid(1)), &json!(false))
    );
    assert_eq!(step.data["sums"]["never_handed_over"], sum(4));
}

#[testkit::test]
async fn silence_is_told_as_such(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    fixture.funded(1, 5).await;
    fixture.round_at("2026-12-16T08:00:00Z").await;
    // The day has passed, and no round was made yet: silence counts all the same.
    fixture.clock.move_to(instant("2026-12-25T08:00:00Z"));
    fixture.accepts(70, [5, 0, 5, 0]).await.refused("acceptance-over");
    assert_eq!(fixture.round().await, ["acceptance"]);
    let refused = fixture.accepts(70, [5, 0, 5, 0]).await.refused("acceptance-over");
    assert!(refused["detail"].as_str().unwrap().contains("tacitement"), "{refused}");
    assert_eq!(fixture.step("acceptance").await.data["sums"]["issued"], sum(5));
}

#[testkit::test]
async fn the_sponsor_sets_the_days_until_the_first_has_come(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 3).await;
    let people = fixture.people(2, 1).await;
    let set = async |settings: Value| {
        let path = fixture.path("expiry-settings");
        let put = fixture.sponsor.put_json(&path, settings);
        put.await
    };
    set(json!({"block_days": 40})).await.refused("expiry-settings-field");
    set(json!({"acceptance_days": 16}))
        .await
        .refused("expiry-settings-field");
    let days = json!({"alert_days": 10, "block_days": 5, "acceptance_days": 2});
    let made = set(days.clone()).await.created();
    assert_eq!(
        (&made["alert_days"], &made["statement_days"]),
        (&json!(10), &Value::Null)
    );
    set(days.clone()).await.ok();
    fixture.clock.move_to(instant("2026-12-16T08:00:00Z"));
    fixture.hands_over(30, batch, 1, people[0]).await.created();
    set(json!({"alert_days": 12, "block_days": 5, "acceptance_days": 2}))
        .await
        .created();
    assert_eq!(fixture.round_at("2026-12-19T08:00:00Z").await, ["alert"]);
    set(json!({})).await.refused("expiry-under-way");
    fixture.clock.move_to(instant("2026-12-26T08:00:00Z"));
    fixture
        .hands_over(31, batch, 2, people[1])
        .await
        .refused("distribution-stopped");
    assert_eq!(fixture.traces("expiry.settings").await, 2);
}

#[testkit::test]
async fn only_the_sponsor_acts_and_only_the_operator_makes_a_round(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    for who in [&fixture.prescriber, &fixture.operator] {
        let decision = json!({"id": uuid(50), "decision": "continue", "reason": "x"});
        who.post(&fixture.path("distribution-decisions"), decision)
            .await
            .refused("forbidden");
        let acceptance = json!({"id": uuid(70), "issued": 0, "handed_over": 0, "never_handed_over": 0, "started": 0});
        who.post(&fixture.path("expiry-acceptance"), acceptance)
            .await
            .refused("forbidden");
    }
    let other = fixture
        .operator
        .admits(uuid(4), "Autre département", &["sponsor"])
        .await;
    let decision = json!({"id": uuid(50), "decision": "continue", "reason": "x"});
    other
        .post(&fixture.path("distribution-decisions"), decision)
        .await
        .refused("not-found");
    fixture
        .sponsor
        .post("/issuer/v1/expiry/rounds", json!({}))
        .await
        .refused("forbidden");
}
