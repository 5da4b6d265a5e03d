//! A reconciliation run is kept, signed, numbered, compared, and its failure is heard.

use std::process::Command;

use funding::ReconciliationId;
use funding::reconciliation::{Document, Occasion, RunRequest, run, verify};
use http::StatusCode;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::bank::{moved, naming};
use crate::cycle::march;
use crate::world::{FUNDERS, World, id, instant};
use crate::world_bank::{Reconciling, key, vkey};

const AT: &str = "2026-04-12T08:00:00Z";

/// March is settled and seen on the statement, with a line that nobody knows.
async fn april(admin: PgPool) -> Reconciling {
    let world = march(admin).await;
    let settlement = world.settle(1, "2026-03", "2026-04-03").await;
    let payment = naming("-20.00", &settlement["payments"][0]["end_to_end"]);
    world.loads(2, "200.00", vec![payment, moved("5.00")]).await;
    Reconciling::of(world, AT).await
}

fn verdict(run: &Value) -> (bool, u64, u64, u64) {
    let verdict = &run["document"]["verdict"];
    let count = |name: &str| verdict[name].as_u64().unwrap();
    (
        verdict["all_hold"].as_bool().unwrap(),
        count("failing"),
        count("open_breaks"),
        count("old_breaks"),
    )
}

/// By Python's `cryptography` and `json`.
fn judged_by_others(file: &str) -> String {
    let python = std::env::var_os("TEST_PYTHON").expect("TEST_PYTHON: run scripts/test");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.note");
    std::fs::write(&path, file).unwrap();
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/checkers/check_reconciliation.py"
    );
    let output = Command::new(python)
        .args(["-B", script])
        .arg(path)
        .arg(vkey())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

#[sqlx::test(migrations = false)]
async fn a_run_is_numbered_signed_kept_and_verified_by_others(admin: PgPool) {
    let bank = april(admin).await;
    let first = bank.runs(1).await;
    assert_eq!(verdict(&first), (true, 0, 1, 0), "{first}");
    let document = &first["document"];
    assert_eq!(
        (
            &document["number"],
            &document["occasion"],
            &document["previous"],
            &document["at"]
        ),
        (&json!(1), &json!("request"), &Value::Null, &json!(AT))
    );
    let statements = &document["statements"];
    assert_eq!(
        (&statements["loaded"], &statements["new"][1]["closing"]),
        (&json!(2), &json!("185.00"))
    );
    let raw: Vec<String> =
        sqlx::query_scalar("select encode(sha256(raw), 'hex') from funding.statement order by position")
            .fetch_all(&bank.world.admin)
            .await
            .unwrap();
    let kept: Vec<_> = statements["new"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["sha256"])
        .collect();
    assert_eq!(kept, [&raw[0], &raw[1]]);
    assert!(document["identities"].as_array().unwrap().len() > 20);
    assert_eq!(document["breaks"][0]["amount"], "5.00");

    bank.world.hand.move_to(instant("2026-04-13T08:00:00Z"));
    let second = bank.runs(2).await;
    let (before, statements) = (&second["document"]["previous"], &second["document"]["statements"]);
    assert_eq!(
        (
            &before["number"],
            &before["sha256"],
            &statements["new"],
            &statements["last"]["position"]
        ),
        (&json!(1), &first["sha256"], &json!([]), &json!(2))
    );
    for n in [1, 2] {
        let file = bank.signed(n).await;
        assert!(verify(&file, Some(&vkey())).is_ok() && verify(&file, None).is_ok());
        let said = judged_by_others(&file);
        assert!(said.contains(&format!("run {n}: ")), "{said}");
    }
    let list = bank.world.get_json("/v1/reconciliations").await;
    let numbers: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| &run["number"])
        .collect();
    assert_eq!(numbers, [&json!(2), &json!(1)]);
    let older = bank.world.get_json("/v1/reconciliations?after=2").await;
    assert_eq!(older["items"][0]["id"], json!(id(1)));
    assert_eq!(
        bank.world.get_json(&format!("/v1/reconciliations/{}", id(1))).await,
        first
    );
    let acts: i64 = sqlx::query_scalar("select count(*) from access.audit where action = 'reconciliation.run'")
        .fetch_one(&bank.world.admin)
        .await
        .unwrap();
    assert_eq!(acts, 2);
}

#[sqlx::test(migrations = false)]
async fn a_run_is_read_by_people_who_may(admin: PgPool) {
    let bank = april(admin).await;
    bank.runs(1).await;
    let path = |name: &str| format!("/v1/reconciliations/{}/{name}", id(1));
    let text = String::from_utf8(bank.world.get(&path("report.txt")).await).unwrap();
    for said in [
        "Rapprochement n° 1 (à la demande), le 12/04/2026 à 10:00:00 (heure de Paris)",
        "TOUT EST JUSTE.",
        "1 écart(s) non fermés",
        "juste  Compte bancaire",
        "inattendu",
        "SHA-256",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    let csv = String::from_utf8(bank.world.get(&path("report.csv")).await).unwrap();
    assert!(
        csv.starts_with("line,name,left,right,holds,state,age_days,owner\n"),
        "{csv}"
    );
    assert!(
        csv.contains("break,unexpected ") && csv.contains(",5.00,,,open,2,"),
        "{csv}"
    );
    let funder = bank.world.key_of(FUNDERS[0], None).await;
    for name in ["signed", "report.txt", "report.csv", &format!("compare/{}", id(1))] {
        assert_eq!(
            bank.world.send("GET", &path(name), &funder, Vec::new()).await.0,
            403,
            "{name}"
        );
    }
    let body = json!({"id": id(9)}).to_string().into_bytes();
    let (status, _) = bank.world.send("POST", "/v1/reconciliations", &funder, body).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(
        bank.world.status(&format!("/v1/reconciliations/{}", id(9))).await,
        StatusCode::NOT_FOUND
    );
}

#[sqlx::test(migrations = false)]
async fn two_runs_say_what_changed_between_them(admin: PgPool) {
    let bank = april(admin).await;
    bank.runs(1).await;
    let breaks = bank.world.breaks().await;
    let path = format!("/v1/breaks/{}", breaks[0]["id"].as_str().unwrap());
    bank.world
        .put_json(&format!("{path}/owner"), json!({"owner": "Comptabilité"}))
        .await;
    bank.world.loads(3, "185.00", vec![moved("7.00"), moved("-2.00")]).await;
    bank.runs(2).await;
    let explanation = json!({"what": "contribution", "why": "Confirmé.", "funder_id": FUNDERS[0]});
    bank.world.put_json(&format!("{path}/explanation"), explanation).await;
    bank.world
        .put_json(&format!("{path}/closing"), json!({"why": "Fini."}))
        .await;
    bank.runs(3).await;
    let compare = async |one: u128, other: u128| {
        let path = format!("/v1/reconciliations/{}/compare/{}", id(one), id(other));
        bank.world.get_json(&path).await
    };
    let changed = compare(1, 2).await;
    assert_eq!(
        (&changed["from"]["number"], &changed["to"]["number"]),
        (&json!(1), &json!(2))
    );
    let amounts = |breaks: &Value| -> Vec<String> {
        let amounts = breaks.as_array().unwrap().iter();
        amounts.map(|one| one["amount"].as_str().unwrap().to_owned()).collect()
    };
    let mut opened = amounts(&changed["opened"]);
    opened.sort();
    assert_eq!(
        (opened, amounts(&changed["closed"])),
        (vec!["-2.00".to_owned(), "7.00".to_owned()], vec![])
    );
    assert_eq!(
        (
            &changed["changed"][0]["before"]["owner"],
            &changed["changed"][0]["after"]["owner"]
        ),
        (&Value::Null, &json!("Comptabilité"))
    );
    let bank_account = |changed: &Value| {
        let moved = changed["identities"].as_array().unwrap().iter();
        let one = moved
            .into_iter()
            .find(|one| one["name"].as_str().unwrap().starts_with("Compte bancaire"));
        one.map(|one| (one["before"]["left"].clone(), one["after"]["right"].clone()))
    };
    assert_eq!(bank_account(&changed), Some((json!("185.00"), json!("190.00"))));
    // In either order; nothing came from the bank between the later ones.
    assert_eq!(compare(3, 2).await, compare(2, 3).await);
    let changed = compare(2, 3).await;
    assert_eq!(
        (amounts(&changed["closed"]), bank_account(&changed)),
        (vec!["5.00".to_owned()], None)
    );
    let same = compare(1, 1).await;
    for list in ["identities", "opened", "closed", "changed"] {
        assert_eq!(same[list], json!([]));
    }
}

#[sqlx::test(migrations = false)]
async fn a_rewritten_file_is_refused_with_the_reason(admin: PgPool) {
    let bank = april(admin).await;
    bank.runs(1).await;
    let file = bank.signed(1).await;
    let told = |file: &str, key: Option<&str>| verify(file, key).unwrap_err().to_string();
    let own = vkey();
    let signed_again = |change: &dyn Fn(&mut Document)| {
        let mut document = verify(&file, None).unwrap();
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
            "a judgement",
            signed_again(&|document| document.verdict.open_breaks = 0),
            "compte autrement les écarts",
        ),
        (
            "an identity said to hold",
            signed_again(&|document| document.identities[0].left = "9999999.99".parse().unwrap()),
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
    let other = ledger::proof::NoteKey::from_seed("fonds.example/log", &[8; 32]).unwrap();
    assert!(told(&file, Some(&other.verifier().to_string())).contains("n'est pas signé"));
    assert!(told(&file, Some("x")).contains("clé de vérification"));
    // Whoever changes what is kept is found too: the digest is a constraint.
    let forged = "update funding.reconciliation set document = convert_to(replace(convert_from(document, 'UTF8'), '5.00', '6.00'), 'UTF8')";
    assert!(sqlx::query(forged).execute(&bank.world.admin).await.is_err());
    assert!(
        sqlx::query("update funding.reconciliation set number = 2")
            .execute(&bank.pool)
            .await
            .is_err()
    );
}

#[sqlx::test(migrations = false)]
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
            gauge("failing_identities"),
            gauge("open_breaks")
        ),
        ("1".to_owned(), "1".to_owned(), "0".to_owned(), "1".to_owned())
    );
    assert_eq!(gauge("timestamp_seconds"), instant(AT).timestamp().to_string());

    let forged = "update ledger.account set debits_cents = debits_cents + 100 where kind = 1";
    sqlx::query(forged).execute(&bank.world.admin).await.unwrap();
    let run = bank.runs(2).await;
    let (all_hold, failing, ..) = verdict(&run);
    assert!(!all_hold && failing > 0);
    assert_eq!(
        (gauge("all_hold"), gauge("failing_identities")),
        ("0".to_owned(), failing.to_string())
    );
    // Two structures fail apart from their sum, so both sides are told.
    let failing: Vec<_> = run["document"]["identities"]
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
    assert!(judged_by_others(&bank.signed(2).await).contains("FAILS"));
    let text = bank
        .world
        .get(&format!("/v1/reconciliations/{}/report.txt", id(2)))
        .await;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("ATTENTION") && text.contains("FAUX"), "{text}");

    let back = "update ledger.account set debits_cents = debits_cents - 100 where kind = 1";
    sqlx::query(back).execute(&bank.world.admin).await.unwrap();
    let rewritten = "update funding.statement set raw = raw || '\\x20' where position = 1";
    sqlx::query(rewritten).execute(&bank.world.admin).await.unwrap();
    assert_eq!(verdict(&bank.runs(3).await), (false, 1, 1, 0));
}

#[sqlx::test(migrations = false)]
async fn a_break_that_is_too_old_is_no_good_run(admin: PgPool) {
    let bank = april(admin).await;
    // Booked on 10 April; 30 days are allowed.
    bank.world.hand.move_to(instant("2026-05-10T08:00:00Z"));
    assert_eq!(verdict(&bank.runs(1).await), (true, 0, 1, 0));
    bank.world.hand.move_to(instant("2026-05-11T08:00:00Z"));
    assert_eq!(verdict(&bank.runs(2).await), (true, 0, 1, 1));
}

#[sqlx::test(migrations = false)]
async fn a_night_is_run_once_by_one_instance_and_made_up_for(admin: PgPool) {
    let bank = Reconciling::of(World::new(admin).await, AT).await;
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
    assert_eq!((next.document.number, next.document.occasion), (5, Occasion::Night));
}

#[sqlx::test(migrations = false)]
async fn one_run_at_a_time(admin: PgPool) {
    let bank = Reconciling::of(World::new(admin).await, AT).await;
    let mut other = bank.world.admin.begin().await.unwrap();
    sqlx::query("select pg_advisory_xact_lock(x'63636e5f72656361'::bigint)")
        .execute(&mut *other)
        .await
        .unwrap();
    let (status, answer) = bank.world.post("/v1/reconciliations", json!({"id": id(1)})).await;
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::CONFLICT, &json!("urn:ccn:problem:reconciliation-under-way"))
    );
    other.rollback().await.unwrap();
    bank.runs(1).await;
}

/// Large books are read for minutes, on another connection than the one that keeps the run's turn.
#[sqlx::test(migrations = false)]
async fn a_run_that_reads_for_long_keeps_its_turn(admin: PgPool) {
    let bank = april(admin).await;
    let options = bank.pool.connect_options().as_ref().clone();
    let options = options.options([("idle_in_transaction_session_timeout", "300ms")]);
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(options)
        .await
        .unwrap();
    let mut busy = bank.world.admin.begin().await.unwrap();
    sqlx::query("lock table funding.statement in access exclusive mode")
        .execute(&mut *busy)
        .await
        .unwrap();
    let request = RunRequest {
        id: ReconciliationId::derive(b"test", &[b"long"]),
        at: instant(AT),
        occasion: Occasion::Command,
        night: None,
        break_days_max: 30,
    };
    let key = key();
    let (made, ()) = tokio::join!(run(&pool, &key, &request, None), async {
        // Longer than a transaction may be idle.
        sqlx::query("select pg_sleep(1)").execute(&mut *busy).await.unwrap();
        busy.rollback().await.unwrap();
    });
    assert!(made.unwrap().into_inner().document.verdict.all_hold);
}
