use access::{Caller, audit};
use bounds::{Reason, TextKind};
use chrono::{DateTime, Utc};
use database::{NamedLock, UseCaseError};
use ledger::{Account, BookId, EventKind, TransferKind};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::Cents;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::contributions::mandate::{Mandate, read};
use crate::support::booking::{BookError, Event, book};
use crate::{support::ids::MandateId, support::known};

/// Why a mandate's money will not come.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMandateCancellation {
    /// In plain words.
    #[schema(value_type = Reason, example = "Mandat rejeté par le comptable : crédits insuffisants.")]
    pub reason: String,
}

/// Why a mandate was not cancelled.
#[derive(Debug)]
pub enum CancelRejection {
    NoMandate,
    /// Empty or too long.
    Reason,
    /// All of its money is there.
    NothingAwaited,
    /// The money that it stood for is behind batches: of what it still awaits, only `free` can be taken back.
    Used {
        awaited: Cents,
        /// The funder's, in the fund and in the programme.
        free: Cents,
        missing: Cents,
    },
}

impl database::Rejection for CancelRejection {}

impl From<CancelRejection> for Problem {
    fn from(rejection: CancelRejection) -> Self {
        match rejection {
            CancelRejection::NoMandate => Self::not_found("Ce mandat"),
            CancelRejection::Reason => Self::refused("mandate-reason", "Dites pourquoi ce mandat est annulé.")
                .detail(format!("« reason » : de 1 à {} caractères.", Reason::CHARS_MAX)),
            CancelRejection::NothingAwaited => {
                Self::refused("mandate-received", "L'argent de ce mandat est arrivé en entier.")
                    .detail("Il n'y a rien à annuler ; pour le rendre, faites un remboursement.")
            }
            CancelRejection::Used { awaited, free, missing } => Self::refused(
                "mandate-used",
                "L'argent de ce mandat est déjà engagé derrière des lots.",
            )
            .detail(format!(
                "À reprendre : {} ; argent libre de ce financeur : {} ; il manque {}. Annulez des lots, ou attendez un autre versement.",
                awaited.to_french(),
                free.to_french(),
                missing.to_french()
            ))
            .with("awaited", awaited)
            .with("free", free)
            .with("missing", missing),
        }
    }
}

/// Takes off what a mandate still awaits, first from the funder's deposited money, then from what is free in its programme; or
/// finds that it was cancelled so before.
pub async fn cancel(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    id: MandateId,
    new: &NewMandateCancellation,
    at: DateTime<Utc>,
) -> Result<Created<Mandate>, UseCaseError<CancelRejection>> {
    let reason = new.reason.trim();
    if !Reason::fits(reason) {
        return Err(CancelRejection::Reason.into());
    }
    // A statement that is loaded at the same time may bring its money.
    NamedLock::Statements.take(tx).await?;
    let mandate = read(&mut *tx, id).await?.ok_or(CancelRejection::NoMandate)?;
    match &mandate.cancelled_reason {
        Some(before) if before == reason => return Ok(Created::Existing(mandate)),
        Some(_) => return Err(UseCaseError::IdReused),
        None if mandate.awaited.is_zero() => return Err(CancelRejection::NothingAwaited.into()),
        None => {}
    }
    let deallocated = book_off(tx, &mandate, at).await?;
    sqlx::query!(
        "insert into funding.mandate_cancellation (mandate_id, cents, deallocated_cents, reason, by_organisation, at)
         values ($1, $2, $3, $4, $5, $6)",
        id.uuid(),
        mandate.awaited.get(),
        deallocated.get(),
        reason,
        who.organisation().uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    audit(tx, who, at, "mandate.cancel", Some(id.uuid()), mandate.awaited).await?;
    let made = read(&mut *tx, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Created::New(made))
}

/// What had to be taken back from the programme.
async fn book_off(
    tx: &mut PgTransaction<'_>,
    mandate: &Mandate,
    at: DateTime<Utc>,
) -> Result<Cents, UseCaseError<CancelRejection>> {
    let (funder, programme) = (known::party(mandate.funder_id), mandate.programme_id.book());
    let (deposited, available) = (Account::deposited(funder), Account::available(programme, funder));
    let (from, to) = (Account::clearing(programme), Account::clearing(BookId::fund()));
    let receivable = Account::receivable(funder);
    ledger::lock(tx, &[deposited, available, from, to, receivable])
        .await
        .map_err(BookError::from)?;
    let free = ledger::read::balances(tx, &[deposited, available]).await?;
    let [deposited_cents, available_cents] = [free[0].get(), free[1].get()];
    let awaited = mandate.awaited.get();
    let deallocated = Cents::new((awaited - deposited_cents).max(0));
    if deallocated.get() > available_cents {
        return Err(CancelRejection::Used {
            awaited: mandate.awaited,
            free: Cents::new(deposited_cents + available_cents),
            missing: Cents::new(deallocated.get() - available_cents),
        }
        .into());
    }
    let mut event = Event::new(EventKind::MandateCancelled, mandate.id.uuid()).reference(mandate.reference.clone());
    if deallocated.is_positive() {
        let kind = TransferKind::Deallocated;
        event = event
            .leg(kind, available, from, deallocated)
            .and_then(|event| event.leg(kind, to, deposited, deallocated))
            .map_err(BookError::from)?;
    }
    let event = event
        .leg(TransferKind::MandateCancelled, deposited, receivable, mandate.awaited)
        .map_err(BookError::from)?;
    book(tx, event, at).await?;
    Ok(deallocated)
}
