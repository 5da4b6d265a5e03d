mod list;

use access::{Caller, OrganisationId, audit};
use bounds::{Amount, AmountKind};
use catalogue::ProgrammeId;
use chrono::{DateTime, Utc};
use database::UseCaseError;
use ledger::{Account, BookId, EventKind, Rejection, TransferError, TransferKind};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::Cents;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::support::booking::{BookError, Event, book};
use crate::{contributions::cash, support::ids::AllocationId, support::known};

pub use list::{AllocationRow, list};

/// Money that a funder deposited and that goes to a programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Allocation {
    /// Made by the caller.
    pub id: AllocationId,
    pub funder_id: OrganisationId,
    pub programme_id: ProgrammeId,
    #[schema(value_type = Amount)]
    pub amount: Cents,
}

/// Why nothing was allocated.
#[derive(Debug)]
pub enum AllocateRejection {
    Amount,
    NoFunder,
    NoProgramme,
    /// Part of what is deposited is mandated and not there yet, and the programme waits for money.
    Mandated {
        needed: Cents,
        /// Deposited, less what is only mandated.
        available: Cents,
    },
    NotDeposited {
        needed: Cents,
        available: Cents,
    },
}

impl database::Rejection for AllocateRejection {}

impl From<AllocateRejection> for Problem {
    fn from(rejection: AllocateRejection) -> Self {
        match rejection {
            AllocateRejection::Amount => {
                Self::refused("allocation-amount", "Le montant affecté ne convient pas.")
                    .detail(format!("« amount » : {}.", Amount::range()))
            }
            AllocateRejection::NoFunder => Self::not_found("Ce financeur"),
            AllocateRejection::NoProgramme => Self::not_found("Ce dispositif"),
            AllocateRejection::Mandated { needed, available } => Self::refused(
                "mandated-not-received",
                "L'argent de ce financeur est mandaté, pas encore arrivé.",
            )
            .detail(format!(
                "Ce dispositif n'accepte pas les mandats. À affecter : {} ; reçu en banque et libre : {}. Attendez le virement.",
                needed.to_french(),
                available.to_french()
            ))
            .with("needed", needed)
            .with("available", available),
            AllocateRejection::NotDeposited { needed, available } => Self::refused(
                "not-enough-deposited",
                "L'argent de ce financeur n'est pas encore arrivé.",
            )
            .detail(format!(
                "À affecter : {} ; reçu et libre : {}. Attendez le virement ou affectez moins.",
                needed.to_french(),
                available.to_french()
            ))
            .with("needed", needed)
            .with("available", available),
        }
    }
}

/// Allocates, or finds that it was allocated before.
pub async fn allocate(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    new: &Allocation,
    at: DateTime<Utc>,
) -> Result<Created<Allocation>, UseCaseError<AllocateRejection>> {
    if !Amount::fits(new.amount) {
        return Err(AllocateRejection::Amount.into());
    }
    if !known::programme(tx, new.programme_id).await? {
        return Err(AllocateRejection::NoProgramme.into());
    }
    let inserted = sqlx::query!(
        "insert into funding.allocation (id, funder_id, programme_id, cents, at) values ($1, $2, $3, $4, $5)
         on conflict (id) do nothing",
        new.id.uuid(),
        new.funder_id.uuid(),
        new.programme_id.uuid(),
        new.amount.get(),
        at,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "allocation_positive") => {
            UseCaseError::Rejected(AllocateRejection::Amount)
        }
        error if database::is_constraint(&error, "allocation_funder") => {
            UseCaseError::Rejected(AllocateRejection::NoFunder)
        }
        error => error.into(),
    })?
    .rows_affected()
        == 1;
    if inserted {
        check_mandated(tx, new).await?;
        let event = event(new).map_err(BookError::from)?;
        book(tx, event, at).await.map_err(|error| match error {
            BookError::Refused(Rejection::Short { needed, left, .. }) => {
                UseCaseError::Rejected(AllocateRejection::NotDeposited {
                    needed,
                    available: left,
                })
            }
            error => error.into(),
        })?;
        audit(tx, who, at, "allocation.create", Some(new.id.uuid()), new.amount).await?;
        return Ok(Created::New(new.clone()));
    }
    let known = sqlx::query_as!(
        Allocation,
        r#"select id as "id: AllocationId", funder_id as "funder_id: OrganisationId",
               programme_id as "programme_id: ProgrammeId", cents as "amount: Cents"
           from funding.allocation where id = $1"#,
        new.id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?;
    if known == *new {
        Ok(Created::Existing(known))
    } else {
        Err(UseCaseError::IdReused)
    }
}

/// Money that is only mandated goes to programmes that accept mandates. Asks under the locks that the booking takes too: whoever
/// accepts a mandate waits for the deposited money.
async fn check_mandated(tx: &mut PgTransaction<'_>, new: &Allocation) -> Result<(), UseCaseError<AllocateRejection>> {
    let terms = catalogue::funding_terms(&mut **tx, new.programme_id).await?;
    if terms.accepts_mandates {
        return Ok(());
    }
    let (funder, programme) = (known::party(new.funder_id), new.programme_id.book());
    let deposited = Account::deposited(funder);
    let accounts = [
        deposited,
        Account::clearing(BookId::fund()),
        Account::clearing(programme),
        Account::available(programme, funder),
    ];
    ledger::lock(tx, &accounts).await.map_err(BookError::from)?;
    let Some(there) = cash::free_of_mandates(tx, new.funder_id, None).await? else {
        return Ok(());
    };
    if new.amount <= there {
        return Ok(());
    }
    Err(AllocateRejection::Mandated {
        needed: new.amount,
        available: there.max(Cents::ZERO),
    }
    .into())
}

fn event(new: &Allocation) -> Result<Event, TransferError> {
    let (funder, book) = (known::party(new.funder_id), new.programme_id.book());
    let kind = TransferKind::Allocated;
    Event::new(EventKind::Allocated, new.id.uuid())
        .leg(
            kind,
            Account::deposited(funder),
            Account::clearing(BookId::fund()),
            new.amount,
        )?
        .leg(
            kind,
            Account::clearing(book),
            Account::available(book, funder),
            new.amount,
        )
}
