//! Money goes back to a funder: what a programme owes it, or a part of its free money.
//!
//! | out of | by | in the books |
//! |---|---|---|
//! | a programme, all that it owes back | credit | refundable → clearing · clearing → deposited |
//! | the same | bank | the same, then deposited → in transit |
//! | free money, the amount that is asked for | bank | deposited → in transit |
//!
//! Free money is also where a refund ends that the bank or the second person rejected ([`mod@crate::payments::approval`]), so that one never gets stuck.

mod rejection;
mod view;
mod write;

use access::{OrganisationId, audit};
use bounds::{Amount, AmountKind};
use catalogue::ProgrammeId;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use database::UseCaseError;
use ledger::{Account, BookId, EventKind, TransferKind};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::{Cents, calendar};
use utoipa::ToSchema;
use web::Created;

use crate::payments::approval::{self, DecideRejection, Decision};
use crate::payments::payment_order::PaymentOrder;
use crate::support::booking::{BookError, Event, book};
use crate::{contributions::cash, shares::true_up, support::ids::PaymentId, support::ids::RefundId, support::known};

pub use rejection::RefundRejection;
pub use view::{Refund, list, read};

/// Where unused value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundMethod {
    /// Back to the funder's bank account, by a payment file.
    Bank,
    /// Into the funder's free money, for any programme.
    Credit,
}

impl RefundMethod {
    const fn word(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Credit => "credit",
        }
    }
}

/// What of a funder's money in a programme is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundScope {
    /// Unused value, owed back to it.
    OwedBack,
    /// That, and what never stood behind a batch: at the end of the programme.
    Everything,
}

/// A refund to be made: of all that a programme owes back to a funder, or of its free money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRefund {
    /// Made by the caller.
    pub id: RefundId,
    pub funder_id: OrganisationId,
    /// Out of which programme; without one, out of the funder's free money.
    pub programme_id: Option<ProgrammeId>,
    /// How much of its free money; absent with a programme, which gives back all that it owes.
    #[schema(value_type = Option<Amount>)]
    pub amount: Option<Cents>,
    /// Free money by the bank only.
    pub method: RefundMethod,
    /// When the bank shall pay; the day of the decision for a credit.
    pub execute_on: NaiveDate,
}

/// Gives back what a programme owes a funder, whole, or a part of its free money; or finds that it was given back before.
pub(crate) async fn refund(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    new: NewRefund,
    what: RefundScope,
    at: DateTime<Utc>,
) -> Result<Created<Refund>, UseCaseError<RefundRejection>> {
    let source = RefundSource::of(new, what)?;
    if let RefundSource::Programme(programme, _) = source
        && !known::programme(tx, programme).await?
    {
        return Err(RefundRejection::NoProgramme.into());
    }
    if !known::funder(tx, new.funder_id).await? {
        return Err(RefundRejection::NoFunder.into());
    }
    // The lock also makes the second of two equal requests wait for the first.
    ledger::lock(tx, &accounts(new, source))
        .await
        .map_err(BookError::from)?;
    if let Some(known) = read(tx, new.id).await? {
        return if same(&known, new) {
            Ok(Created::Existing(known))
        } else {
            Err(UseCaseError::IdReused)
        };
    }
    if known::settlement(tx, new.id.uuid()).await? {
        return Err(UseCaseError::IdReused);
    }
    if new.execute_on < calendar::paris_date(at) {
        return Err(RefundRejection::ExecuteOnPast.into());
    }
    let money = money(tx, new, source).await?;
    check(tx, new, money.all).await?;
    let cents = money.all;
    write::insert(tx, new, money, at).await?;
    book(tx, event(new, source, money)?, at).await?;
    if new.method == RefundMethod::Bank {
        let unasked = unasked(tx, new, at).await?;
        approval::propose(tx, who, PaymentOrder::Refund(new.id), cents, unasked, at).await?;
    }
    audit(tx, who, at, "refund.create", Some(new.id.uuid()), (cents, new.method)).await?;
    tracing::info!(%cents, method = new.method.word(), "refunded");
    let made = read(tx, new.id).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Created::New(made))
}

/// Approves or rejects a refund that waits ([`mod@crate::payments::approval`]).
pub(crate) async fn approve_or_reject(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    id: RefundId,
    decision: &Decision,
    at: DateTime<Utc>,
) -> Result<Created<Refund>, UseCaseError<DecideRejection>> {
    let order = PaymentOrder::Refund(id);
    let made = approval::approve_or_reject(tx, who, order, decision, at).await?;
    let refund = read(tx, id).await?.ok_or(DecideRejection::Unknown(order))?;
    Ok(made.map(|()| refund))
}

/// Days in which a funder's refunds count together: else one person would send a large sum as many small ones.
const TOGETHER_DAYS: i64 = 30;

/// What went to the funder's bank in these days and nobody else looked at, but this refund.
async fn unasked(tx: &mut PgTransaction<'_>, new: NewRefund, at: DateTime<Utc>) -> Result<Cents, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(r.cents), 0)::bigint as "cents!: Cents"
           from funding.refund r
           where r.funder_id = $1 and r.id <> $2 and r.method = 'bank' and r.at > $3
               and not exists (select from funding.payment_proposal w where w.refund_id = r.id)"#,
        new.funder_id.uuid(),
        new.id.uuid(),
        at - TimeDelta::days(TOGETHER_DAYS),
    )
    .fetch_one(&mut **tx)
    .await
}

/// Out of what it is paid.
#[derive(Clone, Copy)]
enum RefundSource {
    /// What this programme owes.
    Programme(ProgrammeId, RefundScope),
    /// So much of the free money.
    Free(Cents),
}

impl RefundSource {
    fn of(new: NewRefund, what: RefundScope) -> Result<Self, RefundRejection> {
        match (new.programme_id, new.amount) {
            (Some(programme), None) => Ok(Self::Programme(programme, what)),
            (None, _) if new.method == RefundMethod::Credit => Err(RefundRejection::FreeCredit),
            (None, Some(amount)) if Amount::fits(amount) => Ok(Self::Free(amount)),
            _ => Err(RefundRejection::Amount),
        }
    }
}

/// Whether `known` came from the same request.
fn same(known: &Refund, new: NewRefund) -> bool {
    let asked = NewRefund {
        id: known.id,
        funder_id: known.funder_id,
        programme_id: known.programme_id,
        amount: known.programme_id.is_none().then_some(known.amount),
        method: known.method,
        execute_on: known.execute_on,
    };
    asked == new
}

/// What is given back.
#[derive(Clone, Copy)]
struct RefundMoney {
    all: Cents,
    owed_back: Cents,
    unspent: Cents,
}

async fn money(
    tx: &mut PgTransaction<'_>,
    new: NewRefund,
    source: RefundSource,
) -> Result<RefundMoney, UseCaseError<RefundRejection>> {
    let funder = known::party(new.funder_id);
    let (programme, what) = match source {
        RefundSource::Programme(programme, what) => (programme.book(), what),
        RefundSource::Free(amount) => {
            let free = ledger::read::balance(tx, Account::deposited(funder)).await?;
            if free < amount {
                return Err(RefundRejection::NotFree(free).into());
            }
            return Ok(RefundMoney {
                all: amount,
                owed_back: Cents::ZERO,
                unspent: Cents::ZERO,
            });
        }
    };
    let owed_back = ledger::read::balance(tx, Account::refundable(programme, funder)).await?;
    let unspent = match what {
        RefundScope::OwedBack => Cents::ZERO,
        RefundScope::Everything => ledger::read::balance(tx, Account::available(programme, funder)).await?,
    };
    let all = owed_back
        .checked_add(unspent)
        .ok_or_else(|| sqlx::Error::Decode("more than 64 bits of cents".into()))?;
    if !all.is_positive() {
        return Err(RefundRejection::Nothing.into());
    }
    Ok(RefundMoney {
        all,
        owed_back,
        unspent,
    })
}

/// Nothing goes back that its funder owes another one, nor to the bank what has not come from there.
async fn check(tx: &mut PgTransaction<'_>, new: NewRefund, cents: Cents) -> Result<(), UseCaseError<RefundRejection>> {
    let funder = known::party(new.funder_id);
    let due = match new.programme_id {
        Some(programme) => true_up::due(tx, programme).await?,
        // Of whichever programme: free money is all that a funder may have left.
        None => true_up::all_due(tx)
            .await?
            .into_iter()
            .flat_map(|(_, due)| due)
            .collect(),
    };
    if due.iter().any(|payment| payment.from == funder) {
        return Err(RefundRejection::TrueUpDue.into());
    }
    if new.method == RefundMethod::Credit {
        return Ok(());
    }
    let refunded = new.programme_id.map(|programme| (programme, cents));
    if let Some(own) = cash::free_of_mandates(tx, new.funder_id, refunded)
        .await?
        .filter(|own| *own < cents)
    {
        return Err(RefundRejection::MoneyAwaited(own).into());
    }
    if let Some(position) = cash::positions(tx)
        .await?
        .get(&funder)
        .filter(|position| position.cash < cents)
    {
        return Err(RefundRejection::MoneyAwaited(position.cash).into());
    }
    let bank = cash::at_bank(tx).await?;
    if bank < cents {
        return Err(RefundRejection::BankShort(bank).into());
    }
    Ok(())
}

fn accounts(new: NewRefund, source: RefundSource) -> Vec<Account> {
    let funder = known::party(new.funder_id);
    let mut accounts = vec![Account::clearing(BookId::fund()), Account::deposited(funder)];
    if let RefundSource::Programme(programme, _) = source {
        let programme = programme.book();
        accounts.extend([
            Account::available(programme, funder),
            Account::refundable(programme, funder),
            Account::clearing(programme),
        ]);
    }
    if new.method == RefundMethod::Bank {
        accounts.push(Account::in_transit(funder));
    }
    accounts
}

fn payment_id(new: NewRefund) -> PaymentId {
    PaymentId::derive(b"payment", &[new.id.uuid().as_bytes(), new.funder_id.uuid().as_bytes()])
}

fn event(new: NewRefund, source: RefundSource, money: RefundMoney) -> Result<Event, BookError> {
    let funder = known::party(new.funder_id);
    let (refunded, deposited) = (TransferKind::Refunded, Account::deposited(funder));
    let mut event = Event::new(EventKind::Refunded, new.id.uuid()).reference(payment_id(new).end_to_end());
    if let RefundSource::Programme(programme, _) = source {
        let programme = programme.book();
        for (from, cents) in [
            (Account::refundable(programme, funder), money.owed_back),
            (Account::available(programme, funder), money.unspent),
        ] {
            if cents.is_positive() {
                event = event.leg(refunded, from, Account::clearing(programme), cents)?;
            }
        }
        event = event.leg(refunded, Account::clearing(BookId::fund()), deposited, money.all)?;
    }
    match new.method {
        RefundMethod::Credit => Ok(event),
        RefundMethod::Bank => Ok(event.leg(
            TransferKind::RefundSent,
            deposited,
            Account::in_transit(funder),
            money.all,
        )?),
    }
}
