use std::sync::Arc;

use anyhow::Context;
use chrono::{DateTime, Days, SubsecRound, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use issuer::{possession_challenge, purpose_word};
use serde_json::{Value, json};
use standards::calendar::{paris_date, paris_start_of_day};
use voucher::{Purpose, Signer};

use super::new::signing_key;
use crate::cli::keys::{KeyPurpose, Limits, PublishKey, RotateKey, Window};
use crate::keys::KEYS_RESCAN_SECONDS;
use crate::remote::Client;

/// Days ahead at which a key is announced when nothing is said: the notice, and until the next midnight.
const NOTICE_DAYS: u64 = catalogue::KEY_NOTICE_DAYS.unsigned_abs() + 1;

/// `keys publish`
pub(super) fn publish(args: &PublishKey, at: DateTime<Utc>) -> anyhow::Result<()> {
    let operator = super::operator(&args.remote)?;
    let signer = args.key.open(&args.sealing.opener())?;
    println!("{}", send(&operator, &signer, args.purpose, &args.window, at)?);
    Ok(())
}

/// `keys rotate`
pub(super) fn rotate(args: &RotateKey, at: DateTime<Utc>) -> anyhow::Result<()> {
    published_purpose(args.purpose)?;
    let operator = super::operator(&args.remote)?;
    // Asked first: no key is made for a server that is not there.
    operator.get("/issuer/v1/keys")?;
    let (signer, mut told) = signing_key(&args.target)?;
    let published = send(&operator, &signer, args.purpose, &args.window, at).with_context(|| {
        format!("La clé est faite et n'est pas publiée ; reprenez avec « ccn keys publish » : {told}")
    })?;
    told["published"] = published;
    println!("{told}");
    eprintln!(
        "Déposez la clé dans le dossier des clés du service d'émission (--keys-dir) : elle est lue dans les {KEYS_RESCAN_SECONDS} secondes, sans redémarrer."
    );
    Ok(())
}

fn send(
    operator: &Client,
    signer: &Arc<dyn Signer>,
    purpose: KeyPurpose,
    window: &Window,
    at: DateTime<Utc>,
) -> anyhow::Result<Value> {
    let purpose = published_purpose(purpose)?;
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

fn published_purpose(purpose: KeyPurpose) -> anyhow::Result<Purpose> {
    match purpose {
        KeyPurpose::Signing => Ok(Purpose::Voucher),
        KeyPurpose::Status => Ok(Purpose::Status),
        KeyPurpose::KeySet => Ok(Purpose::KeySet),
        KeyPurpose::Checkpoint => anyhow::bail!(
            "La clé des points de contrôle ne se publie pas ici : sa moitié publique est servie par /funding/log/checkpoint.vkey. \
             Faites-la connaître aux financeurs par une autre voie."
        ),
        KeyPurpose::Root | KeyPurpose::Identity | KeyPurpose::Operator | KeyPurpose::Seal => {
            anyhow::bail!("Une clé de cet usage ne se publie pas : --for signing, status ou key-set.")
        }
    }
}
