use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use ::keys::Place;
use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;
use voucher::{Bounds, Delegation, Kid, LastDay};
use web::Clock;

use super::sealing::Sealing;
use super::window::{Limits, WINDOW, day_or_instant};
use crate::commands::help::{OPTIONS, TEMPLATE};

const DAY_SECONDS: i64 = 86_400;

/// Cérémonie de la racine : autorise pour un an une clé à signer les jeux de clés
///
/// Se fait hors ligne, à deux, une fois par an. Les limites valent pour toutes les clés de chèques que la clé désignée listera.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
    ccn keys delegate --root racine-a.key --to 9f2c…64 chiffres…e1 --max-face-value 20.00 --out delegation-2027.cose\n  \
    ccn keys publish-delegation --in delegation-2027.cose --operator-key-file operator.key")]
pub(super) struct DelegateKey {
    /// La clé racine : fichier, ou adresse « pkcs11: »
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    root: Place,
    /// Moitié publique de la clé désignée : 64 chiffres hexadécimaux, affichés par « ccn keys new --for key-set »
    #[arg(long, value_name = "HEX", value_parser = public_key, help_heading = OPTIONS)]
    to: PublicHalf,
    /// Fichier à créer
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    out: PathBuf,
    /// Premier jour ; sans lui, maintenant
    #[arg(long, value_name = "DATE", value_parser = day_or_instant, help_heading = WINDOW)]
    valid_from: Option<DateTime<Utc>>,
    /// Durée en jours, 400 au plus
    #[arg(long, value_name = "N", default_value_t = 395, value_parser = clap::value_parser!(u32).range(1..=400), help_heading = WINDOW)]
    days: u32,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    sealing: Sealing,
}

impl DelegateKey {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let root = self.root.open(&self.sealing.key_loader())?;
        let from = self.valid_from.unwrap_or_else(|| Clock::System.now()).timestamp();
        let says = Delegation {
            delegate: *self.to,
            valid_from: from,
            valid_until: from + i64::from(self.days) * DAY_SECONDS,
            bounds: bounds(&self.limits)?,
        };
        let document = says.sign(&*root)?;
        let mut file = std::fs::File::create_new(&self.out).with_context(|| {
            format!(
                "« {} » ne peut pas être créé (un fichier qui existe n'est pas remplacé)",
                self.out.display()
            )
        })?;
        file.write_all(&document)?;
        println!(
            "{}",
            json!({
                "file": self.out, "root": root.kid().to_string(), "delegate": Kid::of(&self.to).to_string(),
                "valid_from": DateTime::from_timestamp(says.valid_from, 0), "valid_until": DateTime::from_timestamp(says.valid_until, 0),
            })
        );
        Ok(ExitCode::SUCCESS)
    }
}

/// 32 bytes of a public key.
type PublicHalf = std::sync::Arc<[u8; 32]>;

fn public_key(text: &str) -> Result<PublicHalf, String> {
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes
        .map(std::sync::Arc::new)
        .ok_or_else(|| "une moitié publique s'écrit avec 64 chiffres hexadécimaux".to_owned())
}

fn bounds(limits: &Limits) -> anyhow::Result<Bounds> {
    let series = limits.first_series.unwrap_or(0)..=limits.last_series.unwrap_or(u16::MAX);
    anyhow::ensure!(!series.is_empty(), "La première série vient avant la dernière.");
    let max_cents = match limits.max_face_value {
        None => u16::MAX,
        Some(value) => u16::try_from(value.get()).context("La valeur la plus haute est 655.35.")?,
    };
    let latest_day = match limits.latest_day {
        None => LastDay::MAX,
        Some(date) => {
            LastDay::from_date(date).context("Le dernier jour est hors du calendrier des chèques (2020 à 2199).")?
        }
    };
    Ok(Bounds {
        series,
        max_cents,
        latest_day,
    })
}
