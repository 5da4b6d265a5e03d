//! What a voucher says: its terms, and the small types they are made of.

use std::fmt;
use std::hash::{Hash, Hasher};

use chrono::{Days, NaiveDate};
use subtle::ConstantTimeEq;

use crate::ShortCode;

/// Unix time of 2020-01-01T00:00:00Z, from which [`LastDay`] counts.
const EPOCH_UNIX_SECONDS: i64 = 1_577_836_800;
const DAY_SECONDS: i64 = 86_400;

/// Everything that is signed about one voucher. Nothing in it is about a person.
///
/// Every value of every field is representable in a token, so `Terms` cannot be built wrong; what a
/// given key may sign is the business of its [`Bounds`](crate::Bounds).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Terms {
    /// The series: it leads to the programme, the status list and the limits.
    pub series: u16,
    /// The voucher's place in the status list of its series.
    pub idx: Idx,
    /// Face value in euro cents.
    pub cents: u16,
    /// The last day the voucher is accepted.
    pub day: LastDay,
    /// The random identifier, also typed by hand as a [`ShortCode`].
    pub id: VoucherId,
}

/// Index of a voucher in the status list of its series: 24 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Idx(u32);

impl Idx {
    /// The greatest index, 2²⁴ − 1.
    pub const MAX: Self = Self(0x00FF_FFFF);

    /// The index `value`, or nothing if it needs more than 24 bits.
    #[must_use]
    pub const fn new(value: u32) -> Option<Self> {
        if value <= Self::MAX.0 { Some(Self(value)) } else { None }
    }

    /// The index as a number below 2²⁴.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    pub(crate) fn from_be_bytes([a, b, c]: [u8; 3]) -> Self {
        Self(u32::from_be_bytes([0, a, b, c]))
    }

    pub(crate) fn to_be_bytes(self) -> [u8; 3] {
        let [_, a, b, c] = self.0.to_be_bytes();
        [a, b, c]
    }
}

/// The last day a voucher is accepted: whole days since 2020-01-01, so until 2199-06-06.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LastDay(u16);

impl LastDay {
    /// The last day that the 16 bits can hold.
    pub const MAX: Self = Self(u16::MAX);

    /// The day that comes `days` days after 2020-01-01.
    #[must_use]
    pub const fn new(days: u16) -> Self {
        Self(days)
    }

    /// The calendar day `date`, or nothing if it lies outside 2020-01-01 ..= 2199-06-06.
    #[must_use]
    pub fn from_date(date: NaiveDate) -> Option<Self> {
        let days = date.signed_duration_since(Self(0).date()).num_days();
        u16::try_from(days).ok().map(Self)
    }

    /// Days since 2020-01-01.
    #[must_use]
    pub const fn days(self) -> u16 {
        self.0
    }

    /// The calendar day.
    #[must_use]
    pub fn date(self) -> NaiveDate {
        let epoch = NaiveDate::from_ymd_opt(2020, 1, 1).expect("1 January 2020 is a date");
        epoch
            .checked_add_days(Days::new(u64::from(self.0)))
            .expect("65,535 days after 2020 is far inside chrono's range")
    }

    /// The CWT claim `exp` in Unix seconds: the last second of the day, in UTC.
    ///
    /// As RFC 8392 (§ 3.1.4, from RFC 7519) reads it, the voucher is refused *on* and after `exp`.
    #[must_use]
    pub const fn exp_unix_seconds(self) -> i64 {
        EPOCH_UNIX_SECONDS + (self.0 as i64 + 1) * DAY_SECONDS - 1
    }
}

/// A day as people in France write it: `31/12/2028`.
impl fmt::Display for LastDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date().format("%d/%m/%Y"))
    }
}

/// The 64 random bits that identify a voucher. Whoever knows them can type the short code, so they are
/// treated as a secret: compared in constant time and never shown by `Debug`.
#[derive(Clone, Copy)]
pub struct VoucherId([u8; 8]);

impl VoucherId {
    /// The identifier made of these bytes, which must come from the system's CSPRNG.
    #[must_use]
    pub const fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The bytes, as they stand in the token and in the database.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0
    }

    /// The code to print beside the QR code, for typing.
    #[must_use]
    pub const fn short_code(self) -> ShortCode {
        ShortCode::new(self)
    }
}

impl PartialEq for VoucherId {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for VoucherId {}

impl Hash for VoucherId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for VoucherId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VoucherId(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_has_24_bits() {
        assert_eq!(Idx::new(0x00FF_FFFF), Some(Idx::MAX));
        assert_eq!(Idx::new(0x0100_0000), None);
    }

    #[test]
    fn a_day_is_counted_from_the_first_of_january_2020() {
        let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).expect("a date");
        assert_eq!(LastDay::new(0).date(), date(2020, 1, 1));
        assert_eq!(LastDay::new(3287).to_string(), "31/12/2028");
        assert_eq!(LastDay::from_date(date(2028, 12, 31)), Some(LastDay::new(3287)));
        assert_eq!(LastDay::from_date(date(2019, 12, 31)), None);
        assert_eq!(LastDay::from_date(date(2199, 6, 6)), Some(LastDay::MAX));
        assert_eq!(LastDay::from_date(date(2199, 6, 7)), None);
    }

    #[test]
    fn a_log_line_never_shows_an_identifier() {
        assert_eq!(format!("{:?}", VoucherId::new([7; 8])), "VoucherId(…)");
    }
}
