//! What others run: the program's commands on the books, and software that is not ours on what it exported.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use e2e::Demo;
use serde_json::Value;
use sqlx::{ConnectOptions, PgPool};
use uuid::Uuid;

use crate::measure::{Measures, copy, run, sql};

/// The operator, as every installation names it.
pub const OPERATOR: Uuid = uuid::uuid!("00000000-0000-4000-8000-000000000001");

/// What `ccn reconcile` and `ccn export` may take, whatever the books.
const MEMORY_MIB_MAX: u64 = 300;

/// The rows that a reconciliation compares.
const COMPARED: [&str; 7] = [
    "select * from ledger.transfer",
    "select * from ledger.account",
    "select * from ledger.record",
    "select * from funding.settlement_line",
    "select * from funding.statement_line",
    "select * from redemption.claim",
    "select * from redemption.reversal",
];

/// The rows that are sealed, with the names of their accounts.
const SEALED: [&str; 2] = [
    "select t.*, d.party, d.batch, c.party, c.batch from ledger.transfer t
     join ledger.account d on d.book_id = t.book_id and d.number = t.debit
     join ledger.account c on c.book_id = t.book_id and c.number = t.credit",
    "select r.*, a.party from ledger.record r join ledger.account a on a.book_id = r.book_id and a.number = r.account",
];

/// The rows that are exported, in the order of the log.
const EXPORTED: [&str; 1] = [
    "select l.*, t.*, r.*, d.party, d.batch, c.party, c.batch from ledger.leaf l
     left join ledger.transfer t on t.book_id = l.book_id and t.id = l.entry_id
     left join ledger.record r on r.book_id = l.book_id and r.id = l.entry_id
     left join ledger.account d on d.book_id = l.book_id and d.number = coalesce(t.debit, r.account)
     left join ledger.account c on c.book_id = l.book_id and c.number = coalesce(t.credit, r.account)
     order by l.seq",
];

/// How others reach the database behind a pool: without what only this library understands.
pub fn url(pool: &PgPool) -> String {
    let url = pool.connect_options().to_url_lossy().to_string();
    url.split_once('?')
        .map_or_else(|| url.clone(), |(url, _)| url.to_owned())
}

fn ccn(url: &str, key: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(Demo::executable());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CCN_") {
            command.env_remove(name);
        }
    }
    command
        .args(args)
        .env("DATABASE_URL", url)
        .env("CCN_CHECKPOINT_KEY_FILE", key);
    command
}

#[track_caller]
fn bounded(what: &str, peak_mib: u64) {
    assert!(peak_mib <= MEMORY_MIB_MAX, "{what} took {peak_mib} MiB");
}

/// Every invariant holds, and no break waits.
pub fn reconcile(measures: &mut Measures, url: &str, key: &Path) {
    let ran = run(ccn(url, key, &["reconcile", "--json"]));
    let document: Value = serde_json::from_str(ran.well("ccn reconcile").trim()).unwrap();
    assert_eq!(document["verdict"]["all_hold"], true, "{document:#}");
    assert_eq!(document["verdict"]["open_breaks"], 0, "{document:#}");
    let invariants = document["invariants"].as_array().unwrap();
    assert!(
        invariants.len() > 30 && invariants.iter().all(e2e::holds),
        "{invariants:#?}"
    );
    measures.beside("ccn reconcile", ran.took, copy(url, &COMPARED), Some(ran.peak_mib));
    bounded("ccn reconcile", ran.peak_mib);
}

/// Writes the books out; gives the time that it took with nothing left to be sealed.
pub fn export(measures: &mut Measures, url: &str, key: &Path, out: &Path) -> Duration {
    let folder = out.to_str().unwrap();
    // What is too recent is sealed here, so that the next one only exports.
    let sealing = tempfile::tempdir().unwrap();
    run(ccn(url, key, &["export", "--out", sealing.path().to_str().unwrap()])).well("ccn export");
    let ran = run(ccn(url, key, &["export", "--out", folder, "--siren", "732829320"]));
    let said = ran.well("ccn export");
    assert!(!said.contains("ne sont pas encore scellées"), "{said}");
    measures.beside("ccn export", ran.took, copy(url, &EXPORTED), Some(ran.peak_mib));
    bounded("ccn export", ran.peak_mib);
    ran.took
}

fn vkey(out: &Path) -> String {
    std::fs::read_to_string(out.join("checkpoint.vkey"))
        .unwrap()
        .trim()
        .to_owned()
}

/// The program verifies its own files, without the database.
pub fn verify(measures: &mut Measures, out: &Path) {
    let mut command = Command::new(Demo::executable());
    command
        .env_clear()
        .args(["verify", "books", "--vkey", &vkey(out)])
        .arg(out);
    let ran = run(command);
    let said = ran.well("ccn verify books");
    assert!(said.contains("Les écritures sont intactes"), "{said}");
    assert_eq!(said.matches(" clos à ").count(), 2, "{said}");
    measures.process("ccn verify books", &ran);
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The outsider's own implementation; gives its figures by funder.
pub fn outsider(measures: &mut Measures, out: &Path) -> Value {
    let python = std::env::var_os("TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let mut command = Command::new(python);
    command
        .arg("-B")
        .arg(script("outsider/verify_books.py"))
        .arg(out)
        .args(["--vkey", &vkey(out)]);
    let ran = run(command);
    let said = serde_json::from_str(ran.well("verify_books.py")).unwrap();
    measures.process("outsider's verify_books.py", &ran);
    said
}

/// `hledger check`, and its balances against the report.
pub fn hledger(measures: &mut Measures, out: &Path) {
    let python = std::env::var_os("TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let mut command = Command::new(python);
    command.arg("-B").arg(script("checkers/check_hledger.py")).arg(out);
    let ran = run(command);
    println!("hledger: {}", ran.well("check_hledger.py").trim());
    measures.process("hledger check, balances against the waterfall", &ran);
}

/// All of it sealed again, in a copy that has lost its seals: the time of an export that seals first, less that of one that does not.
pub fn seal(measures: &mut Measures, url: &str, exported: Duration, key: &Path, out: &Path) {
    let (server, name) = url.rsplit_once('/').expect("the URL of a database");
    // A name has at most 63 bytes, and the end of a test's is its own.
    let short: String = name.chars().rev().take(40).collect();
    let copy_name = format!("unsealed_{short}");
    let (postgres, copied) = (format!("{server}/postgres"), format!("{server}/{copy_name}"));
    sql(
        &postgres,
        &format!("create database \"{copy_name}\" template \"{name}\""),
    );
    sql(
        &copied,
        "truncate ledger.leaf, ledger.tile, ledger.checkpoint, ledger.close, ledger.cosignature",
    );
    let ran = run(ccn(&copied, key, &["export", "--out", out.to_str().unwrap()]));
    ran.well("ccn export");
    measures.beside(
        "sealing all of it",
        ran.took.saturating_sub(exported),
        copy(&copied, &SEALED),
        Some(ran.peak_mib),
    );
    sql(&postgres, &format!("drop database \"{copy_name}\" with (force)"));
    bounded("sealing", ran.peak_mib);
}
