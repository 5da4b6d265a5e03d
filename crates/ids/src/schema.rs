//! An id as a component of the OpenAPI document.

#[cfg(not(feature = "utoipa"))]
#[doc(hidden)]
#[macro_export]
macro_rules! id_schema {
    ($name:ident, $($doc:literal),+) => {};
}

#[cfg(feature = "utoipa")]
#[doc(hidden)]
#[macro_export]
macro_rules! id_schema {
    ($name:ident, $($doc:literal),+) => {
        impl $crate::utoipa::PartialSchema for $name {
            fn schema() -> $crate::utoipa::openapi::RefOr<$crate::utoipa::openapi::Schema> {
                $crate::uuid_schema(&[$($doc),+])
            }
        }

        impl $crate::utoipa::ToSchema for $name {}
    };
}

/// A UUID described by the lines of a doc comment, as utoipa's own derive reads them: without the space that they all begin with.
#[cfg(feature = "utoipa")]
#[doc(hidden)]
#[must_use]
pub fn uuid_schema(doc: &[&str]) -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
    let lines: Vec<&str> = doc
        .iter()
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
        .description(Some(lines.join("\n")))
        .into()
}
