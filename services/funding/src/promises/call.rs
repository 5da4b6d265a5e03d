mod letter;
mod remind;
mod state;

use access::{Caller, audit};
use bounds::{Amount, AmountKind};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use database::{NamedLock, UseCaseError};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::{Cents, calendar};
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::{promises::reference::CallReference, support::ids::CallId, support::ids::ConventionId};

pub use letter::{Letter, letter};
pub use remind::{remind, run_reminder_worker};
pub use state::{CallState, Overdue, ReminderView, list, overdue, state};

/// How often another reference is tried when two calls derive one: once is already rare.
const REFERENCE_ATTEMPTS_MAX: u8 = 8;

/// A call for funds to be made.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCall {
    /// Made by the caller.
    pub id: CallId,
    /// Under which convention.
    pub convention_id: ConventionId,
    /// How much is called.
    #[schema(value_type = Amount)]
    pub amount: Cents,
    /// When it should arrive: not before the day on which the call is made.
    pub due_on: NaiveDate,
}

/// A call for funds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Call {
    pub id: CallId,
    /// Under which convention.
    pub convention_id: ConventionId,
    /// How much is called.
    pub amount: Cents,
    /// When it should arrive.
    pub due_on: NaiveDate,
    /// To be quoted on the transfer.
    #[schema(example = "AF-2026-7K3M9Q")]
    pub reference: String,
    /// When it was made.
    pub called_at: DateTime<Utc>,
}

/// Why a call was not made.
#[derive(Debug)]
pub enum CallRejection {
    Amount,
    /// Due before the Paris day on which it is made: it would be overdue, and reminded of days that nobody was given.
    DuePast {
        called_on: NaiveDate,
    },
    NoConvention,
    /// `called` is what earlier calls asked for.
    AboveConvention {
        agreed: Cents,
        called: Cents,
    },
}

impl database::Rejection for CallRejection {}

impl From<CallRejection> for Problem {
    fn from(rejection: CallRejection) -> Self {
        match rejection {
            CallRejection::Amount => Self::refused("call-amount", "Le montant appelé ne convient pas.")
                .detail(format!("« amount » : {}.", Amount::range())),
            CallRejection::DuePast { called_on } => {
                Self::refused("call-due-past", "L'échéance de l'appel est passée.").detail(format!(
                    "Un appel se règle au plus tôt le jour où il est fait : donnez dans « due_on » le {} ou une date à venir.",
                    called_on.format("%d/%m/%Y")
                ))
            }
            CallRejection::NoConvention => Self::not_found("Cette convention"),
            CallRejection::AboveConvention { agreed, called } => {
                Self::refused("above-convention", "L'appel dépasse la convention.")
                    .detail(format!(
                        "Convenu : {} ; déjà appelé : {}.",
                        agreed.to_french(),
                        called.to_french()
                    ))
                    .with("agreed", agreed)
                    .with("called", called)
            }
        }
    }
}

/// Calls for funds, or finds that the call was made before. All calls together stay within the convention.
pub async fn call(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    new: &NewCall,
    at: DateTime<Utc>,
) -> Result<Created<Call>, UseCaseError<CallRejection>> {
    if !Amount::fits(new.amount) {
        return Err(CallRejection::Amount.into());
    }
    // Two calls at once would each see the other's amount as not called.
    NamedLock::Convention(new.convention_id.uuid()).take(tx).await?;
    if let Some(known) = read(tx, new.id).await? {
        let same = known.convention_id == new.convention_id && known.amount == new.amount && known.due_on == new.due_on;
        return if same {
            Ok(Created::Existing(known))
        } else {
            Err(UseCaseError::IdReused)
        };
    }
    let called_on = calendar::paris_date(at);
    if new.due_on < called_on {
        return Err(CallRejection::DuePast { called_on }.into());
    }
    let promised = sqlx::query!(
        r#"select c.cents as "agreed: Cents", coalesce(sum(k.cents), 0)::bigint as "called!: Cents"
           from funding.convention c left join funding.call k on k.convention_id = c.id
           where c.id = $1 group by c.id"#,
        new.convention_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(CallRejection::NoConvention)?;
    let within = promised
        .called
        .checked_add(new.amount)
        .is_some_and(|sum| sum <= promised.agreed);
    if !within {
        return Err(CallRejection::AboveConvention {
            agreed: promised.agreed,
            called: promised.called,
        }
        .into());
    }
    let year = called_on.year();
    for attempt in 0..REFERENCE_ATTEMPTS_MAX {
        let reference = CallReference::derive(new.id.uuid(), year, attempt);
        if insert(tx, new, &reference, at).await? {
            let made = read(tx, new.id).await?.ok_or(sqlx::Error::RowNotFound)?;
            audit(tx, who, at, "call.create", Some(new.id.uuid()), new.amount).await?;
            return Ok(Created::New(made));
        }
    }
    Err(UseCaseError::failed("no free reference"))
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    new: &NewCall,
    reference: &CallReference,
    at: DateTime<Utc>,
) -> Result<bool, UseCaseError<CallRejection>> {
    let inserted = sqlx::query!(
        "insert into funding.call (id, convention_id, cents, reference, called_at, due_on)
         values ($1, $2, $3, $4, $5, $6) on conflict (reference) do nothing",
        new.id.uuid(),
        new.convention_id.uuid(),
        new.amount.get(),
        reference.as_str(),
        at,
        new.due_on,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        // The lock is the convention's: under another one the same id may be used at the same time.
        error if database::is_constraint(&error, "call_pk") => UseCaseError::IdReused,
        error => error.into(),
    })?;
    Ok(inserted.rows_affected() == 1)
}

async fn read(tx: &mut PgTransaction<'_>, id: CallId) -> Result<Option<Call>, sqlx::Error> {
    sqlx::query_as!(
        Call,
        r#"select id as "id: CallId", convention_id as "convention_id: ConventionId", cents as "amount: Cents", due_on,
               reference, called_at
           from funding.call where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await
}
