//! What the bank may take beyond a payment without a person being asked: nothing, unless the operator says so.
//!
//! Only a debit that names its payment, only upwards, and the difference is booked as a bank charge, which the operator owes to the
//! fund, with the line's own reference. Too little is never tolerated, nor is anything on money in: that would be somebody's money.

use access::{Caller, audit};
use bounds::{AmountKind, TextKind, Words};
use chrono::{DateTime, Utc};
use database::{NamedLock, UseCaseError};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgTransaction};
use standards::Cents;
use utoipa::ToSchema;
use web::{Created, Problem};

bounds::amount_kind! {
    /// How much of a bank's charge passes without a break.
    pub struct ToleratedCharge: 0..=500;
}

/// A tolerance to be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTolerance {
    /// On one payment; zero for none.
    #[schema(value_type = ToleratedCharge, example = "0.50")]
    pub amount: Cents,
    /// Why it is accepted.
    #[schema(value_type = Words, example = "Frais par virement prévus à la convention de compte.")]
    pub why: String,
}

/// The tolerance in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToleranceView {
    /// On one payment; zero when none was ever set.
    pub amount: Cents,
    /// Why; absent when none was ever set.
    pub why: Option<String>,
    pub since: Option<DateTime<Utc>>,
}

/// Why it was not set.
#[derive(Debug)]
pub enum ToleranceRejection {
    /// No [`ToleratedCharge`].
    Amount,
    /// Empty, too long or with control characters.
    Words,
}

impl database::Rejection for ToleranceRejection {}

impl From<ToleranceRejection> for Problem {
    fn from(rejection: ToleranceRejection) -> Self {
        match rejection {
            ToleranceRejection::Amount => {
                Self::refused("tolerance-amount", "Cette tolérance ne convient pas.").detail(format!(
                    "« amount » : {} par virement ; au-delà, un écart s'explique.",
                    ToleratedCharge::range()
                ))
            }
            ToleranceRejection::Words => Self::refused("tolerance-words", "Le texte manque ou ne convient pas.")
                .detail(format!(
                    "« why » : dites pourquoi en une phrase d'au plus {} caractères, sans retour à la ligne.",
                    Words::CHARS_MAX
                )),
        }
    }
}

/// The tolerance in force.
pub async fn read(connection: &mut PgConnection) -> Result<ToleranceView, sqlx::Error> {
    let row =
        sqlx::query!(r#"select cents as "amount: Cents", why, at from funding.tolerance order by number desc limit 1"#)
            .fetch_optional(connection)
            .await?;
    Ok(row.map_or(
        ToleranceView {
            amount: Cents::ZERO,
            why: None,
            since: None,
        },
        |row| ToleranceView {
            amount: row.amount,
            why: Some(row.why),
            since: Some(row.at),
        },
    ))
}

/// Sets the tolerance for statements that are loaded from now on, or finds that it is so.
pub async fn set(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    new: &NewTolerance,
    at: DateTime<Utc>,
) -> Result<Created<ToleranceView>, UseCaseError<ToleranceRejection>> {
    if !ToleratedCharge::fits(new.amount) {
        return Err(ToleranceRejection::Amount.into());
    }
    if !Words::fits(&new.why) {
        return Err(ToleranceRejection::Words.into());
    }
    // Never while a statement is matched.
    NamedLock::Statements.take(tx).await?;
    let now = read(tx).await?;
    if now.amount == new.amount && now.why.as_ref() == Some(&new.why) {
        return Ok(Created::Existing(now));
    }
    sqlx::query!(
        "insert into funding.tolerance (number, cents, why, organisation_id, at)
         select coalesce(max(number), 0) + 1, $1, $2, $3, $4 from funding.tolerance",
        new.amount.get(),
        new.why,
        who.organisation().uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    audit(tx, who, at, "tolerance.set", None, new.amount).await?;
    tracing::info!(cents = new.amount.get(), "tolerance set");
    Ok(Created::New(read(tx).await?))
}
