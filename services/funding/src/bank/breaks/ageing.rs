//! How long breaks have been waiting.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use standards::Cents;
use standards::spreadsheet::cell;
use utoipa::ToSchema;

use crate::support::ids::BreakId;

/// The report's bands: name, first day, last day.
const BANDS: [(&str, i32, i32); 4] = [
    ("0-7", i32::MIN, 7),
    ("8-30", 8, 30),
    ("31-90", 31, 90),
    (">90", 91, i32::MAX),
];

/// Breaks that are not closed, by age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BreakAgeing {
    /// The day from which ages count back.
    pub on: NaiveDate,
    /// Youngest first, all four.
    pub bands: Vec<BreakAgeBand>,
    /// Oldest first.
    pub breaks: Vec<AgedBreak>,
}

/// Breaks of one age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BreakAgeBand {
    /// In days: `0-7`, `8-30`, `31-90` or `>90`.
    #[schema(example = "8-30")]
    pub days: String,
    pub breaks: usize,
    /// Of those that are money in.
    pub money_in: Cents,
    /// Of those that are money out, as a positive amount.
    pub money_out: Cents,
}

/// A break with its age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgedBreak {
    pub id: BreakId,
    pub kind: String,
    /// `open` or `explained`.
    pub state: String,
    /// Who looks after it.
    pub owner: Option<String>,
    /// The bank's day.
    pub opened_on: NaiveDate,
    /// Days since.
    pub age_days: i32,
    /// The band that it is in.
    pub days: String,
    /// Positive when money came in, or should have.
    pub amount: Cents,
}

/// The report on a day.
pub async fn ageing(connection: &mut PgConnection, on: NaiveDate) -> Result<BreakAgeing, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select b.id as "id: BreakId", b.kind, last.state, last.owner, b.opened_on, $1::date - b.opened_on as "age_days!",
               b.cents as "amount: Cents"
           from funding.break b
           cross join lateral (select s.state, s.owner from funding.break_step s
                               where s.break_id = b.id order by s.number desc limit 1) last
           where last.state <> 'closed'
           order by b.opened_on, b.id"#,
        on,
    )
    .fetch_all(connection)
    .await?;
    let breaks: Vec<AgedBreak> = rows
        .into_iter()
        .map(|row| AgedBreak {
            id: row.id,
            kind: row.kind,
            state: row.state,
            owner: row.owner,
            opened_on: row.opened_on,
            age_days: row.age_days,
            days: band(row.age_days).to_owned(),
            amount: row.amount,
        })
        .collect();
    let bands = BANDS.map(|(days, _, _)| sum(days, &breaks));
    let bands = bands.into_iter().collect::<Option<_>>();
    Ok(BreakAgeing {
        on,
        bands: bands.ok_or_else(|| sqlx::Error::Decode("breaks add up to more than 64 bits".into()))?,
        breaks,
    })
}

fn band(age_days: i32) -> &'static str {
    let of_age = BANDS
        .iter()
        .find(|(_, first, last)| (*first..=*last).contains(&age_days));
    of_age.map_or(BANDS[3].0, |(days, _, _)| days)
}

fn sum(days: &str, breaks: &[AgedBreak]) -> Option<BreakAgeBand> {
    let of_band = || breaks.iter().filter(|one| one.days == days).map(|one| one.amount);
    Some(BreakAgeBand {
        days: days.to_owned(),
        breaks: of_band().count(),
        money_in: Cents::try_sum(of_band().filter(|amount| amount.is_positive()))?,
        money_out: Cents::try_sum(of_band().filter(|amount| amount.is_negative()))?.checked_neg()?,
    })
}

/// The report's breaks as CSV, with the same figures.
pub fn csv(ageing: &BreakAgeing) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "break_id",
        "kind",
        "state",
        "owner",
        "opened_on",
        "age_days",
        "days",
        "amount",
    ])?;
    for one in &ageing.breaks {
        writer.write_record([
            one.id.to_string(),
            one.kind.clone(),
            one.state.clone(),
            cell(one.owner.as_deref().unwrap_or_default()).into_owned(),
            one.opened_on.to_string(),
            one.age_days.to_string(),
            one.days.clone(),
            one.amount.to_string(),
        ])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_age_has_one_band() {
        for (age, days) in [
            (-1, "0-7"),
            (0, "0-7"),
            (7, "0-7"),
            (8, "8-30"),
            (30, "8-30"),
            (31, "31-90"),
            (90, "31-90"),
            (91, ">90"),
        ] {
            assert_eq!(band(age), days, "{age}");
        }
    }
}
