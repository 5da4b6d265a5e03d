use rust_decimal::Decimal;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Decimals kept of a rate.
pub const RATE_DECIMALS_MAX: u32 = 8;

/// A part of a whole: from 0 to 1, with as many decimals as are kept.
#[derive(Debug, Clone, Copy)]
pub enum Rate {}

impl Rate {
    /// Whether a number is a rate; zeros at its end are no decimals.
    #[must_use]
    pub fn fits(rate: Decimal) -> bool {
        (Decimal::ZERO..=Decimal::ONE).contains(&rate) && rate.normalize().scale() <= RATE_DECIMALS_MAX
    }
}

impl PartialSchema for Rate {
    fn schema() -> RefOr<Schema> {
        let decimals = RATE_DECIMALS_MAX;
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(format!(
                "A part of a whole, from 0 to 1, with at most {decimals} decimals: `\"0.5\"` is half."
            )))
            .pattern(Some(format!(r"^(0(\.\d{{1,{decimals}}})?|1(\.0{{1,{decimals}}})?)$")))
            .max_length(Some(2 + decimals as usize))
            .examples(["0.5"])
            .into()
    }
}

impl ToSchema for Rate {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_part_of_one() {
        let fits = |text: &str| Rate::fits(text.parse().unwrap());
        assert!(fits("0") && fits("1") && fits("0.12345678") && fits("0.5000000000"));
        assert!(!fits("-0.1") && !fits("1.00000001") && !fits("0.123456789"));
    }
}
