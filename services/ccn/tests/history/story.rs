use std::path::{Path, PathBuf};
use std::process::Command;

use export::{Export, Exported};
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use verify::books::{BooksVerdict, Trusted, verify_books};

use crate::bank::{naming, returning};
use crate::fixture::{FUNDERS, Fixture, PROGRAMME, STRUCTURE_IBAN, id, instant, log_key};

pub const STRUCTURE: uuid::Uuid = id(101);

/// Contributions, a batch funded and handed over, claims; March paid; a claim reversed after it was paid and deducted; a payment that
/// comes back; the rest expired, refunded by bank and as a credit. March to July are closed.
pub async fn whole_history(admin: PgPool) -> Fixture {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    fixture.funds_a_batch().await;
    fixture.hands_over().await;
    fixture
        .has_structure(STRUCTURE, Some(STRUCTURE_IBAN), "2026-03-01T00:00:00Z")
        .await;
    fixture
        .claims(id(201), STRUCTURE, &[1, 2], "2026-03-31T21:59:59Z")
        .await;
    fixture.claims(id(203), STRUCTURE, &[4], "2026-03-31T22:00:00Z").await;

    fixture.hand.move_to(instant("2026-04-02T08:00:00Z"));
    let march = fixture.settle(1, "2026-03", "2026-04-03").await;
    fixture
        .loads(2, "200.00", vec![naming("-20.00", &march["payments"][0]["end_to_end"])])
        .await;
    closes(&fixture, "2026-03").await;
    fixture
        .reverses_after_settlement(id(201), STRUCTURE, &[1, 2], "2026-04-05T10:00:00Z")
        .await;
    fixture
        .claims(id(204), STRUCTURE, &[1, 2, 5], "2026-04-06T10:00:00Z")
        .await;

    fixture.hand.move_to(instant("2026-05-02T08:00:00Z"));
    let april = fixture.settle(2, "2026-04", "2026-05-04").await;
    assert_eq!(april["total"], "20.00");
    fixture
        .loads(3, "180.00", vec![naming("-20.00", &april["payments"][0]["end_to_end"])])
        .await;
    fixture.claims(id(205), STRUCTURE, &[3], "2026-05-03T10:00:00Z").await;
    closes(&fixture, "2026-04").await;

    fixture.hand.move_to(instant("2026-06-02T08:00:00Z"));
    let may = fixture.settle(3, "2026-05", "2026-06-03").await;
    let end_to_end = &may["payments"][0]["end_to_end"];
    let entries = vec![naming("-10.00", end_to_end), returning("10.00", end_to_end)];
    fixture.loads(4, "160.00", entries).await;

    fixture.hand.move_to(instant("2026-08-10T08:00:00Z"));
    for month in ["2026-05", "2026-06", "2026-07"] {
        closes(&fixture, month).await;
    }
    fixture.expires(&[], "2026-07-31T23:30:00Z").await;
    let refund = |n, funder: usize, way| json!({"id": id(n), "funder_id": FUNDERS[funder], "programme_id": PROGRAMME, "method": way, "execute_on": "2026-08-11"});
    let bank = fixture.created("/funding/v1/refunds", refund(31, 0, "bank")).await;
    fixture.created("/funding/v1/refunds", refund(32, 1, "credit")).await;
    let amount = format!("-{}", bank["amount"].as_str().unwrap());
    fixture
        .loads(5, "160.00", vec![naming(&amount, &bank["end_to_end"])])
        .await;
    fixture.all_hold().await;
    fixture
}

/// Other tests' transactions on the same server may hold a close up for a moment.
async fn closes(fixture: &Fixture, month: &str) {
    loop {
        let (status, answer) = fixture.post("/funding/v1/closes", json!({"month": month})).await;
        if status != StatusCode::SERVICE_UNAVAILABLE {
            return assert_eq!(status, StatusCode::CREATED, "{answer}");
        }
    }
}

pub struct Books {
    pub folder: TempDir,
    pub exported: Exported,
}

/// Exports what the database of `options` holds, sealed first with the key if one is wanted.
pub async fn export(options: &PgConnectOptions, seal: bool) -> Books {
    let folder = tempfile::tempdir().unwrap();
    let key = log_key();
    let export = Export {
        database: options.clone(),
        key: seal.then_some(&key),
        siren: &"732829320".parse().unwrap(),
        at: instant("2026-08-10T09:00:00Z"),
        out: folder.path(),
    };
    let exported = ccn::commands::export::write(&export, |_, _| {}).await.unwrap();
    Books { folder, exported }
}

impl Books {
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn verdict(&self, older: Option<&Path>, cosigners: &[String]) -> BooksVerdict {
        let vkey = log_key().verifier().to_string();
        let trusted = Trusted {
            key: Some(&vkey),
            older,
            cosigners,
        };
        verify_books(self.folder.path(), &trusted).unwrap()
    }

    /// What the outsider's script says: its figures, or where it found the first fault.
    pub fn outsider(&self, more: &[&str]) -> Result<Value, String> {
        let vkey = log_key().verifier().to_string();
        let folder = self.folder.path().to_str().unwrap();
        let mut args = vec!["verify_books.py", folder, "--vkey", &vkey];
        args.extend(more);
        outsider(&args)
    }
}

/// Runs a script of the outsider's.
pub fn outsider(args: &[&str]) -> Result<Value, String> {
    let python = std::env::var_os("TEST_PYTHON").expect("TEST_PYTHON: run scripts/test");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/outsider/");
    let output = Command::new(python)
        .arg("-B")
        // Nothing but the standard library.
        .arg("-I")
        .arg("-c")
        .arg("import sys, runpy; sys.path = [p for p in sys.path if 'site-packages' not in p]; sys.path.insert(0, sys.argv[1]); sys.argv = sys.argv[2:]; runpy.run_path(sys.argv[0], run_name='__main__')")
        .arg(folder)
        .arg(format!("{folder}{}", args[0]))
        .args(&args[1..])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    if output.status.success() {
        let said = String::from_utf8(output.stdout).unwrap();
        Ok(serde_json::from_str(&said).unwrap_or(Value::String(said)))
    } else {
        assert!(told.starts_with("NOT "), "{told}");
        Err(told)
    }
}
