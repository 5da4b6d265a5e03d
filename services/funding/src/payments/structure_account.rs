//! What a structure sees of its money: owed, under way, paid, to be taken back, held and why, and when the next payment comes. The
//! figures are the books' own; [`attestation()`] says them on paper, with what the fund commits itself to.

mod attestation;

use access::{Caller, Role};
use chrono::{Days, NaiveDate};
use database::UseCaseError;
use ledger::{Account, BookId, PartyId};
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use standards::{Cents, Month};
use utoipa::ToSchema;
use web::Problem;

use crate::payments::holds::{self, HeldStructure};
use crate::payments::payment_rule;
use crate::support::ids::PaymentId;
use crate::support::overflow;

pub use attestation::attestation;

/// Payments shown: two years of one a month.
const PAYMENTS_SHOWN: i64 = 24;

/// A structure's money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StructureAccount {
    pub structure_id: PartyId,
    pub name: String,
    pub siret: Option<String>,
    /// The day of these figures.
    pub on: NaiveDate,
    /// Claimed and not in a payment yet.
    pub payable: Cents,
    /// In a payment that no statement shows yet.
    pub in_transit: Cents,
    /// Debited from the fund's account and not come back.
    pub paid: Cents,
    /// Paid and then reversed: the next payment of the same programme deducts it.
    pub recoverable: Cents,
    /// Programmes where something is owed either way, by name.
    pub programmes: Vec<ProgrammeAccount>,
    /// What is not paid, and why.
    pub held: Option<HeldStructure>,
    /// When the next payment comes.
    pub next: NextPayment,
    /// The last ones, newest first; each has its advice.
    pub payments: Vec<PaymentSummary>,
}

/// A structure's money in one programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProgrammeAccount {
    #[schema(value_type = uuid::Uuid)]
    pub programme_id: BookId,
    pub name: String,
    /// Claimed and not in a payment yet.
    pub payable: Cents,
    /// To be deducted.
    pub recoverable: Cents,
}

/// When the next payment comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct NextPayment {
    /// Claims up to the end of this month are in it.
    pub month: Month,
    /// The first day on which it can be made.
    pub from: NaiveDate,
    /// The last day, by the fund's promise.
    pub by: NaiveDate,
}

/// A payment to a structure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaymentSummary {
    pub id: PaymentId,
    /// Claims up to the end of this month.
    pub month: Month,
    pub amount: Cents,
    /// The id on the bank statement.
    pub end_to_end: String,
    /// When the bank shall pay.
    pub execute_on: NaiveDate,
    /// As in a settlement.
    #[schema(example = "debited")]
    pub state: String,
}

/// No such structure, or another's.
#[derive(Debug)]
pub struct NoAccount;

impl database::Rejection for NoAccount {}

impl From<NoAccount> for Problem {
    fn from(NoAccount: NoAccount) -> Self {
        Self::not_found("Cette structure")
    }
}

/// A structure's account on a day: for the operator, and for itself.
pub async fn read(
    pool: &PgPool,
    who: &Caller,
    id: PartyId,
    on: NaiveDate,
) -> Result<StructureAccount, UseCaseError<NoAccount>> {
    let own = who.has(Role::Structure) && who.organisation().uuid() == id.uuid();
    if !who.has(Role::Operator) && !own {
        return Err(NoAccount.into());
    }
    let mut tx = pool.begin().await?;
    // All figures of one moment.
    sqlx::query!("set transaction isolation level repeatable read, read only")
        .execute(&mut *tx)
        .await?;
    let known = sqlx::query!(
        r#"select name as "name!", siret from redemption.standing where structure_id = $1"#,
        id.uuid()
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(NoAccount)?;
    let programmes = programmes(&mut tx, id).await?;
    let sum = |of: fn(&ProgrammeAccount) -> Cents| Cents::try_sum(programmes.iter().map(of)).ok_or_else(overflow);
    let (payable, recoverable) = (sum(|one| one.payable)?, sum(|one| one.recoverable)?);
    let paid = sqlx::query_scalar!(
        r#"select coalesce(sum(p.cents), 0)::bigint as "cents!: Cents" from funding.payment p
           join funding.payment_state t on t.payment_id = p.id
           where p.party_id = $1 and p.settlement_id is not null and t.state = 'debited'"#,
        id.uuid(),
    )
    .fetch_one(&mut *tx)
    .await?;
    let rules = payment_rule::in_force(&mut tx).await?;
    Ok(StructureAccount {
        structure_id: id,
        name: known.name,
        siret: known.siret,
        on,
        payable,
        in_transit: ledger::read::balance(&mut tx, Account::in_transit(id)).await?,
        paid,
        recoverable,
        programmes: programmes
            .into_iter()
            .filter(|one| one.payable.is_positive() || one.recoverable.is_positive())
            .collect(),
        held: holds::holds(&mut tx, Some(id), on).await?.structures.into_iter().next(),
        next: next(&mut tx, on, rules.delay_days).await?,
        payments: payments(&mut tx, id, !who.has(Role::Operator)).await?,
    })
}

async fn programmes(connection: &mut PgConnection, id: PartyId) -> Result<Vec<ProgrammeAccount>, sqlx::Error> {
    let rows = sqlx::query!(r#"select id as "book: BookId", name from catalogue.programme order by name, id"#)
        .fetch_all(&mut *connection)
        .await?;
    let accounts: Vec<Account> = rows
        .iter()
        .flat_map(|row| [Account::payable(row.book, id), Account::recoverable(row.book, id)])
        .collect();
    let balances = ledger::read::balances(connection, &accounts).await?;
    let pairs = balances.chunks_exact(2).map(|pair| match pair {
        [payable, recoverable] => (*payable, *recoverable),
        _ => (Cents::ZERO, Cents::ZERO),
    });
    Ok(rows
        .into_iter()
        .zip(pairs)
        .map(|(row, (payable, recoverable))| ProgrammeAccount {
            programme_id: row.book,
            name: row.name,
            payable,
            recoverable,
        })
        .collect())
}

/// Of the month before if it is not settled yet, else of the running one.
async fn next(connection: &mut PgConnection, on: NaiveDate, delay_days: i32) -> Result<NextPayment, sqlx::Error> {
    let running = Month::containing(on);
    let before = running.previous();
    let settled = sqlx::query_scalar!(
        r#"select exists (
               select from funding.settlement s where s.month >= $1
                   and not exists (select from funding.payment_decision d
                                   join funding.payment_proposal w on w.order_id = d.order_id
                                   where w.settlement_id = s.id and d.decision = 'rejected')) as "settled!""#,
        before.first_day(),
    )
    .fetch_one(connection)
    .await?;
    let (month, from) = if settled {
        (running, running.next().first_day())
    } else {
        (before, on)
    };
    let delay = Days::new(u64::try_from(delay_days).unwrap_or_default());
    let last = month.last_day();
    Ok(NextPayment {
        month,
        from,
        by: last.checked_add_days(delay).unwrap_or(last),
    })
}

/// A structure does not see what may never be sent.
async fn payments(
    connection: &mut PgConnection,
    id: PartyId,
    sent_only: bool,
) -> Result<Vec<PaymentSummary>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select p.id as "id: PaymentId", s.month, p.cents as "amount: Cents", p.end_to_end, s.execute_on, t.state as "state!"
           from funding.payment p
           join funding.settlement s on s.id = p.settlement_id
           join funding.payment_state t on t.payment_id = p.id
           where p.party_id = $1 and not ($2 and t.state in ('proposed', 'withdrawn'))
           order by p.at desc, p.id limit $3"#,
        id.uuid(),
        sent_only,
        PAYMENTS_SHOWN,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| PaymentSummary {
            id: row.id,
            month: Month::containing(row.month),
            amount: row.amount,
            end_to_end: row.end_to_end,
            execute_on: row.execute_on,
            state: row.state,
        })
        .collect())
}
