//! `ccn reconcile` and `ccn verify reconciliation` as a person runs them, and the server's nightly run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ccn::server::sealing;
use ccn::{Config, Running, Service};
use chrono::{DateTime, Utc};
use database::NamedLock;
use serde_json::Value;
use sqlx::{ConnectOptions, Executor, PgPool};
use tempfile::TempDir;
use web::Clock;

use crate::fixture::{instant, two_years};

/// A sum that no transfer explains.
pub const CORRUPTED: &str =
    "update ledger.account set debits_cents = debits_cents + 100 where ledger.name_of_account_kind(kind) = 'bank'";
const MENDED: &str =
    "update ledger.account set debits_cents = debits_cents - 100 where ledger.name_of_account_kind(kind) = 'bank'";

pub struct Operator {
    pub pool: PgPool,
    folder: TempDir,
}

impl Operator {
    pub fn new(pool: PgPool) -> Self {
        let operator = Self {
            pool,
            folder: tempfile::tempdir().unwrap(),
        };
        sealing::create_key(&operator.path("checkpoint.key")).unwrap();
        operator
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub async fn runs(&self, args: &[&str]) -> Output {
        self.runs_with(args, &[]).await
    }

    /// With further variables of the environment.
    pub async fn runs_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ccn"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CCN_") {
                command.env_remove(name);
            }
        }
        command
            .args(args)
            .env("DATABASE_URL", self.pool.connect_options().to_url_lossy().as_str())
            .env("CCN_CHECKPOINT_KEY_FILE", self.path("checkpoint.key"))
            .envs(variables.iter().copied())
            .stdin(Stdio::null());
        tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap()
    }
}

pub fn said(output: &Output) -> (Option<i32>, String) {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[testkit::test]
async fn the_exit_status_says_whether_the_books_are_right(pool: PgPool) {
    let operator = Operator::new(pool);
    let (status, text) = said(&operator.runs(&["reconcile"]).await);
    assert_eq!(status, Some(0), "{text}");
    assert!(
        text.contains("Rapprochement n° 1 (en ligne de commande)") && text.contains("TOUT EST JUSTE."),
        "{text}"
    );

    let note = operator.path("run.note");
    let note = note.to_str().unwrap();
    // A break that is too old is a state of its own.
    operator
        .pool
        .execute(
            "insert into funding.payment_report_file (sha256, raw, loaded_at) values (sha256('x'), 'x', now());
             insert into funding.payment_report (id, sha256, part, identification, original_message_id, loaded_at)
             values (gen_random_uuid(), sha256('x'), 1, 'R', 'M', now());
             insert into funding.payment_report_line (report_id, line, outcome) select id, 1, 'unknown' from funding.payment_report;
             insert into funding.break (id, kind, cents, report_id, line, opened_on)
                 select id, 'unexpected', 0, id, 1, current_date - 31 from funding.payment_report;
             insert into funding.break_step (break_id, number, state, why, organisation_id, at)
                 select id, 1, 'open', 'x', id, now() from funding.break",
        )
        .await
        .unwrap();
    let (status, text) = said(&operator.runs(&["reconcile"]).await);
    assert_eq!(status, Some(3), "{text}");
    assert!(text.contains("1 écart(s) attendent depuis plus de 30 jours"), "{text}");
    let (status, text) = said(
        &operator
            .runs(&["reconcile", "--break-days-max", "40", "--out", note])
            .await,
    );
    assert_eq!(status, Some(0), "{text}");
    let (status, text) = said(&operator.runs(&["verify", "reconciliation", note]).await);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("Prouvé : le rapprochement n° 3"), "{text}");

    let output = operator.runs(&["reconcile", "--json", "--out", note]).await;
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["number"], 4);
}

/// Since then, somebody has looked for its turn, found that it is another's, and given up its transaction.
async fn told_to_wait(pool: &PgPool, since: DateTime<Utc>) -> Option<()> {
    let told: bool = sqlx::query_scalar(
        "select exists (select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
             and state = 'idle' and query ilike 'rollback%' and state_change > $1)",
    )
    .bind(since)
    .fetch_one(pool)
    .await
    .unwrap();
    told.then_some(())
}

/// Asks while another run is under way, which ends when the asked one waits for it.
pub async fn during_another_run<T>(pool: &PgPool, asked: impl Future<Output = T>) -> T {
    // The lock of `funding::reconciliation::run`, held as the nightly run holds it.
    let mut night = pool.begin().await.unwrap();
    NamedLock::ReconciliationRuns.take(&mut night).await.unwrap();
    let since: DateTime<Utc> = sqlx::query_scalar("select clock_timestamp()")
        .fetch_one(&mut *night)
        .await
        .unwrap();
    let ends = async {
        testkit::until("it is told to wait", async || told_to_wait(pool, since).await).await;
        night.rollback().await.unwrap();
    };
    tokio::join!(asked, ends).0
}

#[testkit::test]
async fn a_run_waits_for_the_one_under_way(pool: PgPool) {
    let operator = Operator::new(pool);
    let output = during_another_run(&operator.pool, operator.runs(&["reconcile"])).await;
    let (status, text) = said(&output);
    assert_eq!(status, Some(0), "{text}");
    assert!(
        text.contains("celui-ci commencera ensuite") && text.contains("TOUT EST JUSTE."),
        "{text}"
    );
}

#[testkit::test]
async fn a_corrupted_sum_is_status_1_and_the_proof_still_holds(pool: PgPool) {
    two_years(&pool).await;
    let operator = Operator::new(pool);
    operator.pool.execute(CORRUPTED).await.unwrap();
    let note = operator.path("run.note");
    let note = note.to_str().unwrap();
    let (status, text) = said(&operator.runs(&["reconcile", "--out", note]).await);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("ATTENTION") && text.contains("FAUX"), "{text}");
    // What failed is proven as well.
    let loader = ccn::Config::default().key_loader(keys::CleartextPolicy::Accept);
    let host = "cheque.localhost".parse().unwrap();
    let vkey = sealing::read_key(&operator.path("checkpoint.key"), &host, &loader);
    let vkey = vkey.unwrap().verifier().to_string();
    let (status, text) = said(
        &operator
            .runs(&["verify", "reconciliation", "--vkey", &vkey, note])
            .await,
    );
    assert_eq!(status, Some(0), "{text}");
    assert!(
        text.contains("FAUX : ") && !text.contains("celle du document"),
        "{text}"
    );

    let changed = std::fs::read_to_string(note)
        .unwrap()
        .replace("\"holds\":false", "\"holds\":true");
    std::fs::write(note, changed).unwrap();
    let (status, text) = said(
        &operator
            .runs(&["verify", "reconciliation", "--vkey", &vkey, note])
            .await,
    );
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("NON PROUVÉ"), "{text}");
    let (status, text) = said(&operator.runs(&["verify", "reconciliation", "/nonexistent"]).await);
    assert_eq!(status, Some(2), "{text}");

    operator.pool.execute(MENDED).await.unwrap();
    std::fs::remove_file(operator.path("checkpoint.key")).unwrap();
    let (status, text) = said(&operator.runs(&["reconcile"]).await);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("--checkpoint-key-file"), "{text}");
}

/// A server on this database, its keys in `folder`, its clock at rest.
pub async fn serves(pool: &PgPool, folder: &Path, at: &str) -> Running {
    let (clock, _hand) = Clock::set(instant(at));
    let config = config(pool, folder);
    Running::start(config, clock, &Service::ALL).await.unwrap()
}

pub fn config(pool: &PgPool, folder: &Path) -> Config {
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        data_dir: folder.to_owned(),
        database_url: Some((*pool.connect_options()).clone()),
        fund_name: Some("Fonds CCN".to_owned()),
        fund_iban: Some("FR7630006000011234567890189".parse().unwrap()),
        ..Config::default()
    }
}

#[testkit::test]
async fn a_server_makes_up_for_the_night_that_it_missed(pool: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    let running = serves(&pool, folder.path(), "2026-04-12T08:00:00Z").await;
    let night = testkit::until("the nightly run", async || -> Option<String> {
        sqlx::query_scalar("select night::text from funding.reconciliation")
            .fetch_optional(&pool)
            .await
            .unwrap()
    })
    .await;
    assert_eq!(night, "2026-04-12");
    let metrics = reqwest::get(format!("http://{}/metrics", running.addr)).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("ccn_reconciliation_all_hold 1"), "{metrics}");
    let ready = reqwest::get(format!("http://{}/health/ready", running.addr))
        .await
        .unwrap();
    assert!(ready.status().is_success());
    running.stop().await.unwrap();
}
