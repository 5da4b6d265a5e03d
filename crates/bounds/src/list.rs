use utoipa::openapi::{ArrayBuilder, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A kind of list; [`list_kind!`](crate::list_kind) makes one.
pub trait ListKind {
    const ITEMS_MIN: usize;
    const ITEMS_MAX: usize;

    /// Whether a list of so many items is of this kind.
    #[must_use]
    fn fits(items: usize) -> bool {
        (Self::ITEMS_MIN..=Self::ITEMS_MAX).contains(&items)
    }
}

/// How a kind of list is described.
#[doc(hidden)]
#[must_use]
pub fn list_schema<K: ListKind, I: ToSchema>(doc: &[&str]) -> RefOr<Schema> {
    let array = ArrayBuilder::new()
        .items(Ref::from_schema_name(I::name()))
        .description(Some(crate::description(doc)))
        .min_items((K::ITEMS_MIN > 0).then_some(K::ITEMS_MIN))
        .max_items(Some(K::ITEMS_MAX))
        .build();
    RefOr::T(Schema::Array(array))
}

/// The components that the description of a list of these names.
#[doc(hidden)]
pub fn item_schemas<I: ToSchema + PartialSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    schemas.push((I::name().into_owned(), I::schema()));
    I::schemas(schemas);
}

/// Defines kinds of list: the component that each item is, and how many there are.
///
/// ```
/// use bounds::{Amount, ListKind, list_kind};
///
/// list_kind! {
///     /// What is taken off, line by line.
///     struct Lines: [Amount; 0..=20];
/// }
/// assert!(Lines::fits(20) && !Lines::fits(21));
/// ```
#[macro_export]
macro_rules! list_kind {
    ($($(#[doc = $doc:literal])+ $vis:vis struct $name:ident: [$item:ty; $least:literal..=$most:expr];)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy)]
        $vis enum $name {}

        impl $crate::ListKind for $name {
            const ITEMS_MIN: usize = $least;
            const ITEMS_MAX: usize = $most;
        }

        impl $crate::utoipa::PartialSchema for $name {
            fn schema() -> $crate::utoipa::openapi::RefOr<$crate::utoipa::openapi::Schema> {
                $crate::list_schema::<Self, $item>(&[$($doc),+])
            }
        }

        impl $crate::utoipa::ToSchema for $name {
            fn schemas(
                schemas: &mut Vec<(String, $crate::utoipa::openapi::RefOr<$crate::utoipa::openapi::schema::Schema>)>,
            ) {
                $crate::item_schemas::<$item>(schemas);
            }
        }
    )+};
}
