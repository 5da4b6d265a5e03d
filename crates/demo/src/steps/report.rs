//! Step 9 and the artefacts.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use serde_json::{Map, Value, json};
use standards::Cents;

use crate::steps::money::batch_path;
use crate::steps::settle::Papers;
use crate::story::{Demo, cents};

/// What the last step gathers.
#[derive(Debug)]
pub struct Report {
    waterfall: Value,
    waterfall_csv: Vec<u8>,
    invariants: Vec<Value>,
    vouchers: BTreeMap<String, u64>,
    vouchers_csv: Vec<u8>,
    keys: Vec<u8>,
}

/// Stages of the waterfall, in the order of the money's way, as people say them.
const STAGES: [(&str, &str); 15] = [
    ("announced", "annoncé"),
    ("agreed", "conventionné"),
    ("called", "appelé"),
    ("received", "reçu"),
    ("ordered", "commandé"),
    ("funded", "financé"),
    ("activated", "activé"),
    ("handed_over", "remis"),
    ("claimed", "encaissé"),
    ("paid", "payé"),
    ("expired", "expiré"),
    ("revoked", "révoqué"),
    ("returned", "rendu"),
    ("free", "libre"),
    ("owed", "dû aux structures"),
];

const STAGE_WIDTH: usize = 18;
const AMOUNT_WIDTH: usize = 16;

pub async fn gather(demo: &Demo) -> anyhow::Result<Report> {
    let waterfall: Value = demo.operator.get("/funding/v1/waterfall").await?;
    let invariants: Value = demo.operator.get("/funding/v1/invariants").await?;
    let (vouchers, vouchers_csv) = vouchers(demo).await?;
    let report = Report {
        waterfall_csv: demo.operator.file("/funding/v1/waterfall.csv").await?,
        invariants: invariants["invariants"].as_array().cloned().unwrap_or_default(),
        vouchers,
        vouchers_csv,
        keys: demo.anyone.file("/.well-known/jwks.json").await?,
        waterfall,
    };
    report.print(demo)?;
    anyhow::ensure!(invariants["all_hold"] == true, "un contrôle des livres ne tient pas");
    Ok(report)
}

/// Every voucher with its token and its state, and how many there are in each state.
async fn vouchers(demo: &Demo) -> anyhow::Result<(BTreeMap<String, u64>, Vec<u8>)> {
    let mut counts = BTreeMap::new();
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["serial", "token", "short_code", "face_value", "state"])?;
    for programme in [&demo.main, &demo.short] {
        let states = demo.sponsor.file(&batch_path(programme, "/voucher-states.csv")).await?;
        let states: BTreeMap<u32, String> = csv::Reader::from_reader(states.as_slice())
            .deserialize()
            .collect::<Result<_, _>>()?;
        for voucher in &programme.vouchers {
            let state = states
                .get(&voucher.serial)
                .with_context(|| format!("chèque {} sans état", voucher.serial))?;
            *counts.entry(state.clone()).or_default() += 1;
            let serial = voucher.serial.to_string();
            csv.write_record([&serial, &voucher.token, &voucher.short_code, &voucher.face_value, state])?;
        }
    }
    Ok((counts, csv.into_inner()?))
}

impl Report {
    /// The waterfall with a column a funder, so that it fits a screen; then the invariants with both sides.
    fn print(&self, demo: &Demo) -> anyhow::Result<()> {
        let funders = self.waterfall["totals"].as_array().cloned().unwrap_or_default();
        let names: Vec<&str> = funders.iter().filter_map(|funder| funder["funder"].as_str()).collect();
        let widths: Vec<usize> = names
            .iter()
            .map(|name| name.chars().count().max(AMOUNT_WIDTH) + 2)
            .collect();
        let mut head = " ".repeat(STAGE_WIDTH);
        for (name, width) in names.iter().zip(&widths) {
            write!(head, "{name:>width$}")?;
        }
        write!(head, "{:>AMOUNT_WIDTH$}", "ensemble")?;
        demo.progress.say(head);
        for (stage, french) in STAGES {
            let amounts = funders
                .iter()
                .map(|funder| cents(&funder[stage]))
                .collect::<anyhow::Result<Vec<_>>>()?;
            let total = Cents::try_sum(amounts.iter().copied()).context("montant hors limites")?;
            let mut line = format!("{french:STAGE_WIDTH$}");
            for (amount, width) in amounts.iter().zip(&widths) {
                write!(line, "{:>width$}", amount.to_french())?;
            }
            write!(line, "{:>AMOUNT_WIDTH$}", total.to_french())?;
            demo.progress.say(line);
        }
        for closed in &demo.closes {
            demo.progress.say(format!(
                "mois clos : {}, à {} écritures ; plus rien n'y sera écrit",
                closed.month, closed.size
            ));
        }
        for invariant in &self.invariants {
            let name = invariant["name"].as_str().unwrap_or_default();
            demo.progress.say(format!(
                "{} {name} : {} {} {}",
                if invariant["holds"] == true { "✓" } else { "✗" },
                cents(&invariant["left"])?.to_french(),
                if name.contains('≤') { '≤' } else { '=' },
                cents(&invariant["right"])?.to_french(),
            ));
        }
        Ok(())
    }

    /// Writes everything into the output folder.
    pub fn write(&self, out: &Path, demo: &Demo, pdf: &[u8], files: &Papers) -> anyhow::Result<()> {
        let timings: Map<String, Value> = demo
            .progress
            .timings()
            .iter()
            .map(|(step, millis)| {
                let seconds = serde_json::from_str(&format!("{}.{:03}", millis / 1000, millis % 1000));
                Ok((step.clone(), seconds?))
            })
            .collect::<Result<_, serde_json::Error>>()?;
        let summary = json!({
            "vouchers": self.vouchers, "refused": demo.refused, "waterfall": self.waterfall["totals"],
            "waterfall_by_programme": self.waterfall["rows"], "invariants": self.invariants, "closes": demo.closes,
            "timings": timings,
        });
        let mut import_report = csv::Writer::from_writer(Vec::new());
        if demo.report.is_empty() {
            import_report.write_record(["file", "line", "column", "value", "problem", "remedy"])?;
        }
        for row in &demo.report {
            import_report.serialize(row)?;
        }
        let summary = serde_json::to_vec_pretty(&summary)?;
        let import_report = import_report.into_inner()?;
        let artefacts: [(&str, &[u8]); 10] = [
            (crate::SUMMARY, &summary),
            ("vouchers.csv", &self.vouchers_csv),
            ("keys.json", &self.keys),
            ("carnets.pdf", pdf),
            ("pain.001.xml", &files.pain001),
            ("avis-de-virement.pdf", &files.advice),
            ("camt.053.xml", &files.camt053),
            ("etat-contradictoire.pdf", &files.statement),
            ("waterfall.csv", &self.waterfall_csv),
            ("import-report.csv", &import_report),
        ];
        for (name, bytes) in artefacts {
            let path = out.join(name);
            std::fs::write(&path, bytes).with_context(|| format!("{} : écriture impossible", path.display()))?;
        }
        Ok(())
    }
}
