use std::io::Write;

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde_json::json;
use voucher::{Bounds, Delegation, Kid, LastDay};

use crate::cli::keys::{DelegateKey, Limits, PublishDelegation};

const DAY_SECONDS: i64 = 86_400;

/// `keys delegate`
pub(super) fn delegate(args: &DelegateKey, at: DateTime<Utc>) -> anyhow::Result<()> {
    let root = args.root.open(&args.sealing.opener())?;
    let from = args.valid_from.unwrap_or(at).timestamp();
    let says = Delegation {
        delegate: *args.to,
        valid_from: from,
        valid_until: from + i64::from(args.days) * DAY_SECONDS,
        bounds: bounds(&args.limits)?,
    };
    let document = says.sign(&*root)?;
    let mut file = std::fs::File::create_new(&args.out).with_context(|| {
        format!(
            "« {} » ne peut pas être créé (un fichier qui existe n'est pas remplacé)",
            args.out.display()
        )
    })?;
    file.write_all(&document)?;
    println!(
        "{}",
        json!({
            "file": args.out, "root": root.kid().to_string(), "delegate": Kid::of(&args.to).to_string(),
            "valid_from": DateTime::from_timestamp(says.valid_from, 0), "valid_until": DateTime::from_timestamp(says.valid_until, 0),
        })
    );
    Ok(())
}

/// `keys publish-delegation`
pub(super) fn publish(args: &PublishDelegation) -> anyhow::Result<()> {
    let document =
        std::fs::read(&args.input).with_context(|| format!("« {} » ne peut pas être lu", args.input.display()))?;
    println!(
        "{}",
        super::operator(&args.remote)?.post_bytes("/issuer/v1/keys/delegations", document)?
    );
    Ok(())
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
