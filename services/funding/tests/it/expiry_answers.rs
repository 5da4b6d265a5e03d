//! What is answered to the statement of a programme's end, what is given back, and who sees the calendar.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::ended_programme::{Actor, ENDED, Ended, FUNDERS, GIVEN, SPONSOR, UNSPENT};
use crate::expiry::ISSUED;
use crate::fixture::{START, id, instant};

#[testkit::test]
async fn every_answer_is_kept_and_the_last_one_counts(pool: PgPool) {
    let ended = Ended::new(pool).await;
    let (sponsor, funder) = (ended.key(SPONSOR).await, ended.key(FUNDERS[2]).await);
    let accepts = |n: u128| json!({"id": id(n), "answer": "accepted"});
    assert_eq!(Actor::kind(&sponsor.says("responses", accepts(1)).await), "not-found");
    ended.round_at(ISSUED).await;
    let contest = json!({"id": id(2), "answer": "contested", "reasons": "Le lot 2 n'a jamais été livré."});
    assert_eq!(
        Actor::kind(
            &sponsor
                .says("responses", json!({"id": id(2), "answer": "contested"}))
                .await
        ),
        "no-reasons"
    );
    let (status, first) = sponsor.says("responses", contest.clone()).await;
    assert_eq!(
        (status, &first["organisation_id"]),
        (StatusCode::CREATED, &json!(SPONSOR))
    );
    assert_eq!(sponsor.says("responses", contest).await, (StatusCode::OK, first));
    assert_eq!(
        Actor::kind(&sponsor.says("responses", accepts(2)).await),
        "same-id-other-content"
    );
    let standing = async || sponsor.reads("expiry-statement").await["standing"].clone();
    assert_eq!(standing().await, "contested");
    ended.at("2026-08-21T21:59:00Z");
    assert_eq!(sponsor.says("responses", accepts(3)).await.0, StatusCode::CREATED);
    assert_eq!(funder.says("responses", accepts(4)).await.0, StatusCode::CREATED);
    assert_eq!(standing().await, "open");
    ended.at("2026-08-21T22:00:00Z");
    assert_eq!(Actor::kind(&funder.says("responses", accepts(5)).await), "contest-over");
    assert_eq!(standing().await, "tacitly_accepted");
    let responses = sponsor.reads("expiry-statement").await["responses"].clone();
    assert_eq!(responses.as_array().unwrap().len(), 3);
    assert_eq!(responses[0]["reasons"], "Le lot 2 n'a jamais été livré.");
    assert_eq!(ended.traces("expiry.respond").await, 3);
    let operator = ended.operator().await;
    assert_eq!(
        Actor::kind(&operator.says("responses", accepts(6)).await),
        "contest-over"
    );
    ended.at(ISSUED);
    assert_eq!(Actor::kind(&operator.says("responses", accepts(6)).await), "forbidden");
}

#[testkit::test]
async fn each_funder_gets_its_exact_share_back_by_the_way_it_chose(pool: PgPool) {
    let ended = Ended::new(pool).await;
    ended.round_at(ISSUED).await;
    let operator = ended.operator().await;
    let first = ended.key(FUNDERS[0]).await;
    let give = json!({"execute_on": "2026-08-28"});
    assert_eq!(Actor::kind(&operator.says("refunds", give.clone()).await), "too-early");
    for (n, way) in [(1, "credit"), (2, "bank")] {
        let (status, _) = first.says("choices", json!({"id": id(n), "method": way})).await;
        assert_eq!(status, StatusCode::CREATED, "it may change its mind");
    }
    let own = first.reads("expiry-statement").await["choices"].clone();
    assert_eq!(own.as_array().unwrap().len(), 2);
    let other = ended.key(FUNDERS[1]).await.reads("expiry-statement").await;
    assert_eq!(other["choices"], json!([]), "another's choice is not its business");
    let not_a_funder = ended
        .key(SPONSOR)
        .await
        .says("choices", json!({"id": id(3), "method": "bank"}))
        .await;
    assert_eq!(Actor::kind(&not_a_funder), "forbidden");

    assert_eq!(ended.round_at("2026-08-22T05:00:00Z").await, [0, 1, 0]);
    assert_eq!(
        ended.round_at("2026-08-22T06:00:00Z").await,
        [0, 0, 0],
        "credits once; the bank is the operator's act"
    );
    assert_eq!(
        Actor::kind(&first.says("choices", json!({"id": id(4), "method": "credit"})).await),
        "contest-over"
    );
    assert_eq!(
        Actor::kind(&operator.says("refunds", json!({"execute_on": "2026-08-20"})).await),
        "execute-on-past"
    );
    let (status, given) = operator.says("refunds", give.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{given}");
    assert_eq!(operator.says("refunds", give).await, (StatusCode::OK, given.clone()));
    let given: Vec<[&str; 3]> = given
        .as_array()
        .unwrap()
        .iter()
        .map(|one| ["method", "chosen_by", "amount"].map(|name| one[name].as_str().unwrap()))
        .collect();
    assert_eq!(
        given,
        [
            ["bank", "funder", GIVEN[0]],
            ["credit", "default", GIVEN[1]],
            ["credit", "default", GIVEN[2]]
        ]
    );
    let refund: uuid::Uuid =
        sqlx::query_scalar("select refund_id from funding.unused_value_refund where funder_id = $1")
            .bind(FUNDERS[0])
            .fetch_one(&ended.fixture.admin)
            .await
            .unwrap();
    let file = ended
        .fixture
        .get(&format!("/funding/v1/refunds/{refund}/pain.001.xml"))
        .await;
    assert!(String::from_utf8(file).unwrap().contains(GIVEN[0]));

    // The credit is free for the next programme, to the cent.
    let next = id(0x1011);
    ended.programme(next).await;
    ended.convention(0x10b1, FUNDERS[1], next).await;
    let allocation =
        |n: u128, amount: &str| json!({"id": id(n), "funder_id": FUNDERS[1], "programme_id": next, "amount": amount});
    let refused = ended
        .fixture
        .refused("/funding/v1/allocations", allocation(0x10c1, "93.35"))
        .await;
    assert_eq!(refused["type"], "urn:ccn:problem:not-enough-deposited");
    ended
        .fixture
        .created("/funding/v1/allocations", allocation(0x10c2, GIVEN[1]))
        .await;
}

#[testkit::test]
async fn a_contested_statement_gives_nothing_back_by_itself(pool: PgPool) {
    let ended = Ended::new(pool).await;
    ended.round_at(ISSUED).await;
    let contest = json!({"id": id(2), "answer": "contested", "reasons": "Il manque un encaissement."});
    ended.key(FUNDERS[2]).await.says("responses", contest).await;
    assert_eq!(ended.round_at("2026-08-22T05:00:00Z").await, [0, 0, 0]);
    let operator = ended.operator().await;
    let refused = operator.says("refunds", json!({"execute_on": "2026-08-28"})).await;
    assert_eq!(Actor::kind(&refused), "statement-contested");
    assert_eq!(refused.1["contested_by"], json!([FUNDERS[2]]));
    let override_reason = json!({"execute_on": "2026-08-28", "override_reason": "Encaissement retrouvé le 20 août, accord écrit de la Caf."});
    let (status, given) = operator.says("refunds", override_reason).await;
    assert_eq!(status, StatusCode::CREATED);
    assert!(
        given
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["override_reason"].is_string() && one["by"].is_string()),
        "{given}"
    );
    let sums: i64 = sqlx::query_scalar("select sum(cents)::bigint from funding.unused_value_refund")
        .fetch_one(&ended.fixture.admin)
        .await
        .unwrap();
    assert_eq!(sums, 27_500);
}

#[testkit::test]
async fn what_the_operator_gave_back_by_hand_is_not_given_twice(pool: PgPool) {
    let ended = Ended::new(pool).await;
    ended.round_at(ISSUED).await;
    let by_hand = json!({"id": id(0x10d1), "funder_id": FUNDERS[0], "programme_id": ENDED, "method": "credit", "execute_on": "2026-08-07"});
    ended.fixture.created("/funding/v1/refunds", by_hand).await;
    assert_eq!(ended.round_at("2026-08-22T05:00:00Z").await, [0, 1, 0]);
    let given = ended.operator().await.reads("expiry-statement").await["refunded"].clone();
    let amounts: Vec<&str> = given
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["amount"].as_str().unwrap())
        .collect();
    assert_eq!(amounts, [UNSPENT[0], GIVEN[1], GIVEN[2]]);
}

#[testkit::test]
async fn the_calendar_shows_each_step_to_those_concerned(pool: PgPool) {
    let ended = Ended::new(pool).await;
    ended.at("2026-08-05T05:00:00Z");
    let sponsor = ended.key(SPONSOR).await;
    let calendar = sponsor.reads("expiry-calendar").await;
    let steps: Vec<String> = calendar["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            format!(
                "{} {} {}",
                step["step"].as_str().unwrap(),
                step["due_on"].as_str().unwrap(),
                step["state"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        steps,
        [
            "alert 2026-05-31 done",
            "block 2026-06-15 done",
            "acceptance 2026-06-23 done",
            "refusal 2026-08-01 done",
            "sweep 2026-08-04 done",
            "statement 2026-08-06 to_come"
        ]
    );
    assert_eq!(calendar["steps"][0]["offset"], json!({"days": 30, "by_default": true}));
    assert_eq!(
        (&calendar["unused_value"], &calendar["unused_value_by_default"]),
        (&json!("credit"), &json!(true))
    );
    assert_eq!(calendar["steps"][0]["data"]["points"][0]["name"], "CCAS");
    let of_funder = ended.key(FUNDERS[1]).await.reads("expiry-calendar").await;
    assert_eq!(
        of_funder["steps"][0]["data"]["sums"],
        calendar["steps"][0]["data"]["sums"]
    );
    assert_eq!(
        of_funder["steps"][0]["data"]["points"],
        Value::Null,
        "no distribution point for funders"
    );
    ended.operator().await.reads("expiry-calendar").await;
    // A funder of another programme, and a structure.
    for (n, stranger) in [crate::fixture::FUNDERS[0], id(0x1099)].into_iter().enumerate() {
        if n == 1 {
            let other = json!({"id": stranger, "name": "Autre", "roles": ["structure"]});
            ended.fixture.created("/issuer/v1/organisations", other).await;
        }
        let stranger = ended.key(stranger).await;
        assert_eq!(stranger.gets("expiry-calendar").await.0, StatusCode::NOT_FOUND);
        ended.round_at(ISSUED).await;
        for file in [
            "expiry-statement",
            "expiry-statement.pdf",
            "expiry-statement.json",
            "expiry-statement.csv",
        ] {
            assert_eq!(stranger.gets(file).await.0, StatusCode::NOT_FOUND, "{file}");
        }
        let answer = stranger
            .says("responses", json!({"id": id(9), "answer": "accepted"}))
            .await;
        assert_eq!(answer.0, StatusCode::NOT_FOUND);
        assert_eq!(
            stranger.posts("/funding/v1/expiry/statement-rounds", json!({})).await.0,
            StatusCode::FORBIDDEN
        );
    }
    let done = sponsor.reads("expiry-calendar").await["steps"][5].clone();
    assert_eq!((&done["state"], &done["late"]), (&json!("done"), &json!(false)));
    assert_eq!(done["done_at"], json!(instant(ISSUED)), "{START}");
}
