//! What we read in CFONB 120 statements is what the package `python-cfonb` reads in them.

use std::process::Command;

use serde_json::{Value, json};
use standards::camt053::{Balance, Entry, Statement};
use standards::cfonb120;

use crate::statements::cfonb;

/// Written by that package (`fixtures/make.py` beside it).
const TWO_DAYS: &str = include_str!("../../../../crates/standards/src/bank/cfonb120/fixtures/two-days.txt");
const FILES: u64 = 60;

/// Numbers without a pattern, the same at each run (a step of Knuth's MMIX).
fn drawn(seed: &mut u64, below: u64) -> u64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

fn drawn_file(seed: &mut u64) -> Vec<u8> {
    let signed = |cents: u64, negative: bool| i64::try_from(cents).unwrap() * if negative { -1 } else { 1 };
    let mut movements = Vec::new();
    for n in 0..drawn(seed, 12) {
        let cents = signed(1 + drawn(seed, 10_000_000_000), drawn(seed, 2) == 0);
        let mut details = vec![("LIB", format!("MOUVEMENT {n}"))];
        if drawn(seed, 2) == 0 {
            details.push(("RCN", format!("{:032x}", drawn(seed, u64::MAX))));
        }
        if drawn(seed, 2) == 0 {
            let words = "APPEL DE FONDS AF-2026-7K3M9Q, ".repeat(4);
            details.push(("LCC", words[..70].to_owned()));
            details.push((
                "LC2",
                words[70..70 + usize::try_from(drawn(seed, 50)).unwrap()].to_owned(),
            ));
        }
        let account = if cents > 0 { "CPY" } else { "CBE" };
        details.push((account, "FR7630006424462601815908634".to_owned()));
        movements.push((cents, details));
    }
    let movements: Vec<(i64, Vec<(&str, &str)>)> = movements
        .iter()
        .map(|(cents, details)| {
            (
                *cents,
                details.iter().map(|(name, text)| (*name, text.as_str())).collect(),
            )
        })
        .collect();
    let movements: Vec<(i64, &[(&str, &str)])> = movements
        .iter()
        .map(|(cents, details)| (*cents, details.as_slice()))
        .collect();
    cfonb(signed(drawn(seed, 1_000_000_000), drawn(seed, 4) == 0), &movements)
}

fn ours(statement: &Statement) -> Value {
    let balance = |balance: &Balance| json!([balance.amount.get(), balance.date]);
    let movement = |entry: &Entry| {
        let transfer = &entry.transfers[0];
        json!({
            "cents": entry.amount.get(), "booked_on": entry.booked_on, "value_on": entry.value_on,
            "end_to_end": transfer.end_to_end, "remittance": transfer.remittance,
            "counterparty_iban": transfer.counterparty_iban.as_ref().map(|iban| iban.electronic().to_owned()),
        })
    };
    // Bank (5), branch (5), account (11) of a French IBAN.
    let account = statement.account.electronic()[14..25].to_owned();
    let movements: Vec<Value> = statement.entries.iter().map(movement).collect();
    json!({"account": account, "opening": balance(&statement.opening), "closing": balance(&statement.closing),
        "movements": movements})
}

#[test]
fn our_amounts_days_and_references_are_those_that_others_read() {
    let python = std::env::var_os("TEST_PYTHON").expect("TEST_PYTHON: run scripts/test");
    let folder = tempfile::tempdir().unwrap();
    let mut seed = 20_260_410;
    let drawn = (0..FILES).map(|_| drawn_file(&mut seed));
    for (n, file) in drawn.chain([TWO_DAYS.as_bytes().to_vec()]).enumerate() {
        let [statement] = &cfonb120::read(&file).unwrap()[..] else {
            panic!("one statement")
        };
        std::fs::write(folder.path().join(format!("{n}.txt")), &file).unwrap();
        std::fs::write(folder.path().join(format!("{n}.json")), ours(statement).to_string()).unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/checkers/check_cfonb.py");
    let output = Command::new(python)
        .args(["-B", script])
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains(&format!("of {} statements", FILES + 1)), "{said}");
}
