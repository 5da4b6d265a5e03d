//! The calendar of a programme's end, derived from the validity date D printed on the paper.
//!
//! | step | day | who acts |
//! |---|---|---|
//! | alert | D−30 | the clock: how many booklets are where |
//! | block | D−15 | the clock: no booklet is handed over any more, unless the sponsor decided otherwise before |
//! | acceptance | D−7 | the sponsor; tacit when that day has passed |
//! | refusal | the day after the last day accepted | nobody: the token says it |
//! | sweep | 72 hours after the last day | the clock: unused value is owed back |
//! | statement | D+37, and never before the sweep | the clock: the adversarial statement (état contradictoire) |
//!
//! A pure function of four dates and the settings: the issuer and funding both read it, and neither stores a day that could differ.
//!
//! **A short programme** may be created when some of the first three days have passed already. It was made in order to be handed
//! over, so what its defaults would have asked before it existed is without object ([`ExpiryCalendar::applies`]); what its sponsor set
//! applies whenever it falls.

mod settings;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use standards::calendar::{paris_date, paris_end_of_day, paris_start_of_day};
use utoipa::ToSchema;

pub use settings::{
    ExpirySettings, ExpirySettingsRejection, UnusedValue, expiry_calendar, expiry_calendars, set_expiry_settings,
};

/// Hours after the last day during which claims made without a network may still arrive.
pub const LATE_CLAIM_HOURS: i64 = 72;

/// Days between the alert and the printed date.
pub const ALERT_DAYS: u16 = 30;
/// Days between the end of hand-overs and the printed date.
pub const BLOCK_DAYS: u16 = 15;
/// Days between the sponsor's acceptance and the printed date.
pub const ACCEPTANCE_DAYS: u16 = 7;
/// Days between the printed date and the statement.
pub const STATEMENT_DAYS: u16 = 37;
/// Days during which the statement may be contested.
pub const CONTEST_DAYS: u16 = 15;

/// A step of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryStep {
    /// The sponsor learns how many booklets are where.
    Alert,
    /// Booklets are no longer handed over.
    Block,
    /// The sponsor accepts the counts.
    Acceptance,
    /// Vouchers are refused.
    Refusal,
    /// Unused value becomes owed back to its funders.
    Sweep,
    /// The adversarial statement.
    Statement,
}

impl ExpiryStep {
    /// In the order of their days.
    pub const ALL: [Self; 6] = [
        Self::Alert,
        Self::Block,
        Self::Acceptance,
        Self::Refusal,
        Self::Sweep,
        Self::Statement,
    ];

    /// The word in JSON and in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Block => "block",
            Self::Acceptance => "acceptance",
            Self::Refusal => "refusal",
            Self::Sweep => "sweep",
            Self::Statement => "statement",
        }
    }

    /// The step of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.word() == word)
    }

    /// What people call it.
    #[must_use]
    pub const fn french(self) -> &'static str {
        match self {
            Self::Alert => "alerte et décompte des carnets",
            Self::Block => "arrêt des remises",
            Self::Acceptance => "acceptation du décompte par le commanditaire",
            Self::Refusal => "les chèques sont refusés",
            Self::Sweep => "reprise de la valeur non utilisée",
            Self::Statement => "état contradictoire",
        }
    }
}

/// A number of days, and whether anybody chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct DaysSetting {
    pub days: u16,
    /// True when the programme says nothing, so that the system's default is used.
    pub by_default: bool,
}

impl DaysSetting {
    fn of(set: Option<u16>, default: u16) -> Self {
        Self {
            days: set.unwrap_or(default),
            by_default: set.is_none(),
        }
    }
}

/// The days of a programme's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpiryCalendar {
    /// D: the last day printed on the paper.
    pub printed_day: NaiveDate,
    /// The last day accepted.
    pub last_day: NaiveDate,
    /// The day the programme was created.
    pub created_on: NaiveDate,
    /// What the sponsor set.
    pub settings: ExpirySettings,
}

impl ExpiryCalendar {
    /// The days before or after D that place a step; none for those that the last day alone places.
    #[must_use]
    pub fn offset(&self, step: ExpiryStep) -> Option<DaysSetting> {
        match step {
            ExpiryStep::Alert => Some(DaysSetting::of(self.settings.alert_days, ALERT_DAYS)),
            ExpiryStep::Block => Some(DaysSetting::of(self.settings.block_days, BLOCK_DAYS)),
            ExpiryStep::Acceptance => Some(DaysSetting::of(self.settings.acceptance_days, ACCEPTANCE_DAYS)),
            ExpiryStep::Statement => Some(DaysSetting::of(self.settings.statement_days, STATEMENT_DAYS)),
            ExpiryStep::Refusal | ExpiryStep::Sweep => None,
        }
    }

    /// For how long the statement may be contested.
    #[must_use]
    pub fn contest(&self) -> DaysSetting {
        DaysSetting::of(self.settings.contest_days, CONTEST_DAYS)
    }

    /// The last day on which a statement issued at an instant may be contested. It counts from the day of issue, so that a statement
    /// that came late is not contested for less long.
    #[must_use]
    pub fn contest_until(&self, issued_at: DateTime<Utc>) -> NaiveDate {
        after(paris_date(issued_at), self.contest().days)
    }

    /// What becomes of unused value when its funder does not choose, and whether the sponsor said so.
    #[must_use]
    pub fn unused_value(&self) -> (UnusedValue, bool) {
        let set = self.settings.unused_value;
        (set.unwrap_or(UnusedValue::Credit), set.is_none())
    }

    /// The Paris day of a step.
    #[must_use]
    pub fn due_on(&self, step: ExpiryStep) -> NaiveDate {
        let offset = self.offset(step).map_or(0, |offset| offset.days);
        match step {
            ExpiryStep::Alert | ExpiryStep::Block | ExpiryStep::Acceptance => before(self.printed_day, offset),
            ExpiryStep::Refusal => after(self.last_day, 1),
            ExpiryStep::Sweep => paris_date(self.sweep_from()),
            ExpiryStep::Statement => after(self.printed_day, offset).max(self.due_on(ExpiryStep::Sweep)),
        }
    }

    /// The instant from which the clock does a step by itself. The sponsor has the whole day of the acceptance; every other step is
    /// done as its day begins.
    #[must_use]
    pub fn runs_from(&self, step: ExpiryStep) -> DateTime<Utc> {
        match step {
            ExpiryStep::Acceptance => paris_end_of_day(self.due_on(step)),
            ExpiryStep::Sweep => self.sweep_from(),
            _ => paris_start_of_day(self.due_on(step)),
        }
    }

    fn sweep_from(&self) -> DateTime<Utc> {
        let end = paris_end_of_day(self.last_day);
        end.checked_add_signed(TimeDelta::hours(LATE_CLAIM_HOURS))
            .unwrap_or(end)
    }

    /// Whether a step is to be done at all.
    #[must_use]
    pub fn applies(&self, step: ExpiryStep) -> bool {
        match step {
            ExpiryStep::Alert | ExpiryStep::Block => {
                let chosen = self.offset(step).is_some_and(|offset| !offset.by_default);
                chosen || self.due_on(step) > self.created_on
            }
            // What is accepted is what was counted when hand-overs stopped.
            ExpiryStep::Acceptance => self.applies(ExpiryStep::Block),
            ExpiryStep::Refusal | ExpiryStep::Sweep | ExpiryStep::Statement => true,
        }
    }

    /// Whether a step is to be done by the clock at an instant.
    #[must_use]
    pub fn is_due(&self, step: ExpiryStep, at: DateTime<Utc>) -> bool {
        self.applies(step) && at >= self.runs_from(step)
    }

    /// Whether a step that is done at an instant comes on a later day than it should have.
    #[must_use]
    pub fn is_late(&self, step: ExpiryStep, at: DateTime<Utc>) -> bool {
        paris_date(at) > paris_date(self.runs_from(step))
    }
}

fn before(day: NaiveDate, days: u16) -> NaiveDate {
    day.checked_sub_days(Days::new(days.into())).unwrap_or(NaiveDate::MIN)
}

fn after(day: NaiveDate, days: u16) -> NaiveDate {
    day.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn calendar(printed_day: &str, last_day: &str, created_on: &str) -> ExpiryCalendar {
        ExpiryCalendar {
            printed_day: date(printed_day),
            last_day: date(last_day),
            created_on: date(created_on),
            settings: ExpirySettings::default(),
        }
    }

    fn days(calendar: &ExpiryCalendar) -> Vec<String> {
        ExpiryStep::ALL
            .into_iter()
            .map(|step| calendar.due_on(step).to_string())
            .collect()
    }

    #[test]
    fn a_year_ends_on_the_days_that_the_scheme_knows() {
        let calendar = calendar("2026-12-31", "2027-01-31", "2026-03-02");
        assert_eq!(
            days(&calendar),
            [
                "2026-12-01",
                "2026-12-16",
                "2026-12-24",
                "2027-02-01",
                "2027-02-04",
                "2027-02-06"
            ]
        );
        assert!(ExpiryStep::ALL.into_iter().all(|step| calendar.applies(step)));
        assert!(
            calendar
                .offset(ExpiryStep::Alert)
                .is_some_and(|offset| offset.by_default)
        );
        assert_eq!(
            calendar.contest_until(instant("2027-02-06T00:00:00Z")),
            date("2027-02-21")
        );
        assert_eq!(calendar.unused_value(), (UnusedValue::Credit, true));
    }

    #[test]
    fn the_days_are_those_of_paris() {
        let calendar = calendar("2026-12-31", "2027-01-31", "2026-03-02");
        assert!(!calendar.is_due(ExpiryStep::Alert, instant("2026-11-30T22:59:59Z")));
        assert!(calendar.is_due(ExpiryStep::Alert, instant("2026-11-30T23:00:00Z")));
        assert_eq!(calendar.runs_from(ExpiryStep::Sweep), instant("2027-02-03T23:00:00Z"));
        // Summer time begins within the 72 hours: they are hours, the day is the one on which they end.
        let spring = ExpiryCalendar {
            last_day: date("2026-03-27"),
            printed_day: date("2026-02-24"),
            ..calendar
        };
        assert_eq!(spring.runs_from(ExpiryStep::Sweep), instant("2026-03-30T23:00:00Z"));
        assert_eq!(spring.due_on(ExpiryStep::Sweep), date("2026-03-31"));
    }

    #[test]
    fn the_sponsor_has_the_whole_day_of_the_acceptance() {
        let calendar = calendar("2026-12-31", "2027-01-31", "2026-03-02");
        assert!(!calendar.is_due(ExpiryStep::Acceptance, instant("2026-12-24T22:59:59Z")));
        assert!(calendar.is_due(ExpiryStep::Acceptance, instant("2026-12-24T23:00:00Z")));
        assert!(!calendar.is_late(ExpiryStep::Acceptance, instant("2026-12-25T22:00:00Z")));
        assert!(calendar.is_late(ExpiryStep::Acceptance, instant("2026-12-26T00:00:00Z")));
    }

    #[test]
    fn what_the_sponsor_sets_is_told_from_what_nobody_chose() {
        let settings = ExpirySettings {
            block_days: Some(20),
            statement_days: Some(10),
            unused_value: Some(UnusedValue::Bank),
            ..ExpirySettings::default()
        };
        let calendar = ExpiryCalendar {
            settings,
            ..calendar("2026-12-31", "2027-01-31", "2026-03-02")
        };
        assert_eq!(calendar.due_on(ExpiryStep::Block), date("2026-12-11"));
        let offset = calendar.offset(ExpiryStep::Block).unwrap();
        assert_eq!((offset.days, offset.by_default), (20, false));
        assert_eq!(
            calendar.due_on(ExpiryStep::Statement),
            date("2027-02-04"),
            "never before the sweep"
        );
        assert_eq!(calendar.unused_value(), (UnusedValue::Bank, false));
    }

    #[test]
    fn a_programme_is_not_blocked_by_a_default_that_is_older_than_itself() {
        let short = calendar("2026-03-14", "2026-03-17", "2026-03-02");
        let applies = |calendar: &ExpiryCalendar| ExpiryStep::ALL.map(|step| calendar.applies(step));
        assert_eq!(applies(&short), [false, false, false, true, true, true]);
        let chosen = ExpiryCalendar {
            settings: ExpirySettings {
                block_days: Some(4),
                ..ExpirySettings::default()
            },
            ..short
        };
        assert_eq!(applies(&chosen), [false, true, true, true, true, true]);
        let three_weeks = calendar("2026-03-23", "2026-04-23", "2026-03-02");
        assert_eq!(applies(&three_weeks), [false, true, true, true, true, true]);
    }

    #[test]
    fn the_calendar_ends_without_a_panic() {
        let end = ExpiryCalendar {
            printed_day: NaiveDate::MAX,
            last_day: NaiveDate::MAX,
            ..calendar("2026-12-31", "2027-01-31", "2026-03-02")
        };
        assert_eq!(end.due_on(ExpiryStep::Statement), NaiveDate::MAX);
        for step in ExpiryStep::ALL {
            assert_eq!(ExpiryStep::from_word(step.word()), Some(step));
        }
    }
}
