//! Counts and hashes as PostgreSQL holds them. What does not fit was written by other hands.

use sealed_log::Hash;

pub(super) fn hash(bytes: impl AsRef<[u8]>) -> sqlx::Result<Hash> {
    Hash::from_slice(bytes.as_ref()).ok_or_else(|| sqlx::Error::Decode("a stored hash has 32 bytes".into()))
}

pub(super) fn signed(count: u64) -> sqlx::Result<i64> {
    i64::try_from(count).map_err(|error| sqlx::Error::Decode(error.into()))
}

pub(super) fn unsigned(count: i64) -> sqlx::Result<u64> {
    u64::try_from(count).map_err(|error| sqlx::Error::Decode(error.into()))
}
