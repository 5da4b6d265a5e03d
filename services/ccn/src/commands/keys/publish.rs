use std::process::ExitCode;

use ::keys::Place;
use chrono::{DateTime, Days, SubsecRound, TimeDelta, Utc};
use clap::Args;
use data_encoding::HEXLOWER;
use issuer::{possession_challenge, purpose_word};
use serde_json::{Value, json};
use standards::calendar::{paris_date, paris_start_of_day};
use voucher::Signer;
use web::Clock;

use super::issuer_server::IssuerServer;
use super::purpose::KeyPurpose;
use super::sealing::Sealing;
use super::window::{Limits, Window};
use crate::commands::api_client::ApiClient;
use crate::commands::help::{OPTIONS, TEMPLATE};

/// Days ahead at which a key is announced when nothing is said: the notice, and until the next midnight.
const NOTICE_DAYS: u64 = catalogue::KEY_NOTICE_DAYS.unsigned_abs() + 1;

/// Publie la moitié publique d'une clé, au moins 7 jours avant de s'en servir
///
/// Prouve au serveur, par une signature, que la clé est bien ici. La clé privée ne quitte pas cette machine.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
    ccn keys publish --key cheques-2027.key --operator-key-file operator.key\n  \
    ccn keys publish --for status --key status.key --short-notice --operator-key-file operator.key")]
pub(super) struct PublishKey {
    /// La clé : fichier, ou adresse « pkcs11: »
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    key: Place,
    /// À quoi elle sert : signing, status ou key-set
    #[arg(long = "for", value_name = "USAGE", value_enum, default_value_t, help_heading = OPTIONS)]
    purpose: KeyPurpose,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    sealing: Sealing,
    #[command(flatten)]
    server: IssuerServer,
}

impl PublishKey {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let operator = self.server.operator()?;
        let signer = self.key.open(&self.sealing.key_loader())?;
        let published = publish(&operator, &*signer, self.purpose, &self.window, Clock::System.now())?;
        println!("{published}");
        Ok(ExitCode::SUCCESS)
    }
}

/// Announces the public half, with a signature that proves that the private one is here.
pub(super) fn publish(
    operator: &ApiClient,
    signer: &dyn Signer,
    purpose: KeyPurpose,
    window: &Window,
    at: DateTime<Utc>,
) -> anyhow::Result<Value> {
    let purpose = purpose.published()?;
    let public = signer.public_bytes();
    let proof = signer.sign_bytes(&possession_challenge(&public, purpose))?;
    let from = window
        .valid_from
        .unwrap_or_else(|| first_instant(window.short_notice, at));
    let until = from + Days::new(window.days.into());
    let Limits {
        first_series,
        last_series,
        max_face_value,
        latest_day,
    } = window.limits;
    let body = json!({
        "public_key": HEXLOWER.encode(&public), "purpose": purpose_word(purpose), "proof": HEXLOWER.encode(&proof),
        "valid_from": from, "valid_until": until, "short_notice": window.short_notice,
        "first_series": first_series, "last_series": last_series, "max_face_value": max_face_value, "latest_day": latest_day,
    });
    operator.post("/issuer/v1/keys", &body)
}

/// A midnight in Paris after the notice, with a margin for slow hands; or now.
fn first_instant(short_notice: bool, at: DateTime<Utc>) -> DateTime<Utc> {
    if short_notice {
        return (at - TimeDelta::minutes(1)).trunc_subsecs(0);
    }
    paris_start_of_day(paris_date(at) + Days::new(NOTICE_DAYS))
}
