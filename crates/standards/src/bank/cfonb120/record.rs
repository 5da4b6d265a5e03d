//! One record of 120 characters, cut by columns as the brochure numbers them (from 1).

use chrono::NaiveDate;

use super::problem::{CfonbError, CfonbProblem};
use super::{CfonbProblem as Problem, RECORD_CHARS};
use crate::money::Cents;

/// The four kinds of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Opening,
    Movement,
    Complement,
    Closing,
}

impl Kind {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Opening => "01",
            Self::Movement => "04",
            Self::Complement => "05",
            Self::Closing => "07",
        }
    }
}

/// A record with the number of its line.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub line: u64,
    pub kind: Kind,
    chars: Vec<char>,
}

pub(super) type Columns = (usize, usize);

const CODE: Columns = (1, 2);
const BANK: Columns = (3, 7);
const BRANCH: Columns = (12, 16);
const CURRENCY: Columns = (17, 19);
const DECIMALS: Columns = (20, 20);
pub(super) const ACCOUNT: Columns = (22, 32);
pub(super) const AMOUNT: Columns = (91, 104);
/// Most decimals of an amount in euro.
const DECIMALS_MAX: u32 = 2;

/// The whole record, for what has no column of its own.
pub(super) const WHOLE: Columns = (1, RECORD_CHARS);

pub(super) const fn error(line: u64, columns: Columns, problem: CfonbProblem) -> CfonbError {
    CfonbError { line, columns, problem }
}

impl Record {
    /// Blanks that were cut off at the end are put back; anything but blanks beyond column 120 is refused.
    pub(super) fn new(line: u64, text: &str) -> Result<Self, CfonbError> {
        let mut chars: Vec<char> = text.trim_end().chars().collect();
        if chars.len() > RECORD_CHARS {
            let problem = Problem::Length(chars.len());
            return Err(error(line, (RECORD_CHARS + 1, chars.len()), problem));
        }
        chars.resize(RECORD_CHARS, ' ');
        let code: String = chars[..2].iter().collect();
        let kind = [Kind::Opening, Kind::Movement, Kind::Complement, Kind::Closing]
            .into_iter()
            .find(|kind| kind.code() == code);
        let kind = kind.ok_or_else(|| error(line, CODE, Problem::Code(code)))?;
        Ok(Self { line, kind, chars })
    }

    pub(super) fn error(&self, columns: Columns, problem: CfonbProblem) -> CfonbError {
        error(self.line, columns, problem)
    }

    /// Columns as they are.
    pub(super) fn raw(&self, (first, last): Columns) -> String {
        self.chars[first - 1..last].iter().collect()
    }

    /// Columns without the blanks around them; none if there is nothing else.
    pub(super) fn text(&self, columns: Columns) -> Option<String> {
        let raw = self.raw(columns);
        Some(raw.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// Bank, branch and account number; what every record of a statement repeats.
    pub(super) fn account(&self) -> Result<(String, String, String), CfonbError> {
        let digits = |columns| {
            let text = self.raw(columns);
            if text.bytes().all(|byte| byte.is_ascii_digit()) {
                Ok(text)
            } else {
                Err(self.error(columns, Problem::Digits(text)))
            }
        };
        Ok((digits(BANK)?, digits(BRANCH)?, self.raw(ACCOUNT)))
    }

    /// The same as it is written, for a person.
    pub(super) fn account_written(&self) -> String {
        format!("{} {} {}", self.raw(BANK), self.raw(BRANCH), self.raw(ACCOUNT))
    }

    /// The decimals of its amount, in euro; none where the bank leaves the columns blank.
    pub(super) fn scale(&self) -> Result<Option<u32>, CfonbError> {
        if let Some(currency) = self.text(CURRENCY).filter(|currency| currency != "EUR") {
            return Err(self.error(CURRENCY, Problem::Currency(currency)));
        }
        let Some(decimals) = self.text(DECIMALS) else {
            return Ok(None);
        };
        let scale = decimals.parse().ok().filter(|&scale| scale <= DECIMALS_MAX);
        scale
            .ok_or_else(|| self.error(DECIMALS, Problem::Decimals(decimals)))
            .map(Some)
    }

    /// The amount, positive for a credit; `scale` where the record leaves its decimals blank. The last digit carries the sign; some
    /// banks translate `{` and `}` into the letters that stood at their place in the French national set, `é` and `è`.
    pub(super) fn amount(&self, scale: Option<u32>) -> Result<Cents, CfonbError> {
        let raw = self.raw(AMOUNT);
        let wrong = || self.error(AMOUNT, Problem::Amount(raw.clone()));
        let scale = self.scale()?.or(scale).unwrap_or(DECIMALS_MAX);
        let last = raw.chars().last().unwrap_or(' ');
        let (digit, negative) = match last {
            '{' | 'é' => (0, false),
            '}' | 'è' => (0, true),
            'A'..='I' => (u32::from(last) - u32::from('A') + 1, false),
            'J'..='R' => (u32::from(last) - u32::from('J') + 1, true),
            _ => return Err(wrong()),
        };
        let leading = raw.strip_suffix(last).unwrap_or_default();
        if !leading.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let units: i64 = format!("{leading}{digit}").parse().map_err(|_| wrong())?;
        let cents = Cents::new(units).checked_mul(10_i64.pow(DECIMALS_MAX.saturating_sub(scale)));
        let cents = if negative {
            cents.and_then(Cents::checked_neg)
        } else {
            cents
        };
        cents.ok_or_else(wrong)
    }

    /// A day that must be there.
    pub(super) fn day(&self, columns: Columns) -> Result<NaiveDate, CfonbError> {
        let raw = self.raw(columns);
        let part = |range: std::ops::Range<usize>| {
            let text = raw
                .get(range)
                .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            text.and_then(|text| text.parse::<u32>().ok())
        };
        let date = || {
            let year = i32::try_from(part(4..6)?).ok()? + 2000;
            NaiveDate::from_ymd_opt(year, part(2..4)?, part(0..2)?)
        };
        date().ok_or_else(|| self.error(columns, Problem::Date(raw.clone())))
    }
}
