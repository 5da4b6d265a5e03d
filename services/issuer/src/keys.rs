use catalogue::KeyError;
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use voucher::{JwkSet, SigningKey};

/// Publishes the public half of the key that signs vouchers; called at start, and harmless to repeat. Verifiers accept what it
/// signed from `from` until `until`.
pub async fn publish_signing_key(
    pool: &PgPool,
    key: &SigningKey,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(), KeyError> {
    let mut tx = pool.begin().await?;
    catalogue::publish_key(&mut tx, &key.public_bytes(), from, until).await?;
    tx.commit().await?;
    Ok(())
}

/// All published keys as a JWK Set (RFC 7517), withdrawn ones included with their state.
pub(crate) async fn jwks(pool: &PgPool) -> Result<JwkSet, sqlx::Error> {
    Ok(JwkSet::of(&catalogue::public_keys(pool).await?))
}
