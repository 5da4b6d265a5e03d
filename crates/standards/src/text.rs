//! Values whose one form is text: the same spelling in JSON, in the OpenAPI document and in a TEXT column, read through
//! `FromStr` so that nothing unchecked comes in by another door.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserializer, Error, Visitor};

struct Text<T> {
    expecting: &'static str,
    value: PhantomData<T>,
}

impl<T> Visitor<'_> for Text<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// Reads a string and parses it; `expecting` completes serde's own message when it is not a string.
pub(crate) fn deserialize<'de, D, T>(deserializer: D, expecting: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    deserializer.deserialize_str(Text {
        expecting,
        value: PhantomData,
    })
}

/// Gives a type with `FromStr` and a text form (`$text`: `fn(&Self) -> impl AsRef<str>`) its serde, OpenAPI and
/// PostgreSQL (TEXT) forms.
macro_rules! text_value {
    ($type:ty, text = $text:expr, pattern = $pattern:literal, example = $example:literal, about = $about:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(($text)(self).as_ref())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::text::deserialize(deserializer, concat!("un texte comme \"", $example, "\""))
            }
        }

        #[cfg(feature = "utoipa")]
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .description(Some($about))
                    .pattern(Some($pattern))
                    .examples([$example])
                    .into()
            }
        }

        #[cfg(feature = "utoipa")]
        impl utoipa::ToSchema for $type {}

        #[cfg(feature = "sqlx")]
        impl sqlx::Type<sqlx::Postgres> for $type {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                <str as sqlx::Type<sqlx::Postgres>>::type_info()
            }

            fn compatible(info: &sqlx::postgres::PgTypeInfo) -> bool {
                <str as sqlx::Type<sqlx::Postgres>>::compatible(info)
            }
        }

        #[cfg(feature = "sqlx")]
        impl sqlx::postgres::PgHasArrayType for $type {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                <&str as sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }

        #[cfg(feature = "sqlx")]
        impl sqlx::Encode<'_, sqlx::Postgres> for $type {
            fn encode_by_ref(
                &self,
                buffer: &mut sqlx::postgres::PgArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                let text = ($text)(self);
                let text: &str = text.as_ref();
                <&str as sqlx::Encode<sqlx::Postgres>>::encode_by_ref(&text, buffer)
            }
        }

        #[cfg(feature = "sqlx")]
        impl<'r> sqlx::Decode<'r, sqlx::Postgres> for $type {
            fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                Ok(<&str as sqlx::Decode<sqlx::Postgres>>::decode(value)?.parse()?)
            }
        }
    };
}

pub(crate) use text_value;

#[cfg(all(test, feature = "sqlx", feature = "utoipa"))]
mod tests {
    use sqlx::postgres::PgHasArrayType;
    use sqlx::{Encode, Postgres, Type, TypeInfo};
    use utoipa::PartialSchema;

    use crate::{Cents, Month, Siret, Territory};

    #[test]
    fn amounts_are_int8_columns_and_the_others_text() {
        assert_eq!(<Cents as Type<Postgres>>::type_info().name(), "INT8");
        assert_eq!(Cents::array_type_info().name(), "INT8[]");
        assert_eq!(<Siret as Type<Postgres>>::type_info().name(), "TEXT");
        assert_eq!(Siret::array_type_info().name(), "TEXT[]");
        let mut buffer = sqlx::postgres::PgArgumentBuffer::default();
        let territory: Territory = "R27".parse().unwrap();
        assert!(
            !Encode::<Postgres>::encode_by_ref(&territory, &mut buffer)
                .unwrap()
                .is_null()
        );
        assert_eq!(&buffer[..], b"R27");
    }

    #[test]
    fn the_open_api_document_shows_them_all_as_strings() {
        for (schema, example) in [(Cents::schema(), "40.00"), (Month::schema(), "2026-01")] {
            let schema = serde_json::to_value(schema).unwrap();
            assert_eq!(schema["type"], "string", "{schema}");
            assert!(schema.to_string().contains(example), "{schema}");
        }
    }
}
