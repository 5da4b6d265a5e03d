//! Whose keys are believed below a checkpoint, and until when.

use chrono::{DateTime, SubsecRound, Utc};
use database::NamedLock;
use sealed_log::{CosignerKey, PartyId};
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

/// Keys that one party may register, retired ones among them: each may put a line below every checkpoint, for ever.
pub const COSIGNERS_OF_ONE_MAX: usize = 16;

/// Letters of a key's name at most, for the same reason.
pub const COSIGNER_NAME_CHARS_MAX: usize = 64;

/// A co-signer's key that is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredCosigner {
    /// What its co-signatures are checked with.
    pub key: CosignerKey,
    /// The funder or other party that signs with it.
    pub party: PartyId,
    /// Lines are taken from this instant on.
    pub registered_at: DateTime<Utc>,
    /// The end that was said, if one was; it may be to come.
    pub retirement: Option<Retirement>,
}

/// The end of a co-signer's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retirement {
    /// From this instant on no line of it is taken, whatever time the line bears.
    pub from: DateTime<Utc>,
    /// What the retiring party said, for people.
    pub reason: String,
}

impl RegisteredCosigner {
    /// The retirement that holds at this instant.
    #[must_use]
    pub fn retired(&self, at: DateTime<Utc>) -> Option<&Retirement> {
        self.retirement.as_ref().filter(|retirement| retirement.from <= at)
    }
}

/// Why a key is not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("the key belongs to another party")]
    Taken,
    #[error("the key is retired")]
    Retired(Retirement),
    /// Its name is longer than [`COSIGNER_NAME_CHARS_MAX`].
    #[error("a long name")]
    Name,
    /// The party has [`COSIGNERS_OF_ONE_MAX`] already.
    #[error("too many keys")]
    Many,
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Believes `key` from now on, as the key of `party`; false when it did before.
pub async fn register_cosigner(
    tx: &mut PgTransaction<'_>,
    key: &CosignerKey,
    party: PartyId,
    by: Uuid,
    at: DateTime<Utc>,
) -> Result<bool, RegisterError> {
    if key.name().chars().count() > COSIGNER_NAME_CHARS_MAX {
        return Err(RegisterError::Name);
    }
    // Two of one party at once would each count without the other.
    NamedLock::CosignerKeys(party.uuid()).take(tx).await?;
    let registered = cosigners(tx).await?;
    let others = registered
        .iter()
        .filter(|known| known.party == party && known.key != *key);
    if others.count() >= COSIGNERS_OF_ONE_MAX {
        return Err(RegisterError::Many);
    }
    let verifier = key.to_string();
    let inserted = sqlx::query!(
        "insert into ledger.cosigner (verifier, party, registered_at, registered_by) values ($1, $2, $3, $4)
         on conflict (verifier) do nothing",
        verifier,
        party.uuid(),
        at,
        by,
    )
    .execute(&mut **tx)
    .await?;
    let known = cosigner(tx, key).await?.ok_or(sqlx::Error::RowNotFound)?;
    if known.party != party {
        return Err(RegisterError::Taken);
    }
    match known.retired(at) {
        Some(retirement) => Err(RegisterError::Retired(retirement.clone())),
        None => Ok(inserted.rows_affected() == 1),
    }
}

/// One key that was registered.
pub async fn cosigner(connection: &mut PgConnection, key: &CosignerKey) -> sqlx::Result<Option<RegisteredCosigner>> {
    Ok(cosigners(connection).await?.into_iter().find(|known| known.key == *key))
}

/// All keys that are believed, the oldest first.
pub async fn cosigners(connection: &mut PgConnection) -> sqlx::Result<Vec<RegisteredCosigner>> {
    let rows = sqlx::query!(
        r#"select c.verifier, c.party as "party: PartyId", c.registered_at, r.from_at as "from?", r.reason as "reason?"
           from ledger.cosigner c left join ledger.cosigner_retirement r on r.verifier = c.verifier
           order by c.registered_at, c.verifier"#
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(RegisteredCosigner {
                key: row
                    .verifier
                    .parse()
                    .map_err(|_| wrong("a stored verifier key is none"))?,
                party: row.party,
                registered_at: row.registered_at,
                retirement: row
                    .from
                    .zip(row.reason)
                    .map(|(from, reason)| Retirement { from, reason }),
            })
        })
        .collect()
}

/// Why a key is not retired.
#[derive(Debug, thiserror::Error)]
pub enum RetireError {
    /// Nobody registered it, or not for this party.
    #[error("no such key")]
    Unknown,
    /// It was said otherwise before, and is not changed.
    #[error("the key is retired already")]
    Otherwise(Retirement),
    /// Before now: nothing that was taken becomes bad afterwards.
    #[error("the retirement would begin in the past")]
    Past,
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Retires a registered key (of `party`, when one is given), from an instant on that is not before `at`; at once, without one. For ever:
/// who comes back brings a new key. Says what holds, and whether it was this call that said it.
pub async fn retire_cosigner(
    tx: &mut PgTransaction<'_>,
    key: &CosignerKey,
    party: Option<PartyId>,
    (from, reason): (Option<DateTime<Utc>>, &str),
    by: Uuid,
    at: DateTime<Utc>,
) -> Result<(RegisteredCosigner, bool), RetireError> {
    // As PostgreSQL keeps it, so that a repeated call says the same.
    let from = from.map(|from| from.trunc_subsecs(6));
    let own = |known: &RegisteredCosigner| party.is_none_or(|party| party == known.party);
    let known = cosigner(tx, key).await?.filter(own).ok_or(RetireError::Unknown)?;
    if known.retirement.is_none() {
        if from.is_some_and(|from| from < at) {
            return Err(RetireError::Past);
        }
        let retired = sqlx::query!(
            "insert into ledger.cosigner_retirement (verifier, from_at, reason, retired_at, retired_by)
             values ($1, $2, $3, $4, $5) on conflict (verifier) do nothing",
            key.to_string(),
            from.unwrap_or(at),
            reason,
            at,
            by,
        )
        .execute(&mut **tx)
        .await?;
        if retired.rows_affected() == 1 {
            return Ok((cosigner(tx, key).await?.ok_or(RetireError::Unknown)?, true));
        }
    }
    let known = cosigner(tx, key).await?.ok_or(RetireError::Unknown)?;
    match &known.retirement {
        Some(said) if said.reason == reason && from.is_none_or(|from| from == said.from) => Ok((known, false)),
        Some(said) => Err(RetireError::Otherwise(said.clone())),
        None => Err(RetireError::Unknown),
    }
}

pub(super) fn wrong(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(what.into())
}
