use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;
use standards::{Cents, calendar};

pub(super) const WINDOW: &str = "Dates et limites";

/// Days for which a key is good when nothing is said: two years of minting, and what they printed.
const KEY_DAYS: u32 = 5 * 366;

/// When a key is used, and for what at most.
#[derive(Debug, Clone, Args)]
pub(super) struct Window {
    /// Premier jour (2027-01-01) ou instant ; sans lui, dans 8 jours, ou tout de suite avec --short-notice
    #[arg(long, value_name = "DATE", value_parser = day_or_instant, help_heading = WINDOW)]
    pub valid_from: Option<DateTime<Utc>>,
    /// Durée en jours, jusqu'au dernier encaissement
    #[arg(long, value_name = "N", default_value_t = KEY_DAYS, value_parser = clap::value_parser!(u32).range(1..=3660), help_heading = WINDOW)]
    pub days: u32,
    /// Annonce moins de 7 jours avant : première clé, ou remplacement d'une clé volée
    #[arg(long, help_heading = WINDOW)]
    pub short_notice: bool,
    #[command(flatten)]
    pub limits: Limits,
}

/// What a voucher key may sign.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Limits {
    /// Première série que la clé peut signer
    #[arg(long, value_name = "N", help_heading = WINDOW)]
    pub first_series: Option<u16>,
    /// Dernière série que la clé peut signer
    #[arg(long, value_name = "N", help_heading = WINDOW)]
    pub last_series: Option<u16>,
    /// Valeur la plus haute que la clé peut signer, par exemple 10.00
    #[arg(long, value_name = "EUROS", help_heading = WINDOW)]
    pub max_face_value: Option<Cents>,
    /// Dernier jour le plus lointain que la clé peut signer
    #[arg(long, value_name = "DATE", help_heading = WINDOW)]
    pub latest_day: Option<NaiveDate>,
}

/// `2027-01-01` is its first second in Paris.
pub(super) fn day_or_instant(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Ok(calendar::paris_start_of_day(date));
    }
    let instant = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
    instant.map_err(|_| "une date s'écrit 2027-01-01, un instant 2027-01-01T12:00:00Z".to_owned())
}
