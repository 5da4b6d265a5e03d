//! A public accountant's mandate: money that counts before it arrives, where the programme allows it.
//!
//! | event | books | row |
//! |---|---|---|
//! | accepted | receivable → deposited | `mandate` |
//! | its money arrives ([`crate::bank::statement`]) | bank → receivable; what is above is an ordinary contribution | `mandate_receipt` |
//! | it is not honoured | (available → clearing · clearing → deposited,) deposited → receivable | `mandate_cancellation` |
//!
//! **The invariant.** A funder's `receivable` is what its mandates still await, so nothing is counted twice: a line that pays a
//! mandate, or the call that it was issued for, is never a second contribution. Mandated money goes to programmes that accept
//! mandates only ([`crate::contributions::allocation`]).

mod ageing;
mod cancel;
mod number;
pub(crate) mod receipt;
mod view;

use access::{Caller, OrganisationId, audit};
use bounds::{Amount, AmountKind, TextKind};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use database::{NamedLock, UseCaseError};
use ledger::{Account, EventKind, TransferKind};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::Cents;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::support::booking::{BookError, Event, book};
use crate::{support::ids::CallId, support::ids::ConventionId, support::ids::MandateId, support::known};

pub use ageing::{MandateAgeing, ageing};
pub use cancel::{NewMandateCancellation, cancel};
pub use number::AccountantsNumber;
pub(crate) use number::{MandateNumber, Naming};
pub use view::{Mandate, MandateState, list, read};

/// A mandate to be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMandate {
    /// Made by the caller.
    pub id: MandateId,
    /// Under which convention: says whose it is, and for what.
    pub convention_id: ConventionId,
    /// The call that it answers.
    #[serde(default)]
    pub call_id: Option<CallId>,
    /// The accountant's number.
    #[schema(value_type = AccountantsNumber, example = "345")]
    pub number: String,
    /// The bordereau that it is on.
    #[serde(default)]
    #[schema(value_type = Option<AccountantsNumber>, example = "12")]
    pub bordereau: Option<String>,
    /// How much is ordered to be paid.
    #[schema(value_type = Amount)]
    pub amount: Cents,
    /// Its date; the numbers of an accountant start again each year.
    pub issued_on: NaiveDate,
}

/// Why a mandate was not accepted.
#[derive(Debug)]
pub enum AcceptRejection {
    Amount,
    /// Not one that an accountant writes.
    Number,
    NoConvention,
    /// None under this convention.
    NoCall,
    /// The programme waits for money.
    NotAllowed,
    NumberTaken,
    /// More than is promised by the call or the convention, of which `counted` came, or is awaited on earlier mandates.
    Above {
        promised: Cents,
        counted: Cents,
    },
}

impl database::Rejection for AcceptRejection {}

impl From<AcceptRejection> for Problem {
    fn from(rejection: AcceptRejection) -> Self {
        let refused = || Self::refused("mandate-field", "Ce mandat ne peut pas être enregistré.");
        match rejection {
            AcceptRejection::Amount => refused().detail(format!("« amount » : {}.", Amount::range())),
            AcceptRejection::Number => refused().detail(format!(
                "« number » et « bordereau » : au plus {} lettres et chiffres, dont un chiffre, par exemple « 345 ».",
                AccountantsNumber::CHARS_MAX
            )),
            AcceptRejection::NoConvention => Self::not_found("Cette convention"),
            AcceptRejection::NoCall => Self::not_found("Cet appel de fonds (dans cette convention)"),
            AcceptRejection::NotAllowed => Self::refused(
                "mandate-not-allowed",
                "Ce dispositif n'accepte pas les mandats comme de l'argent reçu.",
            )
            .detail(
                "Attendez le virement, ou faites régler « accepts_mandates » dans les règles de financement du dispositif.",
            ),
            AcceptRejection::NumberTaken => Self::refused("mandate-number-taken", "Ce mandat est déjà enregistré.")
                .detail("Le même comptable a déjà un mandat de ce numéro pour cette année et ce bordereau."),
            AcceptRejection::Above { promised, counted } => {
                Self::refused("mandate-above", "Le mandat dépasse ce qui est convenu ou appelé.")
                    .detail(format!(
                        "Convenu ou appelé : {} ; déjà mandaté ou reçu : {}. Si le virement de ce mandat est arrivé, il est déjà compté.",
                        promised.to_french(),
                        counted.to_french()
                    ))
                    .with("promised", promised)
                    .with("counted", counted)
            }
        }
    }
}

/// What a mandate is accepted under.
struct ConventionRoom {
    funder: OrganisationId,
    accepts: bool,
    limits: Vec<Limit>,
}

/// What is promised, and what of it came or is awaited on mandates.
struct Limit {
    promised: Cents,
    counted: Cents,
}

/// Accepts a mandate as money, or finds that it was accepted before.
pub async fn accept(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    new: &NewMandate,
    at: DateTime<Utc>,
) -> Result<Created<Mandate>, UseCaseError<AcceptRejection>> {
    if !Amount::fits(new.amount) {
        return Err(AcceptRejection::Amount.into());
    }
    let number = MandateNumber::parse(new.issued_on.year(), new.bordereau.as_deref(), &new.number)
        .ok_or(AcceptRejection::Number)?;
    // As calls do: two mandates at once would each see the other's amount as not mandated. And a statement that is being loaded may
    // bring the very money.
    NamedLock::Statements.take(tx).await?;
    NamedLock::Convention(new.convention_id.uuid()).take(tx).await?;
    if let Some(known) = read(&mut *tx, new.id).await? {
        return if known.same_as(new, &number) {
            Ok(Created::Existing(known))
        } else {
            Err(UseCaseError::IdReused)
        };
    }
    let convention = convention(tx, new).await?;
    if !convention.accepts {
        return Err(AcceptRejection::NotAllowed.into());
    }
    for Limit { promised, counted } in convention.limits {
        if counted.checked_add(new.amount).is_none_or(|sum| sum > promised) {
            return Err(AcceptRejection::Above { promised, counted }.into());
        }
    }
    insert(tx, new, convention.funder, &number, at).await?;
    let funder = known::party(convention.funder);
    let event = Event::new(EventKind::Mandated, new.id.uuid())
        .reference(number.reference())
        .leg(
            TransferKind::Mandated,
            Account::receivable(funder),
            Account::deposited(funder),
            new.amount,
        )
        .map_err(BookError::from)?;
    book(tx, event, at).await?;
    let made = read(&mut *tx, new.id).await?.ok_or(sqlx::Error::RowNotFound)?;
    audit(tx, who, at, "mandate.accept", Some(new.id.uuid()), new.amount).await?;
    Ok(Created::New(made))
}

/// The limits of the convention and, when one is named, of the call.
async fn convention(
    tx: &mut PgTransaction<'_>,
    new: &NewMandate,
) -> Result<ConventionRoom, UseCaseError<AcceptRejection>> {
    let row = sqlx::query!(
        r#"select c.funder_id as "funder: OrganisationId", c.programme_id as "programme: catalogue::ProgrammeId",
               c.cents as "promised: Cents",
               (coalesce((select sum(p.cents) from funding.call k join funding.call_paid p on p.call_id = k.id
                          where k.convention_id = c.id), 0)
                + coalesce((select sum(m.awaited_cents + case when m.call_id is null then m.received_cents else 0 end)
                            from funding.mandate_state m where m.convention_id = c.id), 0))::bigint as "counted!: Cents"
           from funding.convention c where c.id = $1"#,
        new.convention_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(AcceptRejection::NoConvention)?;
    let mut limits = vec![Limit {
        promised: row.promised,
        counted: row.counted,
    }];
    if let Some(call) = new.call_id {
        let limit = sqlx::query_as!(
            Limit,
            r#"select k.cents as "promised: Cents",
                   (coalesce((select p.cents from funding.call_paid p where p.call_id = k.id), 0)
                    + coalesce((select sum(m.awaited_cents) from funding.mandate_state m where m.call_id = k.id), 0))::bigint
                       as "counted!: Cents"
               from funding.call k where k.id = $1 and k.convention_id = $2"#,
            call.uuid(),
            new.convention_id.uuid(),
        )
        .fetch_optional(&mut **tx)
        .await?;
        limits.push(limit.ok_or(AcceptRejection::NoCall)?);
    }
    let terms = catalogue::funding_terms(&mut **tx, row.programme).await?;
    Ok(ConventionRoom {
        funder: row.funder,
        accepts: terms.accepts_mandates,
        limits,
    })
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    new: &NewMandate,
    funder: OrganisationId,
    number: &MandateNumber,
    at: DateTime<Utc>,
) -> Result<(), UseCaseError<AcceptRejection>> {
    sqlx::query!(
        "insert into funding.mandate (id, convention_id, call_id, funder_id, year, bordereau, number, number_plain, reference, cents,
             issued_on, accepted_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        new.id.uuid(),
        new.convention_id.uuid(),
        new.call_id.map(CallId::uuid),
        funder.uuid(),
        new.issued_on.year(),
        number.plain_bordereau(),
        new.number.trim(),
        number.plain(),
        number.reference(),
        new.amount.get(),
        new.issued_on,
        at,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "mandate_number_unique") => UseCaseError::Rejected(AcceptRejection::NumberTaken),
        // The lock is the convention's: under another one the same id may be used at the same time.
        error if database::is_constraint(&error, "mandate_pk") => UseCaseError::IdReused,
        error => error.into(),
    })?;
    Ok(())
}
