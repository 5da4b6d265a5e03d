/// Defines ids as types of their own, so that a funder's id cannot stand where a structure's belongs.
///
/// Each is a UUID, transparent in PostgreSQL, JSON and the OpenAPI document.
///
/// ```
/// database::id_type! {
///     /// A booklet.
///     pub struct BookletId;
/// }
/// let first = BookletId::derive(b"booklet", &[b"lot-1", b"1"]);
/// assert_eq!(first, BookletId::derive(b"booklet", &[b"lot-1", b"1"]));
/// assert_ne!(first, BookletId::derive(b"booklet", &[b"lot-", b"11"]));
/// ```
#[macro_export]
macro_rules! id_type {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::serde::Serialize, $crate::serde::Deserialize,
            $crate::sqlx::Type, $crate::utoipa::ToSchema,
        )]
        #[serde(crate = "database::serde", transparent)]
        #[sqlx(transparent)]
        #[schema(value_type = $crate::uuid::Uuid)]
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

            /// A UUID v5 (RFC 9562 §5.5) of what it names: the same parts always give the same id. `domain` keeps
            /// two kinds of thing apart, and each part is preceded by its length, so that no two lists of parts
            /// read alike.
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
    )+};
}

/// The namespace of every id that this system derives (itself a v5 of the DNS namespace and `cheque-culture-numerique`).
const NAMESPACE: uuid::Uuid = uuid::uuid!("8485adb4-4b99-5da8-b0c9-2497174ae504");

/// See `derive` of [`id_type!`](crate::id_type).
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
