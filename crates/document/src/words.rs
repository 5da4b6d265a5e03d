//! Days in words.

use chrono::{Datelike, NaiveDate};

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// `31 décembre 2026`, `1er mars 2027`.
#[must_use]
pub fn french_day(day: NaiveDate) -> String {
    let number = if day.day() == 1 {
        "1er".to_owned()
    } else {
        day.day().to_string()
    };
    let month = MONTHS.get(day.month0() as usize).expect("a year has 12 months");
    format!("{number} {month} {}", day.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_read_as_people_say_them() {
        let day = |y, m, d| french_day(NaiveDate::from_ymd_opt(y, m, d).unwrap());
        assert_eq!(day(2026, 12, 31), "31 décembre 2026");
        assert_eq!(day(2027, 3, 1), "1er mars 2027");
    }
}
