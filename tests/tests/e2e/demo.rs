//! The demonstration, told by the executable itself, and what other people's software says about its files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use e2e::{Demo, DemoSite, check, holds, real_data};
use serde::Deserialize;
use serde_json::Value;
use standards::Cents;

/// Every way to be refused that the story must show.
const REFUSALS: [&str; 10] = [
    "forged",
    "unknown",
    "not-active",
    "already-used-by-you",
    "already-used-elsewhere",
    "revoked",
    "expired",
    "structure-suspended",
    "not-funded",
    "workshop-all-or-nothing",
];

/// What its user waits for, with a margin for a busy machine.
const REAL_DATA_SECONDS_MAX: u64 = 240;

/// Pages of the real programme's booklets that are read back.
const PAGES_READ: &str = "40";

#[derive(Deserialize)]
struct VoucherRow {
    state: String,
    face_value: Cents,
}

#[derive(Deserialize)]
struct ReportRow {
    file: String,
    line: u64,
    column: String,
    problem: String,
    remedy: String,
}

/// On the project's own small data; told once for all tests.
fn small() -> &'static Demo {
    static TOLD: OnceLock<Demo> = OnceLock::new();
    TOLD.get_or_init(|| Demo::tell(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo-small"), &[]))
}

/// On 670 real places and 3,000 people, where the data is there.
fn real() -> Option<&'static Demo> {
    static TOLD: OnceLock<Option<Demo>> = OnceLock::new();
    let tell = || {
        let mut args = Vec::new();
        for (flag, file) in [
            ("--structures", "structures.csv"),
            ("--bank-details", "bank-details.csv"),
            ("--beneficiaries", "beneficiaries-a.csv"),
            ("--beneficiaries", "beneficiaries-b.csv"),
        ] {
            args.extend([flag.into(), real_data(file)?.into()]);
        }
        Some(Demo::tell(
            &Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo-real"),
            &args,
        ))
    };
    TOLD.get_or_init(tell).as_ref()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// The summary is complete, and agrees with the list of vouchers and with itself.
fn check_summary(demo: &Demo) {
    let summary = demo.files.summary();
    let vouchers: Vec<VoucherRow> = demo.files.rows("vouchers.csv");
    let mut states = BTreeMap::<&str, u64>::new();
    for voucher in &vouchers {
        *states.entry(&voucher.state).or_default() += 1;
        assert_eq!(voucher.face_value, Cents::new(1000));
    }
    let told: BTreeMap<String, u64> = serde_json::from_value(summary["vouchers"].clone()).expect("counts by state");
    let told: BTreeMap<&str, u64> = told
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(state, count)| (state.as_str(), *count))
        .collect();
    assert_eq!(told, states);
    for state in ["settled", "revoked", "expired"] {
        assert!(states.contains_key(state), "no voucher is {state}: {states:?}");
    }

    for refusal in REFUSALS {
        assert!(
            summary["refused"][refusal].as_u64().is_some_and(|count| count > 0),
            "{refusal} never occurred"
        );
    }

    let invariants = summary["invariants"].as_array().expect("a list");
    assert!(invariants.len() >= 6, "{invariants:#?}");
    for invariant in invariants {
        assert!(!text(&invariant["name"]).is_empty());
        assert!(holds(invariant), "{invariant:#}");
    }

    let waterfall = summary["waterfall"].as_array().expect("a row a funder");
    assert_eq!(waterfall.len(), 3);
    for row in waterfall {
        assert!(!text(&row["funder"]).is_empty());
        for column in [
            "received",
            "ordered",
            "activated",
            "handed_over",
            "claimed",
            "paid",
            "expired",
            "returned",
            "free",
        ] {
            let amount = text(&row[column]);
            assert!(
                amount.parse::<Cents>().is_ok_and(|cents| cents.to_string() == amount),
                "{column}: {amount}"
            );
        }
    }

    let timings = summary["timings"].as_object().expect("seconds a step");
    assert!(
        timings.len() >= 8 && timings.values().all(Value::is_number),
        "{timings:#?}"
    );
}

#[test]
fn the_summary_agrees_with_the_vouchers_and_the_books() {
    check_summary(small());
}

#[test]
fn every_line_of_the_report_says_what_is_wrong_and_how_to_mend_it() {
    let rows: Vec<ReportRow> = small().files.rows("import-report.csv");
    assert!(rows.len() >= 5, "the small data set shows several defects");
    for row in &rows {
        assert!(
            !row.file.is_empty()
                && row.line >= 2
                && !row.column.is_empty()
                && row.problem.len() > 10
                && row.remedy.len() > 10
        );
    }
}

#[test]
fn the_waterfall_is_the_same_in_every_file_and_adds_up() {
    let files = &small().files;
    check(
        "check_books.py",
        &[&files.path("waterfall.csv"), &files.path("summary.json")],
    );
}

#[test]
fn an_outsider_proves_the_books_from_their_files_alone() {
    let files = &small().files;
    let folder = files.path("waterfall.csv");
    check(
        "check_export.py",
        &[&folder.parent().expect("a file in a folder"), &"hledger"],
    );
}

#[test]
fn the_bank_files_are_valid_iso_20022() {
    let files = &small().files;
    check(
        "check_pain001.py",
        &[&files.path("pain.001.xml"), &files.path("camt.053.xml")],
    );
}

#[test]
fn every_printed_qr_code_is_read_back() {
    let files = &small().files;
    check(
        "check_paper.py",
        &[&files.path("carnets.pdf"), &files.path("vouchers.csv")],
    );
}

#[test]
fn damaged_vouchers_are_still_read() {
    let files = &small().files;
    check(
        "check_damage.py",
        &[&files.path("carnets.pdf"), &files.path("vouchers.csv")],
    );
}

#[test]
fn every_token_verifies_with_an_independent_cose_library() {
    let files = &small().files;
    check(
        "check_tokens.py",
        &[&files.path("vouchers.csv"), &files.path("keys.json")],
    );
}

#[test]
fn ccn_verify_accepts_every_voucher_of_the_demo() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    #[derive(Deserialize)]
    struct Row {
        token: String,
        short_code: String,
    }
    let rows: Vec<Row> = small().files.rows("vouchers.csv");
    let mut command = Command::new(Demo::executable());
    command
        .args(["verify", "token", "--keys"])
        .arg(small().files.path("keys.json"))
        .arg("-");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the executable starts");
    let tokens: Vec<&str> = rows.iter().map(|row| row.token.as_str()).collect();
    let lines = tokens.join("\n") + "\n";
    let mut stdin = child.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("all is read");
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(answers.len(), rows.len());
    for (answer, row) in answers.iter().zip(&rows) {
        // Those of the short programme are past their last day, or will be, whatever day it is now.
        assert!(
            answer["valid"] == true || text(&answer["reason"]).contains("expired"),
            "{answer:#}"
        );
        if answer["valid"] == true {
            assert_eq!(
                (text(&answer["short_code"]), &answer["cents"]),
                (row.short_code.as_str(), &serde_json::json!(1000))
            );
        }
    }
    assert!(answers.iter().any(|answer| answer["valid"] == true));
}

/// `(file, line)` of every refused line and duplicate that the real data was given.
fn expected_lines() -> Option<BTreeSet<(String, u64)>> {
    let read = |name: &str| Some(std::fs::read_to_string(real_data(name)?).expect("readable"));
    let expected: Value = serde_json::from_str(&read("expected.json")?).expect("JSON");
    let mut lines = BTreeSet::new();
    for people in ["a", "b"] {
        for list in ["bad", "duplicates", "already_in_a"] {
            for line in expected[people][list].as_array().into_iter().flatten() {
                lines.insert((
                    text(&expected[people]["file"]).to_owned(),
                    line["line"].as_u64().expect("a line"),
                ));
            }
        }
    }
    for (number, row) in (1..).zip(read("bank-details.csv")?.lines()) {
        let siret = row.split(',').next().unwrap_or_default();
        if expected["bank"]["bad"][siret] == "wrong check digits" {
            lines.insert(("bank-details.csv".to_owned(), number));
        }
    }
    Some(lines)
}

#[test]
fn on_real_data_exactly_the_expected_lines_are_reported() {
    let (Some(demo), Some(expected)) = (real(), expected_lines()) else {
        return;
    };
    let rows: Vec<ReportRow> = demo.files.rows("import-report.csv");
    // The short programme's people are always the project's own.
    let own = |row: &&ReportRow| row.file != "beneficiaires-ateliers.csv";
    let told: BTreeSet<_> = rows
        .iter()
        .filter(own)
        .map(|row| (row.file.clone(), row.line))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn on_real_data_the_same_checks_hold_in_time() {
    let Some(demo) = real() else { return };
    check_summary(demo);
    let files = &demo.files;
    check(
        "check_books.py",
        &[&files.path("waterfall.csv"), &files.path("summary.json")],
    );
    check(
        "check_pain001.py",
        &[&files.path("pain.001.xml"), &files.path("camt.053.xml")],
    );
    check(
        "check_tokens.py",
        &[&files.path("vouchers.csv"), &files.path("keys.json")],
    );
    check(
        "check_paper.py",
        &[&files.path("carnets.pdf"), &files.path("vouchers.csv"), &PAGES_READ],
    );
    assert!(
        demo.took < Duration::from_secs(REAL_DATA_SECONDS_MAX),
        "{:?}",
        demo.took
    );
}

#[test]
fn every_answer_of_the_demonstrations_site_is_as_its_description_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = DemoSite::open(folder.path());
    let mut args: Vec<&dyn AsRef<std::ffi::OsStr>> = vec![&site.base];
    args.extend(site.keys.iter().map(|key| key as &dyn AsRef<_>));
    let said = check("check_answers.py", &args);
    let operations = said
        .split(" answers of ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let operations: u32 = operations.and_then(|count| count.parse().ok()).expect("a number");
    assert!(operations > 55, "{said}");
}
