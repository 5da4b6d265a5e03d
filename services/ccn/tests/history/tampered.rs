//! Somebody who may do everything in the database rewrites the past, in a copy of it: every later verification says where.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use funding::reconciliation::Nightly;
use funding::{Config, FundAccount};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sqlx::{Executor, PgPool};
use tower::ServiceExt;
use uuid::Uuid;
use web::Clock;

use crate::copy::Copy;
use crate::fixture::{FUND_IBAN, instant, log_key};
use crate::story::{export, whole_history};

/// The services on a copy of the database, in September.
struct Services {
    app: Router,
    secret: String,
}

impl Services {
    fn on(pool: &PgPool, secret: &str) -> Self {
        let (clock, _) = Clock::set(instant("2026-09-02T08:00:00Z"));
        let fund = FundAccount {
            name: "Fonds de soutien".into(),
            iban: FUND_IBAN.parse().unwrap(),
            bic: None,
        };
        let nightly = Nightly {
            at: None,
            break_days_max: 30,
        };
        let routes = funding::routes(Config {
            checkpoint_key: Some(Arc::new(log_key())),
            ..Config::new(pool.clone(), clock, fund, testkit::evidence_keys().into(), nightly)
        });
        Self {
            app: web::frame(routes.split_for_parts().0),
            secret: secret.to_owned(),
        }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.secret))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }
}

#[testkit::test]
#[expect(clippy::too_many_lines, reason = "one forgery, and everybody who finds it")]
async fn one_old_amount_rewritten_is_found_by_every_verification(admin: PgPool) {
    let fixture = whole_history(admin).await;
    let options = (*fixture.admin.connect_options()).clone();
    let kept = export(&options, true).await;
    let (seq, id): (i64, Uuid) = sqlx::query_as(
        "select l.seq, l.entry_id from ledger.leaf l join ledger.fund_movement m on m.transfer_id = l.entry_id
         where m.kind = 'received' order by l.seq limit 1",
    )
    .fetch_one(&fixture.admin)
    .await
    .unwrap();
    let (place, line) = (u64::try_from(seq).unwrap(), seq + 1);
    let secret = fixture.secret.clone();
    let copy = Copy::of(&fixture.admin).await;
    drop(fixture);

    let pool = PgPool::connect_with(copy.options.clone()).await.unwrap();
    let services = Services::on(&pool, &secret);
    let proof = format!("/funding/v1/proofs/transfers/{id}");
    assert_eq!(services.ask("GET", &proof, Value::Null).await.0, StatusCode::OK);
    let rewritten = sqlx::query("update ledger.transfer set cents = cents + 100 where id = $1")
        .bind(id)
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(rewritten.rows_affected(), 1);

    // The export says where, and writes what the books say now: whoever reads it finds it again.
    let books = export(&copy.options, false).await;
    assert_eq!(
        (books.exported.changed, &books.exported.changed_first),
        (1, &vec![place])
    );
    let verdict = books.verdict(None, &[]);
    assert!(
        verdict.faults[0].starts_with(&format!(
            "ligne {line} (rang {seq}, écriture {id}) : ce n'est pas ce qui a été scellé"
        )),
        "{:?}",
        verdict.faults
    );
    let told = books.outsider(&[]).unwrap_err();
    assert!(told.contains(&format!("line {line}: not what was sealed")), "{told}");
    // Whoever kept a checkpoint, or only a close, needs nothing else of the folder.
    std::fs::remove_file(books.path("leaf-hashes")).unwrap();
    let verdict = books.verdict(Some(&kept.path("checkpoint")), &[]);
    for told in ["la clôture de 2026-03", "du point de contrôle antérieur"] {
        assert!(
            verdict.faults.iter().any(|fault| fault.contains(told)),
            "{told}: {:?}",
            verdict.faults
        );
    }
    let told = books.outsider(&[]).unwrap_err();
    assert!(told.contains("are not those of 2026-03"), "{told}");

    let (status, answer) = services.ask("GET", &proof, Value::Null).await;
    assert_eq!(
        (status, &answer["type"], &answer["seq"]),
        (
            StatusCode::CONFLICT,
            &json!("urn:ccn:problem:books-changed"),
            &json!(place)
        )
    );
    let (status, answer) = services
        .ask("GET", &format!("/funding/log/tile/entries/000.p/{line}"), Value::Null)
        .await;
    assert_eq!((status, &answer["seq"]), (StatusCode::CONFLICT, &json!(place)));

    // The accounts no longer are the sums of their entries: no month closes, and the invariants say in which book.
    let (status, answer) = services
        .ask("POST", "/funding/v1/closes", json!({"month": "2026-08"}))
        .await;
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::CONFLICT, &json!("urn:ccn:problem:books-changed"))
    );
    let (_, invariants) = services.ask("GET", "/funding/v1/invariants", Value::Null).await;
    assert_eq!(invariants["all_hold"], false);
    let failing = invariants["invariants"].as_array().unwrap();
    assert!(
        failing
            .iter()
            .any(|one| one["holds"] == false && one["name"].as_str().unwrap().contains("livre du fonds")),
        "{failing:?}"
    );

    // With the accounts rewritten too, sums agree again; the log does not.
    pool.execute(
        "update ledger.account set debits_cents = debits_cents + 100 where ledger.name_of_account_kind(kind) = 'bank'",
    )
    .await
    .unwrap();
    sqlx::query(
        "update ledger.account set credits_cents = credits_cents + 100
         where (book_id, number) = (select book_id, credit from ledger.transfer where id = $1)",
    )
    .bind(id)
    .execute(&pool)
    .await
    .unwrap();
    let mut connection = pool.acquire().await.unwrap();
    assert_eq!(ledger::seal::unequal_sums(&mut connection, 10).await.unwrap(), []);
    drop(connection);
    assert_eq!(services.ask("GET", &proof, Value::Null).await.0, StatusCode::CONFLICT);
    assert!(!export(&copy.options, false).await.verdict(None, &[]).holds());

    // The original is as it was.
    pool.close().await;
    copy.dropped().await;
    let again = export(&options, false).await;
    assert!(again.verdict(Some(&kept.path("checkpoint")), &[]).holds());
}
