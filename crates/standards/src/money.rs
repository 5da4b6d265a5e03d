//! Amounts of money: whole euro cents, never a float.
//!
//! Why no `+` operator: a sum that overflows must be a decision of the caller, so all arithmetic is checked and returns
//! `Option`. The text form is the one of the REST interface: two decimals, a point, no sign but `-`, no leading zeros, so that
//! one amount has exactly one spelling.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount in euro cents, negative when it is owed.
///
/// Serialised as a string with two decimals (`"40.00"`), because JSON numbers are floats to many readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
#[cfg_attr(
    feature = "utoipa",
    derive(utoipa::ToSchema),
    schema(value_type = String, example = "40.00", pattern = r"^-?(0|[1-9]\d*)\.\d{2}$")
)]
pub struct Cents(i64);

/// Why a text is not an amount. The message is shown to the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CentsError {
    /// Something else than digits, one point and an optional minus.
    #[error("le montant n'est pas un nombre ; écrivez par exemple « 40.00 »")]
    NotANumber,
    /// `12`, `12.3`, `12.345`.
    #[error("le montant doit avoir exactement deux décimales après un point ; écrivez par exemple « 12.30 »")]
    NotTwoDecimals,
    /// `007.00`, `-0.00`: readable, but a second spelling of the same amount.
    #[error("le montant s'écrit sans zéro inutile au début et sans signe devant zéro ; écrivez par exemple « 7.00 »")]
    NotCanonical,
    /// More than 64 bits of cents.
    #[error("le montant est trop grand")]
    TooLarge,
}

impl Cents {
    /// Nothing at all.
    pub const ZERO: Self = Self(0);

    /// An amount of `cents` euro cents.
    #[must_use]
    pub const fn new(cents: i64) -> Self {
        Self(cents)
    }

    /// The number of cents.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum, or `None` beyond 64 bits.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(cents) => Some(Self(cents)),
            None => None,
        }
    }

    /// The difference, or `None` beyond 64 bits.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(cents) => Some(Self(cents)),
            None => None,
        }
    }

    /// This amount `times` times, or `None` beyond 64 bits.
    #[must_use]
    pub const fn checked_mul(self, times: i64) -> Option<Self> {
        match self.0.checked_mul(times) {
            Some(cents) => Some(Self(cents)),
            None => None,
        }
    }

    /// The opposite amount, or `None` beyond 64 bits.
    #[must_use]
    pub const fn checked_neg(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(cents) => Some(Self(cents)),
            None => None,
        }
    }

    /// Whether nothing is owed either way.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is more than nothing.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Whether it is less than nothing.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum of all amounts, or `None` beyond 64 bits.
    #[must_use]
    pub fn try_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// As French readers expect it: `1 234,56 €`, with a narrow no-break space (U+202F) between thousands and a no-break
    /// space (U+00A0) before the sign.
    #[must_use]
    pub fn to_french(self) -> String {
        let (sign, euros, cents) = self.parts();
        let digits = euros.to_string();
        let mut text = String::from(sign);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push('\u{202F}');
            }
            text.push(digit);
        }
        format!("{text},{cents:02}\u{A0}€")
    }

    /// Sign, whole euros and remaining cents; `unsigned_abs` because the lowest i64 has no opposite.
    const fn parts(self) -> (&'static str, u64, u64) {
        let all = self.0.unsigned_abs();
        (if self.0 < 0 { "-" } else { "" }, all / 100, all % 100)
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, euros, cents) = self.parts();
        f.pad(&format!("{sign}{euros}.{cents:02}"))
    }
}

impl FromStr for Cents {
    type Err = CentsError;

    fn from_str(text: &str) -> Result<Self, CentsError> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (euros, cents) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if euros.is_empty() || !digits(euros) || !digits(cents) {
            return Err(CentsError::NotANumber);
        }
        if cents.len() != 2 {
            return Err(CentsError::NotTwoDecimals);
        }
        let sign = if unsigned.len() == text.len() { "" } else { "-" };
        let amount = format!("{sign}{euros}{cents}")
            .parse()
            .map(Self)
            .map_err(|_| CentsError::TooLarge)?;
        if amount.to_string() == text {
            Ok(amount)
        } else {
            Err(CentsError::NotCanonical)
        }
    }
}

impl Serialize for Cents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize(deserializer, "un montant, par exemple \"40.00\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_written_with_two_decimals() {
        let written = |cents| Cents::new(cents).to_string();
        assert_eq!(written(1234), "12.34");
        assert_eq!(written(-5), "-0.05");
        assert_eq!(written(0), "0.00");
        assert_eq!(written(i64::MIN), "-92233720368547758.08");
        assert_eq!(format!("{:>8}", Cents::new(1000)), "   10.00");
    }

    #[test]
    fn other_spellings_of_an_amount_are_refused_with_the_reason() {
        let refusal = |text: &str| text.parse::<Cents>().expect_err(text);
        for text in ["12", "12.3", "12.345", "12."] {
            assert_eq!(refusal(text), CentsError::NotTwoDecimals, "{text}");
        }
        for text in [
            "", "-", ".50", "12,30", "1 000.00", "+1.00", "1.-5", "--1.00", "1e3", "1.0.0", "٣.00",
        ] {
            assert_eq!(refusal(text), CentsError::NotANumber, "{text}");
        }
        for text in ["007.00", "-0.00"] {
            assert_eq!(refusal(text), CentsError::NotCanonical, "{text}");
        }
        assert_eq!(refusal("92233720368547758.08"), CentsError::TooLarge);
    }

    #[test]
    fn json_amounts_are_strings() {
        assert_eq!(serde_json::to_string(&Cents::new(4000)).unwrap(), r#""40.00""#);
        assert_eq!(serde_json::from_str::<Cents>(r#""40.00""#).unwrap(), Cents::new(4000));
        assert!(serde_json::from_str::<Cents>("40").is_err());
        assert!(serde_json::from_str::<Cents>("40.00").is_err());
    }

    #[test]
    fn arithmetic_never_wraps() {
        let most = Cents::new(i64::MAX);
        assert_eq!(most.checked_add(Cents::new(1)), None);
        assert_eq!(Cents::new(i64::MIN).checked_neg(), None);
        assert_eq!(most.checked_mul(2), None);
        assert_eq!(Cents::try_sum([most, Cents::new(1)]), None);
        assert_eq!(Cents::try_sum([Cents::new(1), Cents::new(-3)]), Some(Cents::new(-2)));
    }

    #[test]
    fn french_readers_see_a_comma_and_no_break_spaces() {
        assert_eq!(Cents::new(123_456).to_french(), "1\u{202F}234,56\u{A0}€");
        assert_eq!(Cents::new(-5).to_french(), "-0,05\u{A0}€");
        assert_eq!(
            Cents::new(12_345_678_900).to_french(),
            "123\u{202F}456\u{202F}789,00\u{A0}€"
        );
        assert_eq!(Cents::new(99_900).to_french(), "999,00\u{A0}€");
    }

    proptest! {
        #[test]
        fn every_amount_reads_back_as_itself(cents: i64) {
            prop_assert_eq!(Cents::new(cents).to_string().parse(), Ok(Cents::new(cents)));
        }
    }
}
