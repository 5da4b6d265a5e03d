use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;

use super::issuer_server::IssuerServer;
use crate::commands::help::{OPTIONS, TEMPLATE};

/// Montre les clés du serveur : usage, dates, état, et lesquelles y sont chargées
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
    ccn keys list --operator-key-file operator.key\n  \
    ccn keys list --json --operator-key-file operator.key | jq '.[] | select(.state == \"active\")'")]
pub(super) struct ListKeys {
    /// Écrit le JSON du serveur au lieu d'un tableau
    #[arg(long, help_heading = OPTIONS)]
    json: bool,
    #[command(flatten)]
    server: IssuerServer,
}

impl ListKeys {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let answer = self.server.operator()?.get("/issuer/v1/keys")?;
        if self.json {
            println!("{answer}");
            return Ok(ExitCode::SUCCESS);
        }
        let keys: Vec<Key> =
            serde_json::from_value(answer).context("Le serveur décrit ses clés autrement : utilisez le même ccn")?;
        let rows: Vec<[String; 8]> = keys.iter().map(Key::row).collect();
        print!("{}", table(&rows));
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Deserialize)]
struct Key {
    kid: String,
    purpose: String,
    state: String,
    valid_from: DateTime<Utc>,
    valid_until: DateTime<Utc>,
    first_series: u16,
    last_series: u16,
    max_face_value: String,
    latest_day: String,
    withdrawn_reason: Option<String>,
    loaded: bool,
}

const HEADER: [&str; 8] = [
    "CLÉ",
    "USAGE",
    "ÉTAT",
    "DU",
    "AU",
    "CHARGÉE",
    "LIMITES",
    "MOTIF DU RETRAIT",
];

impl Key {
    fn row(&self) -> [String; 8] {
        let day = |at: DateTime<Utc>| standards::calendar::paris_date(at).format("%d/%m/%Y").to_string();
        let usage = match self.purpose.as_str() {
            "voucher" => "chèques",
            "status" => "listes d'état",
            "key_set" => "jeu de clés",
            other => other,
        };
        let state = match self.state.as_str() {
            "announced" => "annoncée",
            "active" => "en vigueur",
            "ended" => "terminée",
            "withdrawn" => "RETIRÉE",
            other => other,
        };
        let limits = if self.purpose == "voucher" {
            let latest: Vec<&str> = self.latest_day.rsplit('-').collect();
            format!(
                "séries {}–{}, {} € au plus, jusqu'au {}",
                self.first_series,
                self.last_series,
                self.max_face_value.replace('.', ","),
                latest.join("/")
            )
        } else {
            "–".to_owned()
        };
        [
            self.kid.clone(),
            usage.to_owned(),
            state.to_owned(),
            day(self.valid_from),
            day(self.valid_until),
            if self.loaded { "oui" } else { "non" }.to_owned(),
            limits,
            self.withdrawn_reason.clone().unwrap_or_default(),
        ]
    }
}

fn table(rows: &[[String; 8]]) -> String {
    let header = HEADER.map(str::to_owned);
    let lines = || std::iter::once(&header).chain(rows);
    let widths: [usize; 8] =
        std::array::from_fn(|column| lines().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for row in lines() {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}
