//! What the system reports against what the driver counted: nothing acknowledged is missing, nothing is there twice, no cent is off.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use e2e::{Funder, Scene};
use serde::Deserialize;
use serde_json::Value;
use standards::Cents;
use uuid::Uuid;

use crate::story::Run;
use crate::tally::{ByFunder, Claim, Tally};

fn cents(value: &Value) -> i64 {
    let amount: Cents = value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap();
    amount.get()
}

/// What each funder's figures must be.
fn figures(run: &Run, funder: usize) -> [(&'static str, i64); 9] {
    let (tally, received) = (&run.tally, run.received);
    let [activated, claimed, paid] = [tally.activated, tally.claimed(), tally.paid()].map(|by: ByFunder| by[funder]);
    [
        ("called", received),
        ("received", received),
        ("ordered", activated),
        ("funded", activated),
        ("activated", activated),
        ("claimed", claimed),
        ("paid", paid),
        ("owed", claimed - paid),
        ("free", received - activated),
    ]
}

/// The report of all money, funder by funder.
pub fn with_waterfall(run: &Run, waterfall: &Value) {
    let totals = waterfall["totals"].as_array().unwrap();
    assert_eq!(totals.len(), run.scene.funders.len());
    for (number, funder) in run.scene.funders.iter().enumerate() {
        let row = totals
            .iter()
            .find(|row| row["funder_id"] == funder.id.to_string())
            .unwrap();
        for (name, expected) in figures(run, number) {
            assert_eq!(cents(&row[name]), expected, "{}, {name}", funder.name);
        }
        println!(
            "{}: claimed {}, paid {}, free {}",
            funder.name, row["claimed"], row["paid"], row["free"]
        );
    }
}

/// The same, as it was exported: rows by programme.
pub fn with_waterfall_csv(run: &Run, file: &Path) {
    let mut sums: HashMap<(String, String), i64> = HashMap::new();
    for row in csv::Reader::from_path(file)
        .unwrap()
        .into_deserialize::<HashMap<String, String>>()
    {
        let row = row.unwrap();
        for (column, text) in &row {
            if let Ok(cents) = text.parse::<Cents>() {
                *sums.entry((row["funder_id"].clone(), column.clone())).or_default() += cents.get();
            }
        }
    }
    for (number, funder) in run.scene.funders.iter().enumerate() {
        for (name, expected) in figures(run, number) {
            assert_eq!(
                sums[&(funder.id.to_string(), name.to_owned())],
                expected,
                "{}, {name}",
                funder.name
            );
        }
    }
}

/// What somebody else's software made of the exported lines.
pub fn with_outsider(run: &Run, said: &Value) {
    for (number, funder) in run.scene.funders.iter().enumerate() {
        let row = &said["funders"][funder.id.to_string()];
        for (name, expected) in figures(run, number) {
            if let Some(told) = row[name].as_i64() {
                assert_eq!(told, expected, "{}, {name}", funder.name);
            }
        }
        assert!(row["claimed"].is_i64() && row["paid"].is_i64(), "{said}");
    }
    assert_eq!(said["closed"], serde_json::json!(["2026-03", "2026-04"]));
}

/// The places of claims by their ids: two bits a claim, seen and how often.
fn places(tally: &Tally) -> HashMap<Uuid, u32> {
    let places: HashMap<Uuid, u32> = (0..)
        .zip(&tally.claims)
        .map(|(place, claim)| (claim.id, place))
        .collect();
    assert_eq!(places.len(), tally.claims.len(), "no two claims have one id");
    places
}

#[derive(Deserialize)]
struct ReportLine {
    claim_id: Uuid,
    structure: String,
    vouchers: u32,
    funder_id: Uuid,
    share: Cents,
    reversed_on: String,
    paid: Cents,
}

/// The claims report: every acknowledged claim, once for each funder, with the share that the driver computes, and nothing else.
pub fn with_claims_report(scene: &Scene, tally: &Tally, report: &Path) {
    let places = places(tally);
    let mut seen = vec![0_u8; tally.claims.len()];
    let funder_of = |id: Uuid| {
        scene
            .funders
            .iter()
            .position(|funder: &Funder| funder.id == id)
            .expect("a funder of the plan")
    };
    // To each funder a structure has a name of its own, always the same, and nobody else's.
    let mut named: HashMap<(usize, String), usize> = HashMap::new();
    let lines = csv::Reader::from_path(report).unwrap().into_deserialize::<ReportLine>();
    for line in lines {
        let line = line.unwrap();
        let place = *places.get(&line.claim_id).expect("a claim that was acknowledged") as usize;
        let (claim, funder) = (&tally.claims[place], funder_of(line.funder_id));
        assert_eq!(seen[place] & (1 << funder), 0, "claim {} is there twice", line.claim_id);
        seen[place] |= 1 << funder;
        let known = *named.entry((funder, line.structure)).or_insert(claim.structure);
        assert_eq!(known, claim.structure, "two structures under one name");
        let share = claim.shares()[funder];
        let paid = if claim.paid_in.is_some() { share } else { 0 };
        assert_eq!(
            (
                line.vouchers,
                line.share.get(),
                line.paid.get(),
                !line.reversed_on.is_empty()
            ),
            (claim.vouchers, share, paid, claim.reversed),
            "claim {}",
            line.claim_id
        );
    }
    assert!(seen.iter().all(|seen| *seen == 0b111), "a claim is missing");
}

#[derive(Deserialize)]
struct Line<'l> {
    #[serde(borrow)]
    kind: std::borrow::Cow<'l, str>,
    /// Of an audit line: none, and no cents.
    event: Option<Uuid>,
    #[serde(default)]
    cents: i64,
}

/// The sealed entries: every acknowledged claim has its whole amount, and every claimed entry its claim.
pub fn with_entries(tally: &Tally, ndjson: &Path) {
    let places = places(tally);
    let (mut claimed, mut reversals) = (vec![0_i64; tally.claims.len()], 0);
    let mut lines = BufReader::with_capacity(1 << 20, File::open(ndjson).unwrap());
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        let entry: Line<'_> = serde_json::from_str(&line).unwrap();
        match &*entry.kind {
            "claimed" => {
                let place = entry.event.and_then(|claim| places.get(&claim));
                claimed[*place.expect("a claim that was acknowledged") as usize] += entry.cents;
            }
            "claim_reversed" => reversals += entry.cents,
            _ => {}
        }
        line.clear();
    }
    for (claim, cents) in tally.claims.iter().zip(claimed) {
        assert_eq!(claim.cents(), cents, "claim {}", claim.id);
    }
    let expected: i64 = tally
        .claims
        .iter()
        .filter(|claim| claim.reversed)
        .map(Claim::cents)
        .sum();
    assert_eq!(reversals, expected, "what was taken back");
}
