//! Whose money is on the bank account. A mandate counts before its money comes, so claims can be due while a funder of theirs has
//! paid nothing yet: paying them would take what the others paid.
//!
//! A funder's **cash** is what came from it, less what went back to it and its shares of what was paid or sent to structures, with what
//! closes moved to it from other funders or from it to them. Below zero, the others have advanced the difference. It cannot be below zero
//! by more than its mandates await, so only funders whose money is awaited are looked at; while there are none, no claim is read.

use std::collections::BTreeMap;

use access::OrganisationId;
use catalogue::ProgrammeId;
use ledger::{Account, BookId, PartyId};
use sqlx::PgConnection;
use standards::Cents;

use crate::{support::ids::MandateId, support::known};

/// A funder whose money is awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    pub name: String,
    /// What its mandates still await.
    pub awaited: Cents,
    /// What it has on the bank account; negative: advanced by the others.
    pub cash: Cents,
    /// The oldest of its mandates that is awaited.
    pub mandate: Option<MandateId>,
}

impl Position {
    /// Paid for it above what came from it.
    pub(crate) fn advanced(&self) -> Cents {
        self.cash.checked_neg().unwrap_or(Cents::ZERO).max(Cents::ZERO)
    }
}

/// Every funder whose money is awaited. Who pays by it holds the fund's clearing account, as settlements and refunds do.
pub(crate) async fn positions(connection: &mut PgConnection) -> Result<BTreeMap<PartyId, Position>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with waiting as (
               select party_id as funder_id, cents as awaited
               from ledger.balance where book_id = $1 and kind = 'receivable' and cents > 0
           ), own as (
               select a.account, w.funder_id
               from ledger.balance a join waiting w on w.funder_id = a.party_id
               where a.book_id = $1 and a.kind in ('receivable', 'deposited')
           ), moved as (
               -- From and to the bank account, what nobody has explained, and payment files.
               select o.funder_id, t.cents from own o join ledger.fund_movement t on t.book_id = $1 and t.credit_account = o.account
               where t.debit_kind in ('bank', 'suspense', 'in_transit')
               union all
               select o.funder_id, -t.cents from own o join ledger.fund_movement t on t.book_id = $1 and t.debit_account = o.account
               where t.credit_kind in ('bank', 'suspense', 'in_transit')
               union all
               select w.funder_id, case when p.to_funder = w.funder_id then p.cents else -p.cents end
               from waiting w join funding.true_up_payment p on w.funder_id in (p.from_funder, p.to_funder)
               union all
               select w.funder_id, -l.sign * c.cents
               from (
                   select s.book_id, s.claim_id, sign(sum(s.cents))::bigint as sign
                   from funding.settlement_line s
                   where s.book_id in (
                           select a.book_id from ledger.funder_balance a join waiting w on w.funder_id = a.funder_id
                           where a.kind = 'reserved')
                       and not exists (
                           select from funding.payment_answer b
                           where b.payment_id = s.payment_id and b.answer in ('returned', 'rejected'))
                   group by s.book_id, s.claim_id having sum(s.cents) <> 0) l
               join ledger.claim_share c on c.book_id = l.book_id and c.claim_id = l.claim_id
               join waiting w on w.funder_id = c.funder_id)
           select w.funder_id as "funder!: PartyId", f.name, w.awaited as "awaited!: Cents", m.id as "mandate: MandateId",
               (select coalesce(sum(d.cents), 0) from moved d where d.funder_id = w.funder_id)::bigint as "cash!: Cents"
           from waiting w
           join funding.funder f on f.id = w.funder_id
           left join lateral (
               select s.id from funding.mandate_state s where s.funder_id = w.funder_id and s.awaited_cents > 0
               order by s.issued_on, s.id limit 1) m on true"#,
        BookId::fund().uuid(),
    )
    .fetch_all(connection)
    .await?;
    let position = |name, awaited, cash, mandate| Position {
        name,
        awaited,
        cash,
        mandate,
    };
    Ok(rows
        .into_iter()
        .map(|row| (row.funder, position(row.name, row.awaited, row.cash, row.mandate)))
        .collect())
}

/// What of a funder's free money is not what its mandates await: only that may go to programmes that accept no mandates, or back to its
/// bank. What the mandates await may stand in programmes that accept them: there it takes nothing off the money that came. `refunded`: as
/// if a programme had given back so much. Nothing when no money of it is awaited: then all of it came.
///
/// The caller holds the locks of the deposited money: whoever accepts a mandate waits for it.
pub(crate) async fn free_of_mandates(
    connection: &mut PgConnection,
    funder: OrganisationId,
    refunded: Option<(ProgrammeId, Cents)>,
) -> Result<Option<Cents>, sqlx::Error> {
    let (programme, back) = refunded.unzip();
    let row = sqlx::query!(
        r#"with moved as (
               select programme_id, cents from funding.allocation where funder_id = $1
               union all
               select programme_id, -cents from funding.refund where funder_id = $1
               union all
               select $2::uuid, -$3::bigint
               union all
               select m.programme_id, -x.deallocated_cents
               from funding.mandate_cancellation x join funding.mandate_state m on m.id = x.mandate_id
               where m.funder_id = $1)
           select (select coalesce(sum(awaited_cents), 0) from funding.mandate_state where funder_id = $1)::bigint
                   as "awaited!: Cents",
               (select coalesce(sum(d.cents), 0) from moved d
                join (select distinct on (programme_id) programme_id, accepts_mandates
                      from catalogue.funding_terms order by programme_id, version desc) t
                    on t.programme_id = d.programme_id and t.accepts_mandates)::bigint
                   as "placed!: Cents""#,
        funder.uuid(),
        programme.map(ProgrammeId::uuid),
        back.map(Cents::get),
    )
    .fetch_one(&mut *connection)
    .await?;
    if row.awaited.is_zero() {
        return Ok(None);
    }
    let elsewhere = row.awaited.checked_sub(row.placed).unwrap_or_default().max(Cents::ZERO);
    let deposited = ledger::read::balance(connection, Account::deposited(known::party(funder))).await?;
    let free = deposited
        .checked_add(back.unwrap_or_default())
        .and_then(|free| free.checked_sub(elsewhere));
    Ok(Some(free.unwrap_or_default()))
}

/// What the bank account can pay: its balance, less what payment files already take and what nobody has explained yet.
pub(crate) async fn at_bank(connection: &mut PgConnection) -> Result<Cents, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(
               case kind when 'bank' then cents when 'in_transit' then -cents when 'suspense' then least(-cents, 0)
                   end), 0)::bigint as "cents!: Cents"
           from ledger.balance where book_id = $1"#,
        BookId::fund().uuid(),
    )
    .fetch_one(connection)
    .await
}
