//! A day as French files write it.

use chrono::NaiveDate;

/// How a spreadsheet says that a column keeps what is typed.
pub(crate) const TEXT_COLUMN: &str = "mettez la colonne au format Texte et recopiez";

/// Why a text is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrittenDateError {
    #[error("la date manque ; écrivez-la AAAA-MM-JJ, par exemple 1975-01-31")]
    Empty,
    /// A spreadsheet's count of days: 18295 is 1 February 1950.
    #[error("un tableur a changé cette date en nombre ; {TEXT_COLUMN} les dates, par exemple 1975-01-31 ou 31/01/1975")]
    Serial,
    /// Which century is anybody's guess.
    #[error("l'année de cette date n'a pas 4 chiffres ; écrivez-la en entier, par exemple 1975-01-31 ou 31/01/1975")]
    ShortYear,
    /// A form that is read, and no day of the calendar.
    #[error("cette date n'existe pas ; écrivez une date réelle, AAAA-MM-JJ ou JJ/MM/AAAA, par exemple 1975-01-31")]
    NoSuchDay,
    #[error(
        "cette date n'est pas écrite AAAA-MM-JJ ; écrivez-la année, mois, jour, par exemple 1975-01-31, ou 31/01/1975"
    )]
    Form,
}

/// Reads `1975-01-31`, `31/01/1975`, `31-01-1975` and `31.01.1975`, each with or without a midnight behind it. In French files the day
/// comes first, so nothing is guessed.
pub fn read(text: &str) -> Result<NaiveDate, WrittenDateError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(WrittenDateError::Empty);
    }
    if is_serial(text) {
        return Err(WrittenDateError::Serial);
    }
    let day = without_midnight(text);
    let mark = ['-', '/', '.'].into_iter().find(|mark| day.contains(*mark));
    let parts: Vec<&str> = mark.map_or_else(Vec::new, |mark| day.split(mark).collect());
    let [first, month, last] = parts[..] else {
        return Err(WrittenDateError::Form);
    };
    let (year, day) = match (first.len(), last.len()) {
        (4, 2) if mark != Some('.') => (first, last),
        (1 | 2, 1 | 2 | 4) => (last, first),
        _ => return Err(WrittenDateError::Form),
    };
    let number = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>()
            .ok()
            .filter(|_| digits)
            .ok_or(WrittenDateError::Form)
    };
    if !(1..=2).contains(&month.len()) || (first.len() == 4 && month.len() != 2) {
        return Err(WrittenDateError::Form);
    }
    let (numeric_year, month, day) = (number(year)?, number(month)?, number(day)?);
    if year.len() != 4 {
        return Err(WrittenDateError::ShortYear);
    }
    let numeric_year = i32::try_from(numeric_year).map_err(|_| WrittenDateError::NoSuchDay)?;
    NaiveDate::from_ymd_opt(numeric_year, month, day).ok_or(WrittenDateError::NoSuchDay)
}

/// Five digits: the days since 1900 of every day from 1927 to 2173. Or such a number with the part of a day behind it.
fn is_serial(text: &str) -> bool {
    let (days, fraction) = text.split_once([',', '.']).unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (3..=5).contains(&days.len()) && digits(days) && digits(fraction)
}

/// Spreadsheets and databases write the beginning of the day behind its date.
fn without_midnight(text: &str) -> &str {
    let Some((day, time)) = text.split_once([' ', 'T', '\u{a0}', '\u{202f}']) else {
        return text;
    };
    let time = time.trim().trim_end_matches('Z');
    let zeros = time.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.'));
    let shaped = (4..=15).contains(&time.len()) && time.contains(':');
    if zeros && shaped { day } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_february_is_read_in_every_french_form() {
        for text in [
            "1950-02-01",
            "01/02/1950",
            "1/2/1950",
            "01-02-1950",
            "01.02.1950",
            "1950/02/01",
            "1950-02-01 00:00:00",
            "1950-02-01T00:00:00",
            "1950-02-01T00:00:00.000Z",
            "01/02/1950 00:00",
            "01/02/1950 0:00:00",
            " 1950-02-01 ",
        ] {
            assert_eq!(read(text), Ok(NaiveDate::from_ymd_opt(1950, 2, 1).unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_day_is_told_for_its_own_reason() {
        use WrittenDateError::{Empty, Form, NoSuchDay, Serial, ShortYear};
        for (text, error) in [
            ("", Empty),
            ("18295", Serial),
            ("9132", Serial),
            ("18295,5", Serial),
            ("18295.0", Serial),
            ("01/02/50", ShortYear),
            ("1-2-50", ShortYear),
            ("30/02/1950", NoSuchDay),
            ("02/13/1950", NoSuchDay),
            ("1981-02-30", NoSuchDay),
            ("1975-1-4", Form),
            ("+1975-01-04", Form),
            ("1950-02-01 12:30", Form),
            ("1er février 1950", Form),
            ("01/02-1950", Form),
            ("19500201", Form),
            ("١٩٥٠-٠٢-٠١", Form),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
        assert!(Serial.to_string().contains("au format Texte"));
    }
}
