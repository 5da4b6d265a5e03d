//! A public accountant's mandate: money that counts before it arrives, where the programme allows it.
//!
//! | event | books | row |
//! |---|---|---|
//! | accepted | receivable → deposited | `mandate` |
//! | its money arrives ([`crate::statement`]) | bank → receivable; what is above is an ordinary contribution | `mandate_receipt` |
//! | it is not honoured | (available → clearing · clearing → deposited,) deposited → receivable | `mandate_cancellation` |
//!
//! **The invariant.** A funder's `receivable` is what its mandates still await, so nothing is counted twice: a line that pays a
//! mandate, or the call that it was issued for, is never a second contribution. Mandated money goes to programmes that accept
//! mandates only ([`crate::allocation`]).

mod ageing;
mod cancel;
mod number;
mod view;

use access::OrganisationId;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use ledger::{Account, TransferKind};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::Cents;
use utoipa::ToSchema;
use web::{Made, Problem};

use crate::booking::{BookError, Event, book};
use crate::{CallId, ConventionId, MandateId, known};

pub use ageing::{MandateAgeing, ageing};
pub use cancel::{CancelError, NewMandateCancellation, cancel};
pub use number::MANDATE_NUMBER_CHARS_MAX;
pub(crate) use number::{MandateNumber, Naming, Word, contains, words};
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
    #[schema(example = "345")]
    pub number: String,
    /// The bordereau that it is on.
    #[serde(default)]
    #[schema(example = "12")]
    pub bordereau: Option<String>,
    /// How much is ordered to be paid.
    pub amount: Cents,
    /// Its date; the numbers of an accountant start again each year.
    pub issued_on: NaiveDate,
}

/// Why a mandate was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// Zero or less.
    #[error("the amount is not positive")]
    NotPositive,
    /// Not a number.
    #[error("not a number")]
    Number,
    /// No such convention.
    #[error("no such convention")]
    NoConvention,
    /// No such call under this convention.
    #[error("no such call")]
    NoCall,
    /// The programme waits for money.
    #[error("the programme does not accept mandates")]
    NotAllowed,
    /// The number is another mandate's.
    #[error("the number is taken")]
    NumberTaken,
    /// More than is promised.
    #[error("{mandated} is mandated already of {promised}")]
    Above {
        /// By the call, or the convention.
        promised: Cents,
        /// By earlier mandates, those cancelled left out.
        mandated: Cents,
    },
    /// The id names another mandate.
    #[error("same id, other content")]
    SameIdOtherContent,
    /// The books refuse it.
    #[error("not booked")]
    Book(#[from] BookError),
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<AcceptError> for Problem {
    fn from(error: AcceptError) -> Self {
        let refused = || Self::refused("mandate-field", "Ce mandat ne peut pas être enregistré.");
        match error {
            AcceptError::NotPositive => refused().detail("« amount » doit être supérieur à zéro."),
            AcceptError::Number => refused().detail(format!(
                "« number » et « bordereau » : au plus {MANDATE_NUMBER_CHARS_MAX} lettres et chiffres, dont un chiffre, par exemple « 345 »."
            )),
            AcceptError::NoConvention => Self::not_found("Cette convention"),
            AcceptError::NoCall => Self::not_found("Cet appel de fonds (dans cette convention)"),
            AcceptError::NotAllowed => Self::refused(
                "mandate-not-allowed",
                "Ce dispositif n'accepte pas les mandats comme de l'argent reçu.",
            )
            .detail(
                "Attendez le virement, ou faites régler « accepts_mandates » dans les règles de financement du dispositif.",
            ),
            AcceptError::NumberTaken => Self::refused("mandate-number-taken", "Ce mandat est déjà enregistré.")
                .detail("Le même comptable a déjà un mandat de ce numéro pour cette année et ce bordereau."),
            AcceptError::Above { promised, mandated } => {
                Self::refused("mandate-above", "Le mandat dépasse ce qui est convenu ou appelé.")
                    .detail(format!(
                        "Convenu ou appelé : {} ; déjà mandaté : {}.",
                        promised.to_french(),
                        mandated.to_french()
                    ))
                    .with("promised", promised)
                    .with("mandated", mandated)
            }
            AcceptError::SameIdOtherContent => Self::same_id_other_content(),
            AcceptError::Book(error) => Self::internal(&error),
            AcceptError::Database(error) => Self::internal(&error),
        }
    }
}

/// What a mandate is accepted under.
struct Promise {
    funder: OrganisationId,
    accepts: bool,
    cents: Cents,
    mandated: Cents,
}

/// Accepts a mandate as money, or finds that it was accepted before.
pub async fn accept(
    tx: &mut PgTransaction<'_>,
    new: &NewMandate,
    at: DateTime<Utc>,
) -> Result<Made<Mandate>, AcceptError> {
    if !new.amount.is_positive() {
        return Err(AcceptError::NotPositive);
    }
    let number =
        MandateNumber::parse(new.issued_on.year(), new.bordereau.as_deref(), &new.number).ok_or(AcceptError::Number)?;
    // As calls do: two mandates at once would each see the other's amount as not mandated.
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))",
        new.convention_id.to_string()
    )
    .execute(&mut **tx)
    .await?;
    if let Some(known) = read(&mut *tx, new.id).await? {
        return if known.same_as(new, &number) {
            Ok(Made::Before(known))
        } else {
            Err(AcceptError::SameIdOtherContent)
        };
    }
    let promise = promise(tx, new).await?;
    if !promise.accepts {
        return Err(AcceptError::NotAllowed);
    }
    let within = promise
        .mandated
        .checked_add(new.amount)
        .is_some_and(|sum| sum <= promise.cents);
    if !within {
        return Err(AcceptError::Above {
            promised: promise.cents,
            mandated: promise.mandated,
        });
    }
    insert(tx, new, promise.funder, &number, at).await?;
    let funder = known::party(promise.funder);
    let event = Event::new(b"mandated", new.id.uuid())
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
    Ok(Made::Now(made))
}

/// The call's promise when one is named, else the convention's.
async fn promise(tx: &mut PgTransaction<'_>, new: &NewMandate) -> Result<Promise, AcceptError> {
    let convention = sqlx::query!(
        r#"select funder_id as "funder: OrganisationId", programme_id as "programme: catalogue::ProgrammeId", cents as "cents: Cents"
           from funding.convention where id = $1"#,
        new.convention_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(AcceptError::NoConvention)?;
    let called = match new.call_id {
        None => convention.cents,
        Some(call) => sqlx::query_scalar!(
            r#"select cents as "cents: Cents" from funding.call where id = $1 and convention_id = $2"#,
            call.uuid(),
            new.convention_id.uuid(),
        )
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(AcceptError::NoCall)?,
    };
    let mandated = sqlx::query_scalar!(
        r#"select coalesce(sum(cents - cancelled_cents), 0)::bigint as "cents!: Cents" from funding.mandate_state
           where convention_id = $1 and ($2::uuid is null or call_id = $2)"#,
        new.convention_id.uuid(),
        new.call_id.map(CallId::uuid),
    )
    .fetch_one(&mut **tx)
    .await?;
    let terms = catalogue::funding_terms(&mut **tx, convention.programme).await?;
    Ok(Promise {
        funder: convention.funder,
        accepts: terms.accepts_mandates,
        cents: called,
        mandated,
    })
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    new: &NewMandate,
    funder: OrganisationId,
    number: &MandateNumber,
    at: DateTime<Utc>,
) -> Result<(), AcceptError> {
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
        error if database::is_constraint(&error, "mandate_number_unique") => AcceptError::NumberTaken,
        // The lock is the convention's: under another one the same id may be used at the same time.
        error if database::is_constraint(&error, "mandate_pk") => AcceptError::SameIdOtherContent,
        error => error.into(),
    })?;
    Ok(())
}
