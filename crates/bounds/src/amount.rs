use standards::Cents;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// A kind of amount; [`amount_kind!`](crate::amount_kind) makes one.
pub trait AmountKind {
    /// The smallest, in cents.
    const CENTS_MIN: i64;
    /// The largest, in cents.
    const CENTS_MAX: i64;

    /// Whether an amount is of this kind.
    #[must_use]
    fn fits(amount: Cents) -> bool {
        (Self::CENTS_MIN..=Self::CENTS_MAX).contains(&amount.get())
    }

    /// `entre 0,01 € et 655,35 €`.
    #[must_use]
    fn range() -> String {
        let [least, most] = [Self::CENTS_MIN, Self::CENTS_MAX].map(|cents| Cents::new(cents).to_french());
        format!("entre {least} et {most}")
    }
}

/// How a kind of amount is described: JSON Schema bounds numbers and amounts are texts, so their bounds are `x-minimum` and `x-maximum`.
#[doc(hidden)]
#[must_use]
pub fn amount_schema<K: AmountKind>(doc: &[&str]) -> RefOr<Schema> {
    let written = |cents| Cents::new(cents).to_string();
    let bounds = Extensions::builder()
        .add("x-minimum", written(K::CENTS_MIN))
        .add("x-maximum", written(K::CENTS_MAX))
        .build();
    let sign = match K::CENTS_MIN {
        ..0 => "-?",
        0 => "",
        1.. => r"(?!0\.00$)",
    };
    let longest = [K::CENTS_MIN, K::CENTS_MAX].map(|cents| written(cents).len());
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(crate::description(doc)))
        .pattern(Some(format!(r"^{sign}(0|[1-9]\d*)\.\d{{2}}$")))
        .max_length(longest.into_iter().max())
        .examples([written(K::CENTS_MAX.min(4_000))])
        .extensions(Some(bounds))
        .into()
}

/// Defines kinds of amount: the least and the most, in cents.
///
/// ```
/// use bounds::{AmountKind, amount_kind};
/// use standards::Cents;
///
/// amount_kind! {
///     /// What one voucher is worth.
///     struct Worth: 1..=65_535;
/// }
/// assert!(Worth::fits(Cents::new(1_000)) && !Worth::fits(Cents::ZERO));
/// ```
#[macro_export]
macro_rules! amount_kind {
    ($($(#[doc = $doc:literal])+ $vis:vis struct $name:ident: $least:literal..=$most:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy)]
        $vis enum $name {}

        impl $crate::AmountKind for $name {
            const CENTS_MIN: i64 = $least;
            const CENTS_MAX: i64 = $most;
        }

        impl $crate::utoipa::PartialSchema for $name {
            fn schema() -> $crate::utoipa::openapi::RefOr<$crate::utoipa::openapi::Schema> {
                $crate::amount_schema::<Self>(&[$($doc),+])
            }
        }

        impl $crate::utoipa::ToSchema for $name {}
    )+};
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;
    use crate::Amount;

    #[test]
    fn the_bounds_of_an_amount_are_described_as_amounts() {
        let described = serde_json::to_value(Amount::schema()).unwrap();
        assert_eq!(described["x-minimum"], "0.01");
        assert_eq!(described["x-maximum"], "999999999.99");
        assert_eq!(described["maxLength"], 12);
        assert!(Amount::fits(Cents::new(1)) && !Amount::fits(Cents::ZERO) && !Amount::fits(Cents::new(i64::MAX)));
    }
}
