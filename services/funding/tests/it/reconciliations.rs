//! A reconciliation run is kept, signed, numbered and compared.

use std::process::Command;

use funding::reconciliation::open;
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::{moved, naming};
use crate::cycle::march;
use crate::fixture::{FUNDERS, id, instant};
use crate::reconciling::{Reconciling, vkey};

pub const AT: &str = "2026-04-12T08:00:00Z";

/// March is settled and seen on the statement, with a line that nobody knows.
pub async fn april(admin: PgPool) -> Reconciling {
    let fixture = march(admin).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    let payment = naming("-20.00", &settlement["payments"][0]["end_to_end"]);
    fixture.loads(2, "200.00", vec![payment, moved("5.00")]).await;
    Reconciling::of(fixture, AT).await
}

pub fn verdict(run: &Value) -> (bool, u64, u64, u64) {
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
pub fn checked_by_others(file: &str) -> String {
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

#[testkit::test]
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
        sqlx::query_scalar("select encode(sha256(raw), 'hex') from funding.statement join funding.statement_file using (sha256) order by position")
            .fetch_all(&bank.fixture.admin)
            .await
            .unwrap();
    let kept: Vec<_> = statements["new"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["sha256"])
        .collect();
    assert_eq!(kept, [&raw[0], &raw[1]]);
    assert!(document["invariants"].as_array().unwrap().len() > 20);
    assert_eq!(document["breaks"][0]["amount"], "5.00");

    bank.fixture.hand.move_to(instant("2026-04-13T08:00:00Z"));
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
        assert!(open(&file, Some(&vkey())).is_ok() && open(&file, None).is_ok());
        let said = checked_by_others(&file);
        assert!(said.contains(&format!("run {n}: ")), "{said}");
    }
    let list = bank.fixture.get_json("/funding/v1/reconciliations").await;
    let numbers: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| &run["number"])
        .collect();
    assert_eq!(numbers, [&json!(2), &json!(1)]);
    let older = bank.fixture.get_json("/funding/v1/reconciliations?after=2").await;
    assert_eq!(older["items"][0]["id"], json!(id(1)));
    assert_eq!(
        bank.fixture
            .get_json(&format!("/funding/v1/reconciliations/{}", id(1)))
            .await,
        first
    );
    let acts: i64 = sqlx::query_scalar("select count(*) from access.audit where action = 'reconciliation.run'")
        .fetch_one(&bank.fixture.admin)
        .await
        .unwrap();
    assert_eq!(acts, 2);
}

#[testkit::test]
async fn a_run_is_read_by_people_who_may(admin: PgPool) {
    let bank = april(admin).await;
    bank.runs(1).await;
    let path = |name: &str| format!("/funding/v1/reconciliations/{}/{name}", id(1));
    let text = String::from_utf8(bank.fixture.get(&path("report.txt")).await).unwrap();
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
    let csv = String::from_utf8(bank.fixture.get(&path("report.csv")).await).unwrap();
    assert!(
        csv.starts_with("line,name,left,right,holds,state,age_days,owner\n"),
        "{csv}"
    );
    assert!(
        csv.contains("break,unexpected ") && csv.contains(",5.00,,,open,2,"),
        "{csv}"
    );
    let funder = bank.fixture.key_of(FUNDERS[0], None).await;
    for name in ["signed", "report.txt", "report.csv", &format!("compare/{}", id(1))] {
        assert_eq!(
            bank.fixture.send("GET", &path(name), &funder, Vec::new()).await.0,
            403,
            "{name}"
        );
    }
    let body = json!({"id": id(9)}).to_string().into_bytes();
    let (status, _) = bank
        .fixture
        .send("POST", "/funding/v1/reconciliations", &funder, body)
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(
        bank.fixture
            .status(&format!("/funding/v1/reconciliations/{}", id(9)))
            .await,
        StatusCode::NOT_FOUND
    );
}

#[testkit::test]
async fn two_runs_say_what_changed_between_them(admin: PgPool) {
    let bank = april(admin).await;
    bank.runs(1).await;
    let breaks = bank.fixture.breaks().await;
    let path = format!("/funding/v1/breaks/{}", breaks[0]["id"].as_str().unwrap());
    bank.fixture
        .put_json(&format!("{path}/owner"), json!({"owner": "Comptabilité"}))
        .await;
    bank.fixture
        .loads(3, "185.00", vec![moved("7.00"), moved("-2.00")])
        .await;
    bank.runs(2).await;
    let explanation = json!({"what": "contribution", "why": "Confirmé.", "funder_id": FUNDERS[0]});
    bank.fixture.put_json(&format!("{path}/explanation"), explanation).await;
    bank.fixture
        .put_json(&format!("{path}/closing"), json!({"why": "Fini."}))
        .await;
    bank.runs(3).await;
    let compare = async |one: u128, other: u128| {
        let path = format!("/funding/v1/reconciliations/{}/compare/{}", id(one), id(other));
        bank.fixture.get_json(&path).await
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
        let moved = changed["invariants"].as_array().unwrap().iter();
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
    for list in ["invariants", "opened", "closed", "changed"] {
        assert_eq!(same[list], json!([]));
    }
}
