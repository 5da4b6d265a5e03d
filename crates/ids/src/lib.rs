//! Ids as types of their own, and the one way in which this system derives an id from what it names.
//!
//! **The format**, which whoever checks the books from outside can recompute: a UUID v5 (RFC 9562 §5.5) in one namespace, of a name that
//! is the domain and then each part, each after its length in four bytes, big-endian. So the same facts always give the same id, which
//! is what makes a repeated request harmless, and no two lists of parts read alike.
//!
//! The forms for PostgreSQL and for the OpenAPI document are behind the features `sqlx` and `utoipa`: an offline verifier takes neither.
//! [`id_type!`] writes those forms out instead of deriving them, because a derive inside a macro would look at the features of the
//! package that *calls* the macro.
//!
//! *Rejected:* random ids made by the server (a retry would be a second act); a bare [`uuid::Uuid`] in signatures (a funder's id could
//! stand where a structure's belongs).

mod columns;
mod schema;

#[doc(hidden)]
pub use {serde, uuid};

#[cfg(feature = "sqlx")]
#[doc(hidden)]
pub use sqlx;

#[cfg(feature = "utoipa")]
#[doc(hidden)]
pub use {schema::uuid_schema, utoipa};

/// Defines ids as types: each is a UUID, transparent in PostgreSQL, JSON and the OpenAPI document, where its doc comment describes it.
///
/// ```
/// ids::id_type! {
///     /// A booklet.
///     pub struct BookletId;
/// }
/// let first = BookletId::derive(b"booklet", &[b"lot-1", b"1"]);
/// assert_eq!(first, BookletId::derive(b"booklet", &[b"lot-1", b"1"]));
/// assert_ne!(first, BookletId::derive(b"booklet", &[b"lot-", b"11"]));
/// ```
#[macro_export]
macro_rules! id_type {
    ($($(#[doc = $doc:literal])+ $vis:vis struct $name:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name($crate::uuid::Uuid);

        impl $name {
            /// The id that this UUID is.
            #[must_use]
            pub const fn from_uuid(id: $crate::uuid::Uuid) -> Self {
                Self(id)
            }

            /// The bare UUID, for arrays of parameters and for deriving other ids.
            #[must_use]
            pub const fn uuid(self) -> $crate::uuid::Uuid {
                self.0
            }

            /// The id of what these parts name; `domain` keeps two kinds of thing apart.
            #[must_use]
            pub fn derive(domain: &[u8], parts: &[&[u8]]) -> Self {
                Self($crate::derive_uuid(domain, parts))
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::uuid::Error;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                $crate::serde::Serialize::serialize(&self.0, serializer)
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::serde::Deserialize::deserialize(deserializer).map(Self)
            }
        }

        $crate::id_column!($name);
        $crate::id_schema!($name, $($doc),+);
    )+};
}

/// The namespace of every id that this system derives (itself a v5 of the DNS namespace and `cheque-culture-numerique`).
const NAMESPACE: uuid::Uuid = uuid::uuid!("8485adb4-4b99-5da8-b0c9-2497174ae504");

/// A derived id that has no type of its own; [`id_type!`] gives the others theirs.
#[must_use]
pub fn derive_uuid(domain: &[u8], parts: &[&[u8]]) -> uuid::Uuid {
    let mut name = Vec::new();
    for part in std::iter::once(&domain).chain(parts) {
        let length = u32::try_from(part.len()).expect("a name is far shorter than 4 GiB");
        name.extend_from_slice(&length.to_be_bytes());
        name.extend_from_slice(part);
    }
    uuid::Uuid::new_v5(&NAMESPACE, &name)
}

#[cfg(test)]
mod tests {
    id_type! {
        /// A booklet,
        ///  with a second line.
        pub struct BookletId;
    }

    #[test]
    fn a_derived_id_never_changes() {
        let id = BookletId::derive(b"booklet", &[b"lot-1", b"1"]);
        assert_eq!(id.to_string(), "951c07e7-d71b-5d27-b150-3f3f0dba33ca");
        assert_eq!(BookletId::from_uuid(id.uuid()), id);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"{id}\""));
        assert_eq!(serde_json::from_str::<BookletId>(&json).unwrap(), id);
        assert_eq!(id.to_string().parse::<BookletId>().unwrap(), id);
    }

    #[cfg(feature = "sqlx")]
    #[test]
    fn an_id_is_a_uuid_column() {
        use sqlx::postgres::{PgHasArrayType, Postgres};
        use sqlx::{Type, TypeInfo};
        assert_eq!(<BookletId as Type<Postgres>>::type_info().name(), "UUID");
        assert_eq!(BookletId::array_type_info().name(), "UUID[]");
    }

    #[cfg(feature = "utoipa")]
    #[test]
    fn an_id_is_a_described_component() {
        use utoipa::{PartialSchema, ToSchema};
        assert_eq!(BookletId::name(), "BookletId");
        assert_eq!(
            serde_json::to_value(BookletId::schema()).unwrap(),
            serde_json::json!({
                "type": "string", "format": "uuid", "description": "A booklet,\n with a second line.",
            })
        );
    }
}
