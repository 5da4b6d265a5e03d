//! An id as a UUID column.

#[cfg(not(feature = "sqlx"))]
#[doc(hidden)]
#[macro_export]
macro_rules! id_column {
    ($name:ident) => {};
}

#[cfg(feature = "sqlx")]
#[doc(hidden)]
#[macro_export]
macro_rules! id_column {
    ($name:ident) => {
        impl $crate::sqlx::Type<$crate::sqlx::Postgres> for $name {
            fn type_info() -> $crate::sqlx::postgres::PgTypeInfo {
                <$crate::uuid::Uuid as $crate::sqlx::Type<$crate::sqlx::Postgres>>::type_info()
            }

            fn compatible(info: &$crate::sqlx::postgres::PgTypeInfo) -> bool {
                <$crate::uuid::Uuid as $crate::sqlx::Type<$crate::sqlx::Postgres>>::compatible(info)
            }
        }

        impl $crate::sqlx::postgres::PgHasArrayType for $name {
            fn array_type_info() -> $crate::sqlx::postgres::PgTypeInfo {
                <$crate::uuid::Uuid as $crate::sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }

        impl $crate::sqlx::Encode<'_, $crate::sqlx::Postgres> for $name {
            fn encode_by_ref(
                &self,
                buffer: &mut $crate::sqlx::postgres::PgArgumentBuffer,
            ) -> ::std::result::Result<$crate::sqlx::encode::IsNull, $crate::sqlx::error::BoxDynError> {
                $crate::sqlx::Encode::<$crate::sqlx::Postgres>::encode_by_ref(&self.0, buffer)
            }
        }

        impl $crate::sqlx::Decode<'_, $crate::sqlx::Postgres> for $name {
            fn decode(
                value: $crate::sqlx::postgres::PgValueRef<'_>,
            ) -> ::std::result::Result<Self, $crate::sqlx::error::BoxDynError> {
                $crate::sqlx::Decode::<$crate::sqlx::Postgres>::decode(value).map(Self)
            }
        }
    };
}
