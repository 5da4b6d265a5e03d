use chrono::NaiveDate;
use ledger::{BookId, PartyId};
use serde::Deserialize;
use standards::Territory;
use standards::calendar::{paris_end_of_day, paris_start_of_day};
use utoipa::IntoParams;
use web::Problem;

use crate::reports::waterfall::WaterfallRow;
use crate::reports::waterfall::off_ledger::Until;

/// Which part of the report is asked for; nothing asked is all of it, as it stands now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaterfallFilter {
    /// Only this funder's rows.
    #[param(value_type = Option<uuid::Uuid>)]
    pub funder_id: Option<PartyId>,
    /// Only this programme's rows.
    #[param(value_type = Option<uuid::Uuid>)]
    pub programme_id: Option<BookId>,
    /// Only programmes of this territory, or of one that lies in it.
    #[param(value_type = Option<String>, example = "R27")]
    pub territory: Option<Territory>,
    /// What happened from this day on (Paris); without it, from the beginning.
    pub from: Option<NaiveDate>,
    /// What happened up to this day (Paris), and how things stood at its end; without it, up to now.
    pub to: Option<NaiveDate>,
}

/// The period ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnedRound;

impl database::Rejection for TurnedRound {}

impl From<TurnedRound> for Problem {
    fn from(TurnedRound: TurnedRound) -> Self {
        Self::bad_request("« to » est avant « from » : donnez le premier jour dans « from », le dernier dans « to ».")
    }
}

impl WaterfallFilter {
    /// Whether a row is asked for; `territory` is its programme's.
    pub fn wants(&self, row: &WaterfallRow, territory: Option<Territory>) -> bool {
        let funder = self.funder_id.is_none_or(|funder| funder == row.funder_id);
        let programme = self
            .programme_id
            .is_none_or(|programme| row.programme_id == Some(programme));
        let place = self
            .territory
            .is_none_or(|asked| territory.is_some_and(|own| asked.includes(own)));
        funder && programme && place
    }

    /// The instants between which things happened: the first is where the period begins, the second where it ends.
    pub fn instants(&self) -> Result<(Until, Until), TurnedRound> {
        if self.from.zip(self.to).is_some_and(|(from, to)| to < from) {
            return Err(TurnedRound);
        }
        Ok((self.from.map(paris_start_of_day), self.to.map(paris_end_of_day)))
    }

    /// What a printed report says of its days, on the day `today`.
    pub fn days(&self, today: NaiveDate) -> String {
        let day = |date: NaiveDate| date.format("%d/%m/%Y").to_string();
        let to = self.to.map_or(today, |to| to.min(today));
        match self.from {
            Some(from) => format!("Du {} au {}", day(from), day(to)),
            None => format!("Situation au {}", day(to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(funder: u128, programme: Option<u128>) -> WaterfallRow {
        WaterfallRow {
            programme_id: programme.map(|n| BookId::from_uuid(uuid::Uuid::from_u128(n))),
            ..WaterfallRow::empty(PartyId::from_uuid(uuid::Uuid::from_u128(funder)))
        }
    }

    #[test]
    fn a_territory_takes_the_programmes_in_it_and_no_money_without_programme() {
        let asked = |territory: &str| WaterfallFilter {
            territory: Some(territory.parse().unwrap()),
            ..WaterfallFilter::default()
        };
        let dijon = Some("21231".parse().unwrap());
        for (territory, wanted) in [
            ("FR", true),
            ("R27", true),
            ("21", true),
            ("21231", true),
            ("59", false),
        ] {
            assert_eq!(asked(territory).wants(&row(1, Some(2)), dijon), wanted, "{territory}");
        }
        assert!(!asked("21231").wants(&row(1, Some(2)), Some("21".parse().unwrap())));
        assert!(!asked("FR").wants(&row(1, None), None));
        assert!(WaterfallFilter::default().wants(&row(1, None), None));
    }

    #[test]
    fn a_period_is_told_as_people_say_it() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let asked = WaterfallFilter {
            from: Some(day("2026-01-01")),
            to: Some(day("2026-12-31")),
            ..WaterfallFilter::default()
        };
        assert_eq!(asked.days(day("2026-03-02")), "Du 01/01/2026 au 02/03/2026");
        assert_eq!(
            WaterfallFilter::default().days(day("2026-03-02")),
            "Situation au 02/03/2026"
        );
        let turned = WaterfallFilter {
            from: asked.to,
            to: asked.from,
            ..asked
        };
        assert_eq!(turned.instants(), Err(TurnedRound));
    }
}
