use chrono::{DateTime, Utc};
use sqlx::PgTransaction;
use voucher::Kid;
use web::Created;

use super::{PublishedKey, find};

ids::id_type! {
    /// The act of withdrawing a key.
    pub struct WithdrawalId;
}

/// A key to be withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// Made by the caller.
    pub id: WithdrawalId,
    /// Why, for those who will ask: « clé copiée », « lot volé pendant le transport ».
    pub reason: String,
}

/// Why a key was not withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawKeyError {
    #[error("no such key")]
    NoKey,
    /// Nothing is done without a reason.
    #[error("no reason")]
    NoReason,
    /// By another act.
    #[error("withdrawn before")]
    Before(DateTime<Utc>),
    /// The id was used for another key or reason.
    #[error("same id, other content")]
    SameIdOtherContent,
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Withdraws a key: from now on nothing that it ever signed is accepted. It cannot be undone.
pub async fn withdraw_key(
    tx: &mut PgTransaction<'_>,
    kid: Kid,
    act: &Withdrawal,
    at: DateTime<Utc>,
) -> Result<Created<PublishedKey>, WithdrawKeyError> {
    let reason = act.reason.trim();
    if reason.is_empty() {
        return Err(WithdrawKeyError::NoReason);
    }
    let done = sqlx::query!(
        "update catalogue.signing_key set withdrawn_at = $2, withdrawal_id = $3, withdrawn_reason = $4
         where kid = $1 and withdrawn_at is null",
        &kid.to_bytes(),
        at,
        act.id.uuid(),
        reason,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "signing_key_withdrawal_unique") => {
            WithdrawKeyError::SameIdOtherContent
        }
        error => WithdrawKeyError::Database(error),
    })?;
    let found = find(&mut **tx, kid).await?.ok_or(WithdrawKeyError::NoKey)?;
    if done.rows_affected() == 1 {
        return Ok(Created::New(found));
    }
    let by = sqlx::query_scalar!(
        "select withdrawal_id from catalogue.signing_key where kid = $1",
        &kid.to_bytes()
    )
    .fetch_one(&mut **tx)
    .await?;
    let (when, why) = found.withdrawn.clone().ok_or(sqlx::Error::RowNotFound)?;
    if by != Some(act.id.uuid()) {
        return Err(WithdrawKeyError::Before(when));
    }
    if why == reason {
        Ok(Created::Existing(found))
    } else {
        Err(WithdrawKeyError::SameIdOtherContent)
    }
}
