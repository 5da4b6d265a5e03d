use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// A kind of whole number; [`number_kind!`](crate::number_kind) makes one.
pub trait NumberKind {
    const MIN: i64;
    const MAX: i64;

    /// Whether a number is of this kind.
    #[must_use]
    fn fits(number: impl Into<i64>) -> bool {
        (Self::MIN..=Self::MAX).contains(&number.into())
    }
}

/// How a kind of number is described.
#[doc(hidden)]
#[must_use]
pub fn number_schema<K: NumberKind>(doc: &[&str]) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some(crate::description(doc)))
        .minimum(Some(K::MIN))
        .maximum(Some(K::MAX))
        .into()
}

/// Defines kinds of whole number: the least and the most.
///
/// ```
/// use bounds::{NumberKind, number_kind};
///
/// number_kind! {
///     /// Days to pay in.
///     struct DaysToPay: 1..=60;
/// }
/// assert!(DaysToPay::fits(30) && !DaysToPay::fits(0_u8));
/// ```
#[macro_export]
macro_rules! number_kind {
    ($($(#[doc = $doc:literal])+ $vis:vis struct $name:ident: $least:literal..=$most:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy)]
        $vis enum $name {}

        impl $crate::NumberKind for $name {
            const MIN: i64 = $least;
            const MAX: i64 = $most;
        }

        impl $crate::utoipa::PartialSchema for $name {
            fn schema() -> $crate::utoipa::openapi::RefOr<$crate::utoipa::openapi::Schema> {
                $crate::number_schema::<Self>(&[$($doc),+])
            }
        }

        impl $crate::utoipa::ToSchema for $name {}
    )+};
}
