//! The audit trail: a line for each act that was done, in its own transaction, and none for anything else.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::Client;
use tower::ServiceExt as _;

use crate::fixture::{Fixture, uuid};

impl Fixture {
    /// What the lines of the trail say, in order.
    async fn trail(&self) -> Vec<String> {
        sqlx::query_scalar("select action from access.audit order by id")
            .fetch_all(&self.owner)
            .await
            .unwrap()
    }

    /// Lines that a request adds, and the status that it got.
    async fn lines_of(&self, who: &Client, path: &str, body: Value) -> (u16, Vec<String>) {
        let before = self.trail().await.len();
        let answer = who.post(&self.path(path), body).await;
        (answer.status, self.trail().await.split_off(before))
    }

    /// The same of a request that the database breaks off, which no other answer of a test may be.
    async fn lines_of_failed(&self, who: &Client, path: &str) -> (u16, Vec<String>) {
        let before = self.trail().await.len();
        let request = Request::post(self.path(path))
            .header("authorization", format!("Bearer {}", who.key()))
            .header("content-type", "application/json")
            .body(Body::from("{}"))
            .unwrap();
        let response = who.router().oneshot(request).await.unwrap();
        (response.status().as_u16(), self.trail().await.split_off(before))
    }
}

fn none() -> Vec<String> {
    Vec::new()
}

#[testkit::test]
async fn what_does_not_exist_leaves_no_line(pool: PgPool) {
    let fixture = Fixture::new(pool, "batch").await;
    let batch = uuid(999);
    for act in [
        "mint",
        "funding",
        "activation",
        "cancellation",
        "printer-files",
        "reissues",
    ] {
        let body = match act {
            "cancellation" => json!({"reason": "Erreur"}),
            "printer-files" => json!({"id": uuid(70)}),
            "reissues" => json!({"id": uuid(71), "reason": "stolen"}),
            _ => json!({}),
        };
        let path = format!("batches/{batch}/{act}");
        assert_eq!(
            fixture.lines_of(&fixture.sponsor, &path, body).await,
            (404, none()),
            "{act}"
        );
    }
    let path = format!("proofs/{}/approval", uuid(72));
    assert_eq!(
        fixture.lines_of(&fixture.sponsor, &path, json!({})).await,
        (404, none())
    );
}

#[testkit::test]
async fn a_refused_act_leaves_no_line(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(200, 2).await;
    let sponsor = &fixture.sponsor;
    // Booklets are activated one by one in this programme, and nobody has given money.
    for act in ["activation", "funding"] {
        let path = format!("batches/{batch}/{act}");
        assert_eq!(
            fixture.lines_of(sponsor, &path, json!({})).await,
            (422, none()),
            "{act}"
        );
    }
    let order = json!({"id": uuid(201), "booklets": 1});
    assert_eq!(fixture.lines_of(sponsor, "orders", order).await, (422, none()));
    let other = json!({"id": batch, "booklets": 3});
    assert_eq!(fixture.lines_of(sponsor, "orders", other).await, (409, none()));
    let path = format!("batches/{batch}/cancellation");
    assert_eq!(
        fixture.lines_of(sponsor, &path, json!({"reason": ""})).await,
        (422, none())
    );
    sponsor
        .post(&fixture.path(&path), json!({"reason": "Erreur"}))
        .await
        .created();
    let path = format!("batches/{batch}/mint");
    assert_eq!(fixture.lines_of(sponsor, &path, json!({})).await, (422, none()));
}

/// One part of the run cannot be printed: the other one is not, either.
#[testkit::test]
async fn a_run_is_printed_whole_or_leaves_no_line(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(200, 2).await;
    let part = |batch| json!({"programme_id": fixture.programme, "batch_id": batch});
    let before = fixture.trail().await;
    let run = json!({"parts": [part(batch), part(uuid(999))]});
    let answer = fixture.sponsor.post("/issuer/v1/print-runs", run).await;
    assert_eq!(answer.status, 404);
    assert_eq!(fixture.trail().await, before);
    let printed: i64 = sqlx::query_scalar("select count(*) from issuer.print")
        .fetch_one(&fixture.owner)
        .await
        .unwrap();
    assert_eq!(printed, 0);
}

/// The database refuses at the very end, when the act and its line are written and not committed.
#[testkit::test]
async fn an_act_that_is_rolled_back_leaves_no_line(pool: PgPool) {
    let fixture = Fixture::new(pool, "batch").await;
    let batch = fixture.minted(200, 2).await;
    fixture.allocates([20_000; 3]).await;
    sqlx::raw_sql(
        "create function issuer.refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
         create constraint trigger refuse after update on issuer.batch deferrable initially deferred
             for each row execute function issuer.refuse();",
    )
    .execute(&fixture.owner)
    .await
    .unwrap();
    let path = format!("batches/{batch}/funding");
    assert_eq!(fixture.lines_of_failed(&fixture.sponsor, &path).await, (500, none()));
    assert_eq!(fixture.reserved(batch).await, [0; 3]);
    let other = json!({"id": uuid(201), "booklets": 2});
    fixture.sponsor.post(&fixture.path("orders"), other).await.created();
    let path = format!("batches/{}/mint", uuid(201));
    assert_eq!(fixture.lines_of_failed(&fixture.sponsor, &path).await, (500, none()));
    sqlx::raw_sql("drop trigger refuse on issuer.batch")
        .execute(&fixture.owner)
        .await
        .unwrap();
    assert_eq!(
        fixture.lines_of(&fixture.sponsor, &path, json!({})).await,
        (200, vec!["batch.mint".to_owned()])
    );
}

#[testkit::test]
async fn each_act_leaves_one_line_and_its_repetition_none(pool: PgPool) {
    let fixture = Fixture::new(pool, "batch").await;
    let person = fixture.people(1, 2).await[0];
    fixture.allocates([40_000; 3]).await;
    let (batch, given) = (uuid(200), uuid(300));
    let acts = [
        ("orders".to_owned(), json!({"id": batch, "booklets": 4}), "batch.order"),
        (format!("batches/{batch}/mint"), json!({}), "batch.mint"),
        (format!("batches/{batch}/funding"), json!({}), "batch.fund"),
        (format!("batches/{batch}/activation"), json!({}), "batch.activate"),
        ("proofs".to_owned(), json!({"id": uuid(400)}), "proof.make"),
        (format!("proofs/{}/approval", uuid(400)), json!({}), "proof.approve"),
        (
            format!("batches/{batch}/printer-files"),
            json!({"id": uuid(401), "from": 1, "to": 2}),
            "batch.printer_file",
        ),
    ];
    for (path, body, action) in acts {
        let (status, lines) = fixture.lines_of(&fixture.sponsor, &path, body.clone()).await;
        assert!(status < 300, "{path}: {status}");
        assert_eq!(lines, [action], "{path}");
        assert_eq!(
            fixture.lines_of(&fixture.sponsor, &path, body).await,
            (200, none()),
            "{path} again"
        );
    }
    let hand_over = json!({"id": given, "batch_id": batch, "booklet": 1, "beneficiary_id": person});
    let lost = json!({"id": uuid(301), "batch_id": batch, "booklet": 1, "reason": "lost"});
    let instead = json!({"id": uuid(302), "hand_over_id": given, "batch_id": batch, "booklet": 2});
    for (path, body, action) in [
        ("hand-overs", hand_over, "booklet.hand_over"),
        ("revocations", lost, "voucher.revoke"),
        ("replacements", instead, "booklet.replace"),
    ] {
        let first = fixture.lines_of(&fixture.prescriber, path, body.clone()).await;
        assert_eq!(first, (201, vec![action.to_owned()]), "{path}");
        assert_eq!(
            fixture.lines_of(&fixture.prescriber, path, body).await,
            (200, none()),
            "{path} again"
        );
    }
}

/// What is put in the place of something else leaves a line when it is something else.
#[testkit::test]
async fn what_is_put_twice_leaves_one_line(pool: PgPool) {
    let fixture = Fixture::new(pool, "batch").await;
    let paper = fixture.path("paper");
    for phone in ["03 80 12 34 56", " 03 80 12 34 56", "03 80 12 34 57"] {
        fixture.sponsor.put_json(&paper, json!({"phone": phone})).await.ok();
    }
    assert_eq!(fixture.traces("paper.change").await, 2);
    let key = uuid(1001);
    fixture.operator.gives_key(uuid(1), key).await;
    for _ in 0..2 {
        let answer = fixture.operator.delete(&format!("/issuer/v1/api-keys/{key}")).await;
        assert_eq!(answer.status, 204);
    }
    assert_eq!(fixture.traces("api_key.revoke").await, 1);
}
