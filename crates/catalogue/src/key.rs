use chrono::{DateTime, Utc};
use sqlx::{PgPool, PgTransaction};
use voucher::{Bounds, Host, KeyPolicy, Keyring, Kid, PublicKey, Purpose};

/// Why a key was not published.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Another key has the same 4 bytes: choose another seed (1 in 4 billion).
    #[error("another key has the same kid")]
    KidTaken,
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Publishes the public half of a voucher key; publishing it again changes nothing.
pub async fn publish_key(
    tx: &mut PgTransaction<'_>,
    public: &[u8; 32],
    valid_from: DateTime<Utc>,
    valid_until: DateTime<Utc>,
) -> Result<(), KeyError> {
    let kid = Kid::of(public);
    sqlx::query!(
        "insert into catalogue.signing_key (public_key, kid, purpose, valid_from, valid_until)
         values ($1, $2, 'voucher', $3, $4) on conflict (public_key) do nothing",
        public,
        &kid.to_bytes(),
        valid_from,
        valid_until,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "signing_key_kid_unique") => KeyError::KidTaken,
        error => KeyError::Database(error),
    })?;
    Ok(())
}

/// Withdraws a key: from now on nothing that it signed is accepted.
pub async fn withdraw_key(tx: &mut PgTransaction<'_>, kid: Kid, at: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let known = sqlx::query!(
        "update catalogue.signing_key set withdrawn_at = coalesce(withdrawn_at, $2) where kid = $1",
        &kid.to_bytes(),
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(known.rows_affected() == 1)
}

/// All published keys, withdrawn ones included: a verifier says why it refuses.
pub async fn public_keys(pool: &PgPool) -> Result<Vec<PublicKey>, sqlx::Error> {
    let rows = sqlx::query!(
        "select public_key, valid_from, valid_until, withdrawn_at from catalogue.signing_key order by valid_from, kid"
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let bytes = row.public_key.try_into().expect("signing_key_sizes keeps 32 bytes");
            let policy = KeyPolicy {
                purpose: Purpose::Voucher,
                valid_from: Some(row.valid_from.timestamp()),
                valid_until: Some(row.valid_until.timestamp()),
                bounds: Bounds::NONE,
                withdrawn: row.withdrawn_at.is_some(),
            };
            PublicKey::new(&bytes, policy).map_err(|error| sqlx::Error::Decode(error.into()))
        })
        .collect()
}

/// The ring that verifies the vouchers printed for `host`.
pub async fn keyring(pool: &PgPool, host: Host) -> Result<Keyring, sqlx::Error> {
    Ok(Keyring::new(host, public_keys(pool).await?))
}
