//! A reconciliation that fails is heard, a file that was rewritten proves nothing, and there is one run at a time.

use database::NamedLock;
use funding::ReconciliationId;
use funding::reconciliation::{Document, RunRequest, RunTrigger, open, run};
use http::StatusCode;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::fixture::{Fixture, id, instant};
use crate::reconciliations::{AT, april, checked_by_others, verdict};
use crate::reconciling::{Reconciling, key, vkey};

#[testkit::test]
async fn a_rewritten_file_is_refused_with_the_reason(admin: PgPool) {
    let bank = april(admin).await;
    bank.runs(1).await;
    let file = bank.signed(1).await;
    let told = |file: &str, key: Option<&str>| open(file, key).unwrap_err().to_string();
    let own = vkey();
    let signed_again = |change: &dyn Fn(&mut Document)| {
        let mut document = open(&file, None).unwrap().document;
        change(&mut document);
        // Sorted keys: serde_json's maps are.
        let text = serde_json::to_value(&document).unwrap().to_string();
        key().sign(&format!("{text}\n")).unwrap()
    };
    for (what, changed, reason) in [
        ("an amount", file.replace("\"5.00\"", "\"5.01\""), "n'est pas signé"),
        ("cut", file[..file.len() / 2].to_owned(), "pas un rapprochement signé"),
        ("an empty file", String::new(), "pas un rapprochement signé"),
        ("a line more", format!("{file}\n"), "pas un rapprochement signé"),
        (
            "another document before",
            file.replacen("\n\n", "\n{}\n\n", 1),
            "n'est pas signé",
        ),
        (
            "spaces",
            key().sign(&format!(" {}", &file[..=file.find('\n').unwrap()])).unwrap(),
            "canonique",
        ),
        (
            "another log's checkpoint",
            key().sign("fonds.example/log\n1\nAAAA\n").unwrap(),
            "n'est pas celui",
        ),
        (
            "a verdict",
            signed_again(&|document| document.verdict.open_breaks = 0),
            "compte autrement les écarts",
        ),
        (
            "an invariant said to hold",
            signed_again(&|document| document.invariants[0].left = "9999999.99".parse().unwrap()),
            "deux côtés différents",
        ),
        (
            "a run taken out",
            signed_again(&|document| document.number = 3),
            "ne suit pas",
        ),
    ] {
        let said = told(&changed, Some(&own));
        assert!(said.contains(reason), "{what}: {said}");
    }
    let other = sealed_log::NoteKey::from_seed("fonds.example/log", &[8; 32]).unwrap();
    assert!(told(&file, Some(&other.verifier().to_string())).contains("n'est pas signé"));
    assert!(told(&file, Some("x")).contains("clé de vérification"));
    // Whoever changes what is kept is found too: the digest is a constraint.
    let forged = "update funding.reconciliation set document = convert_to(replace(convert_from(document, 'UTF8'), '5.00', '6.00'), 'UTF8')";
    assert!(sqlx::query(forged).execute(&bank.fixture.admin).await.is_err());
    assert!(
        sqlx::query("update funding.reconciliation set number = 2")
            .execute(&bank.pool)
            .await
            .is_err()
    );
}

#[testkit::test]
async fn a_corrupted_sum_makes_a_failing_run_that_is_heard(admin: PgPool) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _heard = metrics::set_default_local_recorder(&recorder);
    let gauge = |name: &str| {
        let text = metrics.render();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("ccn_reconciliation_{name} ")));
        line.map(str::to_owned).unwrap_or_default()
    };
    let bank = april(admin).await;
    bank.runs(1).await;
    assert_eq!(
        (
            gauge("all_hold"),
            gauge("good"),
            gauge("failing_invariants"),
            gauge("open_breaks")
        ),
        ("1".to_owned(), "1".to_owned(), "0".to_owned(), "1".to_owned())
    );
    assert_eq!(gauge("timestamp_seconds"), instant(AT).timestamp().to_string());

    let forged =
        "update ledger.account set debits_cents = debits_cents + 100 where ledger.name_of_account_kind(kind) = 'bank'";
    sqlx::query(forged).execute(&bank.fixture.admin).await.unwrap();
    let run = bank.runs(2).await;
    let (all_hold, failing, ..) = verdict(&run);
    assert!(!all_hold && failing > 0);
    assert_eq!(
        (gauge("all_hold"), gauge("failing_invariants")),
        ("0".to_owned(), failing.to_string())
    );
    // Two structures fail apart from their sum, so both sides are told.
    let failing: Vec<_> = run["document"]["invariants"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["holds"] == false)
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert!(
        failing.iter().any(|name| name.starts_with("Compte bancaire")),
        "{failing:?}"
    );
    // A failing run is as well signed as another.
    assert!(checked_by_others(&bank.signed(2).await).contains("FAILS"));
    let text = bank
        .fixture
        .get(&format!("/funding/v1/reconciliations/{}/report.txt", id(2)))
        .await;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("ATTENTION") && text.contains("FAUX"), "{text}");

    let restored =
        "update ledger.account set debits_cents = debits_cents - 100 where ledger.name_of_account_kind(kind) = 'bank'";
    sqlx::query(restored).execute(&bank.fixture.admin).await.unwrap();
    let rewritten = "update funding.statement_file set raw = raw || '\\x20'
        where sha256 = (select sha256 from funding.statement where position = 1)";
    sqlx::query(rewritten).execute(&bank.fixture.admin).await.unwrap();
    assert_eq!(verdict(&bank.runs(3).await), (false, 1, 1, 0));
}

#[testkit::test]
async fn a_break_that_is_too_old_is_no_good_run(admin: PgPool) {
    let bank = april(admin).await;
    // Booked on 10 April; 30 days are allowed.
    bank.fixture.hand.move_to(instant("2026-05-10T08:00:00Z"));
    assert_eq!(verdict(&bank.runs(1).await), (true, 0, 1, 0));
    bank.fixture.hand.move_to(instant("2026-05-11T08:00:00Z"));
    assert_eq!(verdict(&bank.runs(2).await), (true, 0, 1, 1));
}

#[testkit::test]
async fn a_night_is_run_once_by_one_instance_and_made_up_for(admin: PgPool) {
    let bank = Reconciling::of(Fixture::new(admin).await, AT).await;
    // 2:00 in Paris: the night before is due, since none was run.
    let night = bank.night(instant("2026-04-12T00:00:00Z")).await.unwrap();
    assert_eq!(
        (night.document.night.unwrap().to_string(), night.document.number),
        ("2026-04-11".to_owned(), 1)
    );
    assert_eq!(bank.night(instant("2026-04-12T00:59:59Z")).await, None);
    // 3:00: two instances at once.
    let at = instant("2026-04-12T01:00:00Z");
    let (one, other) = tokio::join!(bank.night(at), bank.night(at));
    assert_eq!([&one, &other].into_iter().flatten().count(), 1);
    assert_eq!(bank.night(instant("2026-04-12T23:00:00Z")).await, None);
    // Nobody ran for three nights: one run makes up for them, by day.
    let late = bank.night(instant("2026-04-15T14:00:00Z")).await.unwrap();
    assert_eq!(
        (late.document.night.unwrap().to_string(), late.document.number),
        ("2026-04-15".to_owned(), 3)
    );
    // Somebody's own run by day is no night.
    bank.runs(9).await;
    let next = bank.night(instant("2026-04-16T01:00:00Z")).await.unwrap();
    assert_eq!((next.document.number, next.document.occasion), (5, RunTrigger::Night));
}

#[testkit::test]
async fn one_run_at_a_time(admin: PgPool) {
    let bank = Reconciling::of(Fixture::new(admin).await, AT).await;
    let mut other = bank.fixture.admin.begin().await.unwrap();
    NamedLock::ReconciliationRuns.take(&mut other).await.unwrap();
    let (status, answer) = bank
        .fixture
        .post("/funding/v1/reconciliations", json!({"id": id(1)}))
        .await;
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::CONFLICT, &json!("urn:ccn:problem:reconciliation-under-way"))
    );
    other.rollback().await.unwrap();
    bank.runs(1).await;
}

#[testkit::test]
async fn a_run_whose_caller_goes_away_is_made_to_its_end(admin: PgPool) {
    let bank = Reconciling::of(Fixture::new(admin).await, AT).await;
    let mut busy = bank.fixture.admin.begin().await.unwrap();
    sqlx::query("lock table funding.statement in access exclusive mode")
        .execute(&mut *busy)
        .await
        .unwrap();
    let asked = bank.fixture.post("/funding/v1/reconciliations", json!({"id": id(1)}));
    tokio::select! {
        answer = asked => panic!("it waits for the statements: {answer:?}"),
        () = testkit::until_waiting(&bank.fixture.admin, 1) => {}
    }
    busy.rollback().await.unwrap();
    let again = testkit::until("the run is over", async || {
        let again = bank
            .fixture
            .post("/funding/v1/reconciliations", json!({"id": id(1)}))
            .await;
        (again.0 != StatusCode::CONFLICT).then_some(again)
    })
    .await;
    assert_eq!(
        (again.0, &again.1["document"]["number"]),
        (StatusCode::OK, &json!(1)),
        "made before"
    );
}

/// Large books are read for minutes, on another connection than the one that keeps the run's turn.
#[testkit::test]
async fn a_run_that_reads_for_long_keeps_its_turn(admin: PgPool) {
    let bank = april(admin).await;
    let options = bank.pool.connect_options().as_ref().clone();
    let options = options.options([("idle_in_transaction_session_timeout", "300ms")]);
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(options)
        .await
        .unwrap();
    let mut busy = bank.fixture.admin.begin().await.unwrap();
    sqlx::query("lock table funding.statement in access exclusive mode")
        .execute(&mut *busy)
        .await
        .unwrap();
    let request = RunRequest {
        id: ReconciliationId::derive(b"test", &[b"long"]),
        at: instant(AT),
        occasion: RunTrigger::Command,
        night: None,
        break_days_max: 30,
    };
    let key = key();
    let (made, ()) = tokio::join!(run(&pool, &key, &request, None), async {
        // Longer than a transaction may be idle.
        testkit::until("it waits longer than that", async || {
            let waits: bool = sqlx::query_scalar(
                "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
                     and state_change < clock_timestamp() - interval '900 ms')",
            )
            // Not within `busy`: a transaction sees the activity as it was when it first looked.
            .fetch_one(&bank.fixture.admin)
            .await
            .unwrap();
            waits.then_some(())
        })
        .await;
        busy.rollback().await.unwrap();
    });
    assert!(made.unwrap().into_inner().document.verdict.all_hold);
}
