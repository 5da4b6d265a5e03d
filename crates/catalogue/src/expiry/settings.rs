use bounds::NumberKind;
use database::{Rejection, UseCaseError};
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, PgPool, PgTransaction};
use standards::calendar::paris_date;
use utoipa::ToSchema;
use web::Problem;

use super::{ACCEPTANCE_DAYS, ALERT_DAYS, BLOCK_DAYS, ExpiryCalendar};
use crate::{Programme, ProgrammeId, programme};

bounds::number_kind! {
    /// Days before or after the printed date.
    pub struct CalendarDays: 0..=366;
    /// Days to contest in.
    pub struct ContestDays: 1..=366;
}

/// What becomes of value that nobody used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnusedValue {
    /// The funder's free money, for the next order.
    Credit,
    /// Back to the funder's bank account.
    Bank,
}

impl UnusedValue {
    /// The word in JSON and in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Bank => "bank",
        }
    }

    /// The way of this word; the constraints know no other.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        if word == Self::Bank.word() {
            Self::Bank
        } else {
            Self::Credit
        }
    }

    /// On the screen and on paper.
    #[must_use]
    pub const fn french(self) -> &'static str {
        match self {
            Self::Credit => "crédit sur la prochaine commande",
            Self::Bank => "remboursement par virement",
        }
    }
}

/// What a sponsor sets of its programme's calendar; what is absent follows the defaults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpirySettings {
    /// Days before the printed date on which the sponsor is alerted; 30 when absent.
    #[schema(value_type = Option<CalendarDays>)]
    pub alert_days: Option<u16>,
    /// Days before the printed date from which no booklet is handed over; 15 when absent.
    #[schema(value_type = Option<CalendarDays>)]
    pub block_days: Option<u16>,
    /// Days before the printed date by which the sponsor accepts the counts; 7 when absent.
    #[schema(value_type = Option<CalendarDays>)]
    pub acceptance_days: Option<u16>,
    /// Days after the printed date on which the statement is issued; 37 when absent.
    #[schema(value_type = Option<CalendarDays>)]
    pub statement_days: Option<u16>,
    /// Days during which the statement may be contested; 15 when absent.
    #[schema(value_type = Option<ContestDays>)]
    pub contest_days: Option<u16>,
    /// What becomes of unused value when its funder does not choose; `credit` when absent.
    pub unused_value: Option<UnusedValue>,
}

#[derive(Debug)]
pub enum ExpirySettingsRejection {
    Field {
        field: &'static str,
        /// In French.
        rule: String,
    },
}

impl Rejection for ExpirySettingsRejection {}

impl From<ExpirySettingsRejection> for Problem {
    fn from(rejection: ExpirySettingsRejection) -> Self {
        match rejection {
            ExpirySettingsRejection::Field { field, rule } => Self::refused(
                "expiry-settings-field",
                "Ce calendrier d'échéance ne peut pas être enregistré.",
            )
            .detail(format!("« {field} » : {rule}")),
        }
    }
}

impl ExpirySettings {
    /// Whether its days are days, and in order.
    pub fn check(&self) -> Result<(), ExpirySettingsRejection> {
        let broken = |field, rule: String| Err(ExpirySettingsRejection::Field { field, rule });
        let fields = [
            ("alert_days", self.alert_days, CalendarDays::MIN..=CalendarDays::MAX),
            ("block_days", self.block_days, CalendarDays::MIN..=CalendarDays::MAX),
            (
                "acceptance_days",
                self.acceptance_days,
                CalendarDays::MIN..=CalendarDays::MAX,
            ),
            (
                "statement_days",
                self.statement_days,
                CalendarDays::MIN..=CalendarDays::MAX,
            ),
            ("contest_days", self.contest_days, ContestDays::MIN..=ContestDays::MAX),
        ];
        for (field, days, range) in fields {
            if days.is_some_and(|days| !range.contains(&days.into())) {
                return broken(field, format!("entre {} et {} jours.", range.start(), range.end()));
            }
        }
        let (alert, block, acceptance) = (
            self.alert_days.unwrap_or(ALERT_DAYS),
            self.block_days.unwrap_or(BLOCK_DAYS),
            self.acceptance_days.unwrap_or(ACCEPTANCE_DAYS),
        );
        if block > alert {
            return broken(
                "block_days",
                format!(
                    "l'arrêt des remises ({block} jours avant) ne peut pas précéder l'alerte ({alert} jours avant)."
                ),
            );
        }
        if acceptance > block {
            return broken(
                "acceptance_days",
                format!(
                    "l'acceptation ({acceptance} jours avant) ne peut pas précéder l'arrêt des remises ({block} jours avant)."
                ),
            );
        }
        Ok(())
    }
}

/// Sets a programme's calendar anew. Whether it still may be changed is the issuer's to say.
pub async fn set_expiry_settings(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    settings: &ExpirySettings,
    at: DateTime<Utc>,
) -> Result<(), UseCaseError<ExpirySettingsRejection>> {
    settings.check()?;
    let days = |days: Option<u16>| days.map(i32::from);
    sqlx::query!(
        "insert into catalogue.expiry_settings (programme_id, alert_days, block_days, acceptance_days, statement_days,
             contest_days, unused_value, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (programme_id) do update set alert_days = excluded.alert_days, block_days = excluded.block_days,
             acceptance_days = excluded.acceptance_days, statement_days = excluded.statement_days,
             contest_days = excluded.contest_days, unused_value = excluded.unused_value, changed_at = excluded.changed_at",
        programme.uuid(),
        days(settings.alert_days),
        days(settings.block_days),
        days(settings.acceptance_days),
        days(settings.statement_days),
        days(settings.contest_days),
        settings.unused_value.map(UnusedValue::word),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The calendar of a programme that is known.
pub async fn expiry_calendar(db: impl PgExecutor<'_>, programme: &Programme) -> Result<ExpiryCalendar, sqlx::Error> {
    let calendars = read(db, Some(programme.id)).await?;
    let of = |facts: &StoredSettings| facts.calendar(programme);
    calendars.first().map(of).ok_or(sqlx::Error::RowNotFound)
}

/// All programmes with their calendars, in order of creation.
pub async fn expiry_calendars(pool: &PgPool) -> Result<Vec<(Programme, ExpiryCalendar)>, sqlx::Error> {
    let facts: BTreeMap<ProgrammeId, StoredSettings> = read(pool, None)
        .await?
        .into_iter()
        .map(|facts| (facts.id, facts))
        .collect();
    let all = programme::programmes(pool).await?.into_iter().filter_map(|programme| {
        let calendar = facts.get(&programme.id)?.calendar(&programme);
        Some((programme, calendar))
    });
    Ok(all.collect())
}

/// What a programme does not say of itself.
struct StoredSettings {
    id: ProgrammeId,
    created_at: DateTime<Utc>,
    settings: ExpirySettings,
}

impl StoredSettings {
    fn calendar(&self, programme: &Programme) -> ExpiryCalendar {
        ExpiryCalendar {
            printed_day: programme.printed_day,
            last_day: programme.last_day,
            created_on: paris_date(self.created_at),
            settings: self.settings,
        }
    }
}

async fn read(db: impl PgExecutor<'_>, only: Option<ProgrammeId>) -> Result<Vec<StoredSettings>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select p.id as "id!: ProgrammeId", p.created_at as "created_at!", s.alert_days as "alert_days?",
               s.block_days as "block_days?", s.acceptance_days as "acceptance_days?", s.statement_days as "statement_days?",
               s.contest_days as "contest_days?", s.unused_value as "unused_value?"
           from catalogue.programme p left join catalogue.expiry_settings s on s.programme_id = p.id
           where $1::uuid is null or p.id = $1"#,
        only.map(ProgrammeId::uuid),
    )
    .fetch_all(db)
    .await?;
    let days =
        |days: Option<i32>| days.map(|days| u16::try_from(days).expect("expiry_settings_days keeps it in range"));
    Ok(rows
        .into_iter()
        .map(|row| StoredSettings {
            id: row.id,
            created_at: row.created_at,
            settings: ExpirySettings {
                alert_days: days(row.alert_days),
                block_days: days(row.block_days),
                acceptance_days: days(row.acceptance_days),
                statement_days: days(row.statement_days),
                contest_days: days(row.contest_days),
                unused_value: row.unused_value.as_deref().map(UnusedValue::from_word),
            },
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_before_the_end_come_in_order() {
        let refused = |settings: ExpirySettings| match settings.check() {
            Err(ExpirySettingsRejection::Field { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        let set = ExpirySettings::default;
        assert_eq!(
            refused(ExpirySettings {
                block_days: Some(31),
                ..set()
            }),
            "block_days"
        );
        assert_eq!(
            refused(ExpirySettings {
                acceptance_days: Some(16),
                ..set()
            }),
            "acceptance_days"
        );
        assert_eq!(
            refused(ExpirySettings {
                block_days: Some(6),
                ..set()
            }),
            "acceptance_days"
        );
        assert_eq!(
            refused(ExpirySettings {
                contest_days: Some(0),
                ..set()
            }),
            "contest_days"
        );
        assert_eq!(
            refused(ExpirySettings {
                alert_days: Some(367),
                ..set()
            }),
            "alert_days"
        );
        let week = ExpirySettings {
            alert_days: Some(3),
            block_days: Some(1),
            acceptance_days: Some(1),
            ..set()
        };
        assert!(week.check().is_ok() && set().check().is_ok());
    }
}
