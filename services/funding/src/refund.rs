use access::{OrganisationId, audit};
use catalogue::ProgrammeId;
use chrono::{DateTime, NaiveDate, Utc};
use ledger::{Account, BookId, EventKind, TransferKind};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::{Cents, calendar};
use utoipa::ToSchema;
use web::{Made, Problem};

use crate::booking::{BookError, Event, book};
use crate::id::message_id;
use crate::{PaymentId, RefundId, known};

/// Where unused value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Back to the funder's bank account, by a payment file.
    Bank,
    /// Into the funder's free money, for any programme.
    Credit,
}

impl Way {
    const fn word(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Credit => "credit",
        }
    }
}

/// A refund to be made: of all that a programme owes back to a funder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRefund {
    /// Made by the caller.
    pub id: RefundId,
    /// To whom.
    pub funder_id: OrganisationId,
    /// Out of which programme.
    pub programme_id: ProgrammeId,
    /// By which way.
    pub way: Way,
    /// When the bank shall pay; the day of the decision for a credit.
    pub execute_on: NaiveDate,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refund {
    /// Its id.
    pub id: RefundId,
    /// To whom.
    pub funder_id: OrganisationId,
    /// Out of which programme.
    pub programme_id: ProgrammeId,
    /// By which way.
    pub way: Way,
    /// When the bank shall pay.
    pub execute_on: NaiveDate,
    /// All that was owed back.
    pub amount: Cents,
    /// The id on the bank statement; none for a credit.
    pub end_to_end: Option<String>,
}

/// Why nothing was given back.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// Nothing is owed back.
    #[error("nothing to give back")]
    Nothing,
    /// The bank cannot pay yesterday.
    #[error("the day of execution is past")]
    ExecuteOnPast,
    /// No such funder.
    #[error("no such funder")]
    NoFunder,
    /// No such programme.
    #[error("no such programme")]
    NoProgramme,
    /// The id names another refund.
    #[error("same id, other content")]
    SameIdOtherContent,
    /// The books failed.
    #[error("not booked")]
    Book(#[from] BookError),
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<RefundError> for Problem {
    fn from(error: RefundError) -> Self {
        match error {
            RefundError::Nothing => Self::refused(
                "nothing-to-refund",
                "Rien n'est à rendre à ce financeur sur ce dispositif.",
            )
            .detail(
                "La valeur non utilisée devient remboursable à l'échéance, à la révocation ou à l'annulation d'un lot.",
            ),
            RefundError::ExecuteOnPast => Self::refused("execute-on-past", "La date d'exécution est passée.")
                .detail("Donnez dans « execute_on » la date d'aujourd'hui ou une date à venir."),
            RefundError::NoFunder => Self::not_found("Ce financeur"),
            RefundError::NoProgramme => Self::not_found("Ce dispositif"),
            RefundError::SameIdOtherContent => Self::same_id_other_content(),
            error => Self::internal(&error),
        }
    }
}

/// Gives back what a programme owes a funder, whole, or finds that it was given back before.
pub async fn refund(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    new: NewRefund,
    at: DateTime<Utc>,
) -> Result<Made<Refund>, RefundError> {
    if !known::programme(tx, new.programme_id).await? {
        return Err(RefundError::NoProgramme);
    }
    if !known::funder(tx, new.funder_id).await? {
        return Err(RefundError::NoFunder);
    }
    // The lock also makes the second of two equal requests wait for the first.
    ledger::lock(tx, &accounts(new)).await.map_err(BookError::from)?;
    if let Some(known) = read(tx, new.id).await? {
        let asked = NewRefund {
            id: known.id,
            funder_id: known.funder_id,
            programme_id: known.programme_id,
            way: known.way,
            execute_on: known.execute_on,
        };
        return if asked == new {
            Ok(Made::Before(known))
        } else {
            Err(RefundError::SameIdOtherContent)
        };
    }
    if new.execute_on < calendar::paris_date(at) {
        return Err(RefundError::ExecuteOnPast);
    }
    let refundable = Account::refundable(new.programme_id.book(), known::party(new.funder_id));
    let cents = ledger::balance(tx, refundable).await?;
    if !cents.is_positive() {
        return Err(RefundError::Nothing);
    }
    insert(tx, new, cents, at).await?;
    book(tx, event(new, cents)?, at).await?;
    audit(tx, who, at, "refund.create", Some(new.id.uuid()), (cents, new.way)).await?;
    tracing::info!(%cents, way = new.way.word(), "refunded");
    let made = read(tx, new.id).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Made::Now(made))
}

fn accounts(new: NewRefund) -> Vec<Account> {
    let (funder, programme) = (known::party(new.funder_id), new.programme_id.book());
    let mut accounts = vec![
        Account::refundable(programme, funder),
        Account::clearing(programme),
        Account::clearing(BookId::fund()),
        Account::deposited(funder),
    ];
    if new.way == Way::Bank {
        accounts.push(Account::in_transit(funder));
    }
    accounts
}

fn payment_id(new: NewRefund) -> PaymentId {
    PaymentId::derive(b"payment", &[new.id.uuid().as_bytes(), new.funder_id.uuid().as_bytes()])
}

fn event(new: NewRefund, cents: Cents) -> Result<Event, BookError> {
    let (funder, programme) = (known::party(new.funder_id), new.programme_id.book());
    let (given_back, deposited) = (TransferKind::GivenBack, Account::deposited(funder));
    let event = Event::new(EventKind::Refunded, new.id.uuid())
        .reference(payment_id(new).end_to_end())
        .leg(
            given_back,
            Account::refundable(programme, funder),
            Account::clearing(programme),
            cents,
        )?
        .leg(given_back, Account::clearing(BookId::fund()), deposited, cents)?;
    match new.way {
        Way::Credit => Ok(event),
        Way::Bank => Ok(event.leg(TransferKind::RefundSent, deposited, Account::in_transit(funder), cents)?),
    }
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    new: NewRefund,
    cents: Cents,
    at: DateTime<Utc>,
) -> Result<(), RefundError> {
    sqlx::query!(
        "insert into funding.refund (id, funder_id, programme_id, cents, way, execute_on, at, message_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.id.uuid(),
        new.funder_id.uuid(),
        new.programme_id.uuid(),
        cents.get(),
        new.way.word(),
        new.execute_on,
        at,
        message_id(new.id.uuid()),
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        // The locks are the funder's and the programme's: for others the same id may be used at the same time.
        error if database::is_constraint(&error, "refund_pk") => RefundError::SameIdOtherContent,
        error => error.into(),
    })?;
    if new.way == Way::Credit {
        return Ok(());
    }
    let payment = payment_id(new);
    sqlx::query!(
        "insert into funding.payment (id, refund_id, party_id, end_to_end, holder, iban, bic, cents, at)
         select $1, $2, f.id, $4, f.name, f.iban, f.bic, $5, $6 from funding.funder f where f.id = $3",
        payment.uuid(),
        new.id.uuid(),
        new.funder_id.uuid(),
        payment.end_to_end(),
        cents.get(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn read(tx: &mut PgTransaction<'_>, id: RefundId) -> Result<Option<Refund>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select r.funder_id as "funder_id: OrganisationId", r.programme_id as "programme_id: ProgrammeId", r.way,
               r.execute_on, r.cents as "amount: Cents", p.end_to_end as "end_to_end?"
           from funding.refund r left join funding.payment p on p.refund_id = r.id where r.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| Refund {
        id,
        funder_id: row.funder_id,
        programme_id: row.programme_id,
        way: if row.way == Way::Bank.word() {
            Way::Bank
        } else {
            Way::Credit
        },
        execute_on: row.execute_on,
        amount: row.amount,
        end_to_end: row.end_to_end,
    }))
}
