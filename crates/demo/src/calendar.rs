//! The days of the demo's story, counted from the day it is told.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc};
use standards::calendar::{Month, paris_date, paris_start_of_day};

/// The story's days. It begins today, so that its vouchers are valid on the day they are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Story {
    /// First day: imports, conventions, orders.
    pub first_day: NaiveDate,
}

/// Days between today and the printed date below which a programme runs until the next year's end.
const DAYS_TO_YEARS_END_MIN: u64 = 120;

impl Story {
    pub fn beginning(at: DateTime<Utc>) -> Self {
        Self {
            first_day: paris_date(at),
        }
    }

    /// The money of the funders arrives.
    pub fn money(self) -> NaiveDate {
        self.first_day + Days::new(7)
    }

    /// Booklets are handed over.
    pub fn hand_over(self) -> NaiveDate {
        self.first_day + Days::new(9)
    }

    /// The month in which the vouchers are claimed: the one after the hand-over.
    pub fn claims_month(self) -> Month {
        Month::containing(self.hand_over()).next()
    }

    /// Claims are made.
    pub fn claims(self) -> NaiveDate {
        self.claims_month().first_day() + Days::new(9)
    }

    /// Last day printed on the vouchers of the short programme.
    pub fn short_printed_day(self) -> NaiveDate {
        self.claims() + Days::new(2)
    }

    /// A voucher of the short programme is claimed too late (its tolerance and the server's grace are over).
    pub fn too_late(self) -> NaiveDate {
        self.short_printed_day() + Days::new(9)
    }

    /// The month is settled.
    pub fn settlement(self) -> NaiveDate {
        self.claims_month().next().first_day() + Days::new(2)
    }

    /// The bank has carried out the settlement; one transfer came back.
    pub fn statement(self) -> NaiveDate {
        self.settlement() + Days::new(3)
    }

    /// Last day printed on the vouchers of the main programme: 31 December, of this year when that is far enough.
    pub fn printed_day(self) -> NaiveDate {
        let year_end =
            |day: NaiveDate| NaiveDate::from_ymd_opt(day.year(), 12, 31).expect("every year has a 31 December");
        let this = year_end(self.first_day);
        if self.first_day + Days::new(DAYS_TO_YEARS_END_MIN) <= this {
            this
        } else {
            year_end(self.first_day + Months::new(12))
        }
    }

    /// Unused money goes back: late offline claims (72 h) are in.
    pub fn expiry(last_day: NaiveDate) -> NaiveDate {
        last_day + Days::new(5)
    }

    /// The signed statement: 37 days after the printed day, which is 6 days after the last one accepted.
    pub fn statement_of_end(last_day: NaiveDate) -> NaiveDate {
        last_day + Days::new(6)
    }
}

/// Nine in the morning, Paris time; `minutes` later.
pub fn morning(day: NaiveDate, minutes: i64) -> DateTime<Utc> {
    paris_start_of_day(day) + TimeDelta::minutes(9 * 60 + minutes)
}
