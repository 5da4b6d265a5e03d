//! Business dates: what day it is, and which month, for people in Europe/Paris.
//!
//! Instants are UTC everywhere; a rule that speaks of days ("valid until 31 December", "paid for the month of May") speaks of
//! Paris days. These functions are the only place where the two meet.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Europe::Paris;

/// Day 0 of the dates carried by vouchers.
const TOKEN_EPOCH: NaiveDate = NaiveDate::from_ymd_opt(2020, 1, 1).expect("1 January exists");

/// The Paris calendar date at an instant.
#[must_use]
pub fn paris_date(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&Paris).date_naive()
}

/// The first instant of a Paris day.
///
/// Midnight exists and is unique in Paris on every day that this system can meet (the hour changes at 1:00 UTC); should the law
/// ever skip it, UTC midnight stands in rather than a panic.
#[must_use]
pub fn paris_start_of_day(date: NaiveDate) -> DateTime<Utc> {
    let midnight = date.and_time(NaiveTime::MIN);
    Paris
        .from_local_datetime(&midnight)
        .earliest()
        .map_or_else(|| midnight.and_utc(), |local| local.to_utc())
}

/// The end of a Paris day: the first instant of the next one, so compare with `<`.
#[must_use]
pub fn paris_end_of_day(date: NaiveDate) -> DateTime<Utc> {
    paris_start_of_day(date.succ_opt().unwrap_or(NaiveDate::MAX))
}

/// Days since 2020-01-01, the form a date takes in a voucher; `None` before that day and after 2199-06-06.
#[must_use]
pub fn token_day(date: NaiveDate) -> Option<u16> {
    u16::try_from(date.signed_duration_since(TOKEN_EPOCH).num_days()).ok()
}

/// The date of a voucher's day number.
#[must_use]
pub fn from_token_day(day: u16) -> NaiveDate {
    // chrono's calendar goes far beyond 65,535 days: the sum always exists.
    TOKEN_EPOCH
        .checked_add_days(Days::new(day.into()))
        .unwrap_or(NaiveDate::MAX)
}

/// A calendar month, written `2026-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    month: u32,
}

/// A text or a pair of numbers that is no month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("le mois s'écrit « AAAA-MM », par exemple « 2026-01 »")]
pub struct MonthError;

impl Month {
    const FIRST: Self = Self { year: 1, month: 1 };
    const LAST: Self = Self { year: 9999, month: 12 };

    /// The month `month` (1–12) of a year of four digits.
    pub fn new(year: i32, month: u32) -> Result<Self, MonthError> {
        let known = (Self::FIRST.year..=Self::LAST.year).contains(&year) && (1..=12).contains(&month);
        if known {
            Ok(Self { year, month })
        } else {
            Err(MonthError)
        }
    }

    /// The month of a date; dates beyond the years 1–9999 fall in the nearest month.
    #[must_use]
    pub fn containing(date: NaiveDate) -> Self {
        Self {
            year: date.year(),
            month: date.month(),
        }
        .clamp(Self::FIRST, Self::LAST)
    }

    #[must_use]
    pub const fn year(self) -> i32 {
        self.year
    }

    /// The month's number, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u32 {
        self.month
    }

    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        // The constructors let no other year or month in: the first day always exists.
        NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or(NaiveDate::MAX)
    }

    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        let first = self.first_day();
        let days = u32::from(first.num_days_in_month());
        first.with_day(days).unwrap_or(first)
    }

    /// Whether a date falls in it.
    #[must_use]
    pub fn contains(self, date: NaiveDate) -> bool {
        (date.year(), date.month()) == (self.year, self.month)
    }

    /// The month after; December 9999 is its own.
    #[must_use]
    pub fn next(self) -> Self {
        let next = if self.month == 12 {
            Self {
                year: self.year + 1,
                month: 1,
            }
        } else {
            Self {
                year: self.year,
                month: self.month + 1,
            }
        };
        next.min(Self::LAST)
    }

    /// The month before; January of the year 1 is its own.
    #[must_use]
    pub fn previous(self) -> Self {
        let previous = if self.month == 1 {
            Self {
                year: self.year - 1,
                month: 12,
            }
        } else {
            Self {
                year: self.year,
                month: self.month - 1,
            }
        };
        previous.max(Self::FIRST)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        let (year, month) = text.split_once('-').ok_or(MonthError)?;
        let number = |part: &str, digits: usize| {
            (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| part.parse::<u32>().ok())
                .flatten()
                .ok_or(MonthError)
        };
        Self::new(number(year, 4)?.try_into().map_err(|_| MonthError)?, number(month, 2)?)
    }
}

crate::text::text_value!(
    Month,
    text = Month::to_string,
    pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$",
    example = "2026-01",
    about = "Un mois, AAAA-MM."
);

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn midnight_in_paris_is_an_hour_or_two_before_midnight_utc() {
        assert_eq!(paris_date(instant("2026-01-31T22:59:59Z")), date("2026-01-31"));
        assert_eq!(paris_date(instant("2026-01-31T23:00:00Z")), date("2026-02-01"));
        assert_eq!(paris_date(instant("2026-06-30T22:00:00Z")), date("2026-07-01"));
        assert_eq!(paris_start_of_day(date("2026-07-01")), instant("2026-06-30T22:00:00Z"));
        assert_eq!(paris_end_of_day(date("2026-12-31")), instant("2026-12-31T23:00:00Z"));
    }

    #[test]
    fn the_days_on_which_the_hour_changes_last_23_and_25_hours() {
        let hours = |day| (paris_end_of_day(date(day)) - paris_start_of_day(date(day))).num_hours();
        assert_eq!(hours("2026-03-29"), 23);
        assert_eq!(hours("2026-10-25"), 25);
    }

    #[test]
    fn every_day_of_two_centuries_starts_at_its_own_midnight() {
        let mut day = date("2000-01-01");
        while day < date("2200-01-01") {
            let start = paris_start_of_day(day);
            assert_eq!(paris_date(start), day);
            assert_eq!(
                Some(paris_date(start - chrono::TimeDelta::nanoseconds(1))),
                day.pred_opt()
            );
            day = day.succ_opt().unwrap();
        }
    }

    #[test]
    fn voucher_days_count_from_2020() {
        assert_eq!(token_day(date("2020-01-01")), Some(0));
        assert_eq!(token_day(date("2019-12-31")), None);
        assert_eq!(token_day(date("2026-12-31")), Some(2556));
        assert_eq!(from_token_day(u16::MAX), date("2199-06-06"));
        assert_eq!(token_day(date("2199-06-07")), None);
        for day in [0, 59, 2556, u16::MAX] {
            assert_eq!(token_day(from_token_day(day)), Some(day));
        }
    }

    #[test]
    fn months_know_their_days_and_neighbours() {
        let february: Month = "2028-02".parse().unwrap();
        assert_eq!(february.first_day(), date("2028-02-01"));
        assert_eq!(february.last_day(), date("2028-02-29"));
        assert_eq!(february.next().to_string(), "2028-03");
        assert_eq!(Month::new(2026, 12).unwrap().next(), "2027-01".parse().unwrap());
        assert_eq!(Month::new(2026, 1).unwrap().previous().to_string(), "2025-12");
        assert_eq!(Month::containing(date("2028-02-29")), february);
        assert!(february.contains(date("2028-02-29")) && !february.contains(date("2027-02-28")));
        assert_eq!(serde_json::to_string(&february).unwrap(), r#""2028-02""#);
    }

    #[test]
    fn texts_that_are_no_month_are_refused() {
        for text in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "2026-1",
            "26-01",
            "2026-01-01",
            "+026-01",
            "0000-01",
            "2026/01",
        ] {
            assert_eq!(text.parse::<Month>(), Err(MonthError), "{text}");
        }
    }

    #[test]
    fn the_calendar_ends_without_a_panic() {
        assert_eq!(Month::containing(NaiveDate::MAX).next(), Month::LAST);
        assert_eq!(Month::containing(NaiveDate::MIN).previous(), Month::FIRST);
        let _ = paris_end_of_day(NaiveDate::MAX);
        let _ = paris_start_of_day(NaiveDate::MIN);
    }
}
