//! When the books are compared with the bank by themselves, and how long a break may take.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveTime;
use clap::Args;
use funding::reconciliation::Nightly;

/// Days that a break may take when nothing is said.
pub(crate) const BREAK_DAYS_MAX: u32 = 30;

/// What says that there is no nightly run.
const NEVER: &str = "jamais";

const HEADING: &str = "Rapprochement (funding seulement)";

/// The settings of the nightly reconciliation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct ReconcileSettings {
    /// Heure de Paris à laquelle les livres sont rapprochés de la banque chaque nuit, ou « jamais »
    #[arg(long, env = "CCN_RECONCILE_AT", value_name = "HH:MM", default_value_t, help_heading = HEADING)]
    pub reconcile_at: TimeOfDay,
    /// Jours pendant lesquels un écart peut attendre avant que le rapprochement le signale
    #[arg(long, env = "CCN_BREAK_DAYS_MAX", value_name = "JOURS", default_value_t = BREAK_DAYS_MAX, help_heading = HEADING)]
    pub break_days_max: u32,
}

impl Default for ReconcileSettings {
    fn default() -> Self {
        Self {
            reconcile_at: TimeOfDay::default(),
            break_days_max: BREAK_DAYS_MAX,
        }
    }
}

impl ReconcileSettings {
    pub(crate) const fn nightly(&self) -> Nightly {
        Nightly {
            at: self.reconcile_at.0,
            break_days_max: self.break_days_max,
        }
    }
}

/// A time of day in Paris, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfDay(pub Option<NaiveTime>);

impl Default for TimeOfDay {
    /// When nobody works, and every time of day exists: the hour changes at two.
    fn default() -> Self {
        Self(NaiveTime::from_hms_opt(3, 0, 0))
    }
}

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == NEVER {
            return Ok(Self(None));
        }
        NaiveTime::parse_from_str(text, "%H:%M")
            .map(|time| Self(Some(time)))
            .map_err(|_| format!("une heure s'écrit 03:00 ; pour aucune : {NEVER}"))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(time) => write!(f, "{}", time.format("%H:%M")),
            None => f.write_str(NEVER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_written_as_it_is_read() {
        for text in ["03:00", "23:59", "jamais"] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), text);
        }
        for text in ["", "3h", "24:00", "never"] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
        assert_eq!(TimeOfDay::default().to_string(), "03:00");
    }
}
