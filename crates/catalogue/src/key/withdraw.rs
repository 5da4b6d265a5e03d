use bounds::{Reason, TextKind};
use chrono::{DateTime, Utc};
use database::{Rejection, UseCaseError};
use sqlx::PgTransaction;
use voucher::Kid;
use web::{Created, Problem};

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

#[derive(Debug)]
pub enum WithdrawKeyRejection {
    NoKey,
    NoReason,
    /// By another act.
    Before(DateTime<Utc>),
}

impl Rejection for WithdrawKeyRejection {}

impl From<WithdrawKeyRejection> for Problem {
    fn from(rejection: WithdrawKeyRejection) -> Self {
        match rejection {
            WithdrawKeyRejection::NoKey => Self::not_found("Cette clé"),
            WithdrawKeyRejection::NoReason => {
                Self::refused("reason-missing", "Cette clé n'est pas retirée.").detail(format!(
                    "Dites pourquoi, dans « reason », en {} caractères au plus : le motif reste dans le journal.",
                    Reason::CHARS_MAX
                ))
            }
            WithdrawKeyRejection::Before(when) => Self::refused("key-withdrawn", "Cette clé est déjà retirée.")
                .detail(format!("Elle l'est depuis le {}.", when.format("%d/%m/%Y à %H:%M UTC"))),
        }
    }
}

/// Withdraws a key: from now on nothing that it ever signed is accepted. It cannot be undone.
pub async fn withdraw_key(
    tx: &mut PgTransaction<'_>,
    kid: Kid,
    act: &Withdrawal,
    at: DateTime<Utc>,
) -> Result<Created<PublishedKey>, UseCaseError<WithdrawKeyRejection>> {
    let reason = act.reason.trim();
    if !Reason::fits(reason) {
        return Err(WithdrawKeyRejection::NoReason.into());
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
        error if database::is_constraint(&error, "signing_key_withdrawal_unique") => UseCaseError::IdReused,
        error => UseCaseError::Database(error),
    })?;
    let found = find(&mut **tx, kid).await?.ok_or(WithdrawKeyRejection::NoKey)?;
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
        return Err(WithdrawKeyRejection::Before(when).into());
    }
    if why == reason {
        Ok(Created::Existing(found))
    } else {
        Err(UseCaseError::IdReused)
    }
}
