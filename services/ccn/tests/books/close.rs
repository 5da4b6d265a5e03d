//! `ccn close`, on a database and on a server, and `ccn reconcile` on a server.

use database::NamedLock;
use std::path::Path;

use ccn::server::sealing;
use ccn::{Config, Running, Service};
use ledger::{Account, TransferKind};
use sealed_log::{Checkpoint, VerifierKey};
use serde_json::Value;
use sqlx::{Executor, PgPool};
use uuid::Uuid;
use web::Clock;

use crate::fixture::{FUNDERS, post};
use crate::reconcile::{CORRUPTED, Operator, config, during_another_run, said, serves};

/// Some money, long ago.
async fn receives(pool: &PgPool, name: &str, at: &str) {
    let leg = (
        TransferKind::Received,
        Account::bank(),
        Account::deposited(FUNDERS[0]),
        1000,
    );
    post(pool, name, &[leg], None, at).await;
}

fn verifier(key_file: &Path) -> VerifierKey {
    let loader = Config::default().key_loader(keys::CleartextPolicy::Accept);
    let host = "cheque.localhost".parse().unwrap();
    sealing::read_key(key_file, &host, &loader).unwrap().verifier()
}

#[testkit::test]
async fn a_month_closes_once_in_order_and_its_proof_holds(pool: PgPool) {
    let operator = Operator::new(pool);
    let (status, text) = said(&operator.runs(&["close", "2025-01"]).await);
    assert_eq!(status, Some(3), "{text}");
    assert!(
        text.contains("Le mois 2025-01 n'est pas clos.") && text.contains("il n'y en a encore aucune"),
        "{text}"
    );
    receives(&operator.pool, "a", "2025-01-10T10:00:00Z").await;
    receives(&operator.pool, "b", "2025-02-10T10:00:00Z").await;
    for (month, expected, told) in [
        ("2025-02", 3, "clôturez d'abord 2025-01"),
        ("2024-12", 3, "le prochain est 2025-01"),
        ("2999-12", 3, "n'est pas terminé"),
        ("2025-13", 2, "un mois s'écrit 2026-03"),
    ] {
        let (status, text) = said(&operator.runs(&["close", month]).await);
        assert_eq!(status, Some(expected), "{text}");
        assert!(text.contains(told), "{text}");
    }

    let note = operator.path("cloture.note");
    let note = note.to_str().unwrap();
    let (status, text) = said(&operator.runs(&["close", "2025-01", "--out", note]).await);
    assert_eq!(status, Some(0), "{text}");
    let key = verifier(&operator.path("checkpoint.key"));
    let written = std::fs::read_to_string(note).unwrap();
    let signed = Checkpoint::open(&written, &key).unwrap();
    assert_eq!(signed.closed.map(|month| month.to_string()).as_deref(), Some("2025-01"));
    for told in [
        "Le mois 2025-01 est clos".to_owned(),
        format!("écritures scellées  {}", signed.size),
        signed.root.to_base64(),
        key.to_string(),
        "ailleurs que sur ce serveur".to_owned(),
        format!("ccn verify books --older {note}"),
    ] {
        assert!(text.contains(&told), "{told}: {text}");
    }
    // Again: the same close, and nothing more in the trail.
    let output = operator.runs(&["close", "2025-01", "--json"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output).1);
    let view: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (
            view["month"].as_str(),
            view["checkpoint"].as_str(),
            view["closed_by"].as_str()
        ),
        (
            Some("2025-01"),
            Some(written.as_str()),
            Some("00000000-0000-4000-8000-000000000001")
        )
    );
    let by: Vec<Uuid> = sqlx::query_scalar("select organisation_id from access.audit where action = 'month.close'")
        .fetch_all(&operator.pool)
        .await
        .unwrap();
    assert_eq!(by, [access::OPERATOR.uuid()]);

    // What was kept proves the export, which names the close.
    let (status, text) = said(&operator.runs(&["close", "2025-02"]).await);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("closed 2025-02\n"), "{text}");
    let books = operator.path("livres");
    let books = books.to_str().unwrap();
    assert_eq!(said(&operator.runs(&["export", "--out", books]).await).0, Some(0));
    let key = key.to_string();
    let (status, text) = said(
        &operator
            .runs(&["verify", "books", "--vkey", &key, "--older", note, books])
            .await,
    );
    assert_eq!(status, Some(0), "{text}");
    assert!(
        text.contains("2025-01 clos à") && text.contains("2025-02 clos à"),
        "{text}"
    );

    let (status, json) = said(
        &operator
            .runs(&["verify", "books", "--json", "--vkey", &key, books])
            .await,
    );
    let told: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (status, &told["holds"], &told["key_from"]),
        (Some(0), &true.into(), &"given".into())
    );
    assert_eq!(
        (&told["faults"]["count"], told["closes"].as_array().map(Vec::len)),
        (&0.into(), Some(2)),
        "{told:#}"
    );
    // The same folder again would mix two exports.
    let (status, text) = said(&operator.runs(&["export", "--out", books]).await);
    assert_eq!(status, Some(1), "{text}");

    operator.pool.execute(CORRUPTED).await.unwrap();
    let (status, text) = said(&operator.runs(&["close", "2025-03"]).await);
    assert_eq!(status, Some(1), "{text}");
    assert!(
        text.contains("n'est pas la somme de ses écritures") && text.contains("prévenez l'auditeur"),
        "{text}"
    );
}

/// A server with its own key, and who asks it from elsewhere.
struct Site {
    running: Running,
    url: String,
    vkey: String,
    operator_key: String,
    _folder: tempfile::TempDir,
}

impl Site {
    async fn start(pool: &PgPool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let running = serves(pool, folder.path(), "2025-04-12T08:00:00Z").await;
        Self {
            url: format!("http://{}", running.addr),
            vkey: verifier(&folder.path().join("secrets/checkpoint.key")).to_string(),
            operator_key: running.operator_key_file.to_str().unwrap().to_owned(),
            running,
            _folder: folder,
        }
    }

    /// `--server` and what goes with it.
    fn asked<'a>(&'a self, command: &[&'a str]) -> Vec<&'a str> {
        let server = [
            "--server",
            &self.url,
            "--api-key-file",
            &self.operator_key,
            "--vkey",
            &self.vkey,
        ];
        [command, &server].concat()
    }
}

/// The server's own nightly run, which must be over: one run at a time.
async fn night_is_over(pool: &PgPool) {
    testkit::until("the nightly run", async || {
        let runs: i64 = sqlx::query_scalar("select count(*) from funding.reconciliation")
            .fetch_one(pool)
            .await
            .unwrap();
        (runs > 0).then_some(())
    })
    .await;
}

#[testkit::test]
async fn a_server_reconciles_and_closes_for_who_trusts_its_key_alone(pool: PgPool) {
    let operator = Operator::new(pool);
    receives(&operator.pool, "a", "2025-03-10T10:00:00Z").await;
    let site = Site::start(&operator.pool).await;
    night_is_over(&operator.pool).await;

    let note = operator.path("run.note");
    let note = note.to_str().unwrap();
    // The bank has said nothing of this money: an invariant is false, and told as on a database.
    let asked = site.asked(&["reconcile", "--out", note]);
    let (status, text) = said(&during_another_run(&operator.pool, operator.runs(&asked)).await);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("celui-ci commencera ensuite"), "{text}");
    assert!(
        text.contains("(à la demande)") && text.contains("FAUX") && text.contains(&site.vkey),
        "{text}"
    );
    let proven = operator
        .runs(&["verify", "reconciliation", "--vkey", &site.vkey, note])
        .await;
    assert_eq!(proven.status.code(), Some(0), "{}", said(&proven).1);

    let (status, text) = said(&operator.runs(&site.asked(&["close", "2025-04"])).await);
    assert_eq!(status, Some(3), "{text}");
    assert!(text.contains("n'est pas terminé"), "{text}");
    let (status, text) = said(&operator.runs(&site.asked(&["close", "2025-03"])).await);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("closed 2025-03\n") && text.contains(&site.vkey), "{text}");

    // Somebody else's signature is not believed, whatever it says.
    let other = verifier(&operator.path("checkpoint.key")).to_string();
    for command in [["reconcile", "--json"], ["close", "2025-03"]] {
        let mut args = site.asked(&command);
        *args.last_mut().unwrap() = &other;
        let (status, text) = said(&operator.runs(&args).await);
        assert_eq!(status, Some(1), "{text}");
        assert!(text.contains("NON PROUVÉ"), "{text}");
    }
    site.running.stop().await.unwrap();
}

#[testkit::test]
async fn a_key_goes_to_this_machine_and_never_by_the_command_line(pool: PgPool) {
    let operator = Operator::new(pool);
    let site = Site::start(&operator.pool).await;
    night_is_over(&operator.pool).await;
    let secret = std::fs::read_to_string(&site.operator_key).unwrap();
    let without = ["reconcile", "--server", &site.url, "--vkey", &site.vkey];
    let (status, text) = said(&operator.runs(&without).await);
    assert_eq!(status, Some(1), "{text}");
    assert!(
        text.contains("--api-key-file") && text.contains("CCN_API_KEY"),
        "{text}"
    );
    let (status, text) = said(&operator.runs_with(&without, &[("CCN_API_KEY", secret.trim())]).await);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("TOUT EST JUSTE."), "{text}");
    let (status, text) = said(&operator.runs_with(&without, &[("CCN_API_KEY", "ccn_faux")]).await);
    assert_eq!(status, Some(1), "{text}");
    assert!(!text.contains("ccn_faux"), "a key is told: {text}");

    for server in ["http://192.0.2.1:8080", "https://cheque.example.fr"] {
        let args = [
            "close",
            "2025-03",
            "--server",
            server,
            "--api-key-file",
            &site.operator_key,
            "--vkey",
            &site.vkey,
        ];
        let (status, text) = said(&operator.runs(&args).await);
        assert_eq!(status, Some(1), "{text}");
        assert!(text.contains("ssh -L"), "{text}");
    }
    // Who asks a server says whose signature is believed.
    let args = [
        "close",
        "2025-03",
        "--server",
        &site.url,
        "--api-key-file",
        &site.operator_key,
    ];
    assert_eq!(said(&operator.runs(&args).await).0, Some(2));
    let args = [
        "close",
        "2025-03",
        "--server",
        &site.url,
        "--vkey",
        &site.vkey,
        "--api-key",
        "x",
    ];
    assert_eq!(said(&operator.runs(&args).await).0, Some(2));
    site.running.stop().await.unwrap();
}

/// What waits for its seal is measured, and a forgotten transaction shows.
#[testkit::test]
async fn a_seal_that_lags_is_measured(pool: PgPool) {
    let operator = Operator::new(pool);
    let site = Site::start(&operator.pool).await;
    let mut forgotten = operator.pool.acquire().await.unwrap();
    forgotten.execute("begin; select pg_current_xact_id()").await.unwrap();
    receives(&operator.pool, "a", "2025-04-12T07:58:00Z").await;
    let metrics = async |wanted: &str| {
        testkit::until(wanted, async || {
            let metrics = reqwest::get(format!("{}/metrics", site.url)).await.unwrap();
            let metrics = metrics.text().await.unwrap();
            metrics.contains(wanted).then_some(())
        })
        .await;
    };
    metrics("ccn_unsealed_entries 1").await;
    metrics("ccn_seal_lag_seconds 120").await;
    forgotten.execute("rollback").await.unwrap();
    drop(forgotten);
    metrics("ccn_unsealed_entries 0").await;
    metrics("ccn_seal_lag_seconds 0").await;
    site.running.stop().await.unwrap();
}

#[testkit::test]
async fn sealing_goes_on_while_requests_hold_every_connection(pool: PgPool) {
    receives(&pool, "a", "2025-03-10T10:00:00Z").await;
    let folder = tempfile::tempdir().unwrap();
    let (clock, _hand) = Clock::set("2025-04-12T08:00:00Z".parse().unwrap());
    let config = Config {
        connections: 1,
        ..config(&pool, folder.path())
    };
    let running = Running::start(config, clock, &Service::ALL).await.unwrap();
    night_is_over(&pool).await;
    let mut busy = pool.begin().await.unwrap();
    // The turn of settlements: it writes nothing, which the sealer would wait for.
    NamedLock::Settlements.take(&mut busy).await.unwrap();
    let secret = std::fs::read_to_string(&running.operator_key_file).unwrap();
    let url = format!("http://{}/funding/v1/settlements", running.addr);
    let settlement = serde_json::json!({"id": Uuid::from_u128(1), "month": "2025-03", "execute_on": "2025-04-14"});
    let asked = reqwest::Client::new()
        .post(url)
        .bearer_auth(secret.trim())
        .json(&settlement);
    let asked = tokio::spawn(asked.send());
    // It waits, and holds the one connection.
    testkit::until_waiting(&pool, 1).await;
    let sealed = async || -> i64 {
        let leaves = sqlx::query_scalar("select count(*) from ledger.leaf").fetch_one(&pool);
        leaves.await.unwrap()
    };
    let before = sealed().await;
    receives(&pool, "b", "2025-04-10T10:00:00Z").await;
    let after = testkit::until("the sealer comes", async || {
        let after = sealed().await;
        (after > before).then_some(after)
    })
    .await;
    assert!(!asked.is_finished(), "the connection is still held");
    assert_eq!(after, before + 1, "the entry is sealed all the same");
    busy.rollback().await.unwrap();
    assert_eq!(asked.await.unwrap().unwrap().status(), 201);
    running.stop().await.unwrap();
}
