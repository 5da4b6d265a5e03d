use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, PgTransaction};
use voucher::{Delegation, Kid};

/// A delegation whose signature was checked against the pinned roots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelegation<'a> {
    /// The signed document.
    pub document: &'a [u8],
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Which root signed.
    pub root: Kid,
    pub says: &'a Delegation,
}

/// A delegation under which key sets are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationInForce {
    /// The signed document.
    pub document: Vec<u8>,
    /// The key that it allows to sign key sets.
    pub delegate: [u8; 32],
    /// Until when, excluded.
    pub valid_until: DateTime<Utc>,
    /// When it was published.
    pub published_at: DateTime<Utc>,
}

/// Keeps a delegation. False when it was kept before. Its delegate must be a published key.
pub async fn publish_delegation(
    tx: &mut PgTransaction<'_>,
    new: &NewDelegation<'_>,
    at: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let instant = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or(at);
    let inserted = sqlx::query!(
        "insert into catalogue.key_delegation (sha256, document, delegate, root_kid, valid_from, valid_until, published_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (sha256) do nothing",
        &new.sha256,
        new.document,
        &new.says.delegate,
        &new.root.to_bytes(),
        instant(new.says.valid_from),
        instant(new.says.valid_until),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The delegation in force at `at` that lasts longest, of a key that was not withdrawn and is one of `delegates`.
pub async fn current_delegation(
    db: impl PgExecutor<'_>,
    delegates: &[[u8; 32]],
    at: DateTime<Utc>,
) -> Result<Option<DelegationInForce>, sqlx::Error> {
    let delegates: Vec<Vec<u8>> = delegates.iter().map(|key| key.to_vec()).collect();
    let found = sqlx::query!(
        "select d.document, d.delegate, d.valid_until, d.published_at
         from catalogue.key_delegation d join catalogue.signing_key k on k.public_key = d.delegate
         where d.delegate = any($1) and k.purpose = 'key_set' and k.withdrawn_at is null
           and d.valid_from <= $2 and $2 < d.valid_until and k.valid_from <= $2 and $2 < k.valid_until
         order by d.valid_until desc, d.sha256 limit 1",
        &delegates,
        at,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(|row| DelegationInForce {
        document: row.document,
        delegate: row.delegate.try_into().expect("key_delegation_sizes keeps 32 bytes"),
        valid_until: row.valid_until,
        published_at: row.published_at,
    }))
}
