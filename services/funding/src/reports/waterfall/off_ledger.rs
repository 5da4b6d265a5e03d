//! What the books do not know: promises, orders, hand-overs, which claims were paid, which refunds left; as it stood at an
//! instant (exclusive), or as it stands.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use ledger::{BookId, PartyId};
use rust_decimal::Decimal;
use shares::Plan;
use sqlx::PgConnection;
use standards::{Cents, Territory};
use uuid::Uuid;

/// A funder's figures in a programme.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OffLedgerFigures {
    pub announced: Cents,
    pub agreed: Cents,
    pub called: Cents,
    /// Counted as money for the programme, and not there yet.
    pub mandated: Cents,
    pub ordered: Cents,
    pub handed_over: Cents,
    /// Of what was handed over, still on spendable vouchers.
    pub outstanding: Cents,
    pub paid: Cents,
    pub credited: Cents,
    pub returned: Cents,
}

type All = BTreeMap<(BookId, PartyId), OffLedgerFigures>;

/// A figure by programme and funder.
struct Figure {
    book: BookId,
    funder: PartyId,
    cents: Cents,
}

/// An instant, or now.
pub(super) type Until = Option<DateTime<Utc>>;

pub(super) async fn read(connection: &mut PgConnection, until: Until) -> Result<All, sqlx::Error> {
    let mut all = All::new();
    let mut add = |figures: Vec<Figure>, set: fn(&mut OffLedgerFigures) -> &mut Cents| {
        for figure in figures {
            *set(all.entry((figure.book, figure.funder)).or_default()) = figure.cents;
        }
    };
    add(announced(&mut *connection, until).await?, |figures| {
        &mut figures.announced
    });
    add(agreed(&mut *connection, until).await?, |figures| &mut figures.agreed);
    add(called(&mut *connection, until).await?, |figures| &mut figures.called);
    add(mandated(&mut *connection, until).await?, |figures| {
        &mut figures.mandated
    });
    add(ordered(&mut *connection, until).await?, |figures| &mut figures.ordered);
    add(handed_over(&mut *connection, until).await?, |figures| {
        &mut figures.handed_over
    });
    add(outstanding(&mut *connection, until).await?, |figures| {
        &mut figures.outstanding
    });
    add(paid(&mut *connection, until).await?, |figures| &mut figures.paid);
    add(refunded(&mut *connection, false, until).await?, |figures| {
        &mut figures.credited
    });
    add(refunded(&mut *connection, true, until).await?, |figures| {
        &mut figures.returned
    });
    Ok(all)
}

/// What the report and its filters need of a programme.
#[derive(Debug)]
pub(super) struct Programme {
    pub name: String,
    pub sponsor: Uuid,
    pub territory: Option<Territory>,
}

pub(super) async fn funders(connection: &mut PgConnection) -> Result<BTreeMap<PartyId, String>, sqlx::Error> {
    let rows = sqlx::query!(r#"select id as "id: PartyId", name from funding.funder"#)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

pub(super) async fn programmes(connection: &mut PgConnection) -> Result<BTreeMap<BookId, Programme>, sqlx::Error> {
    let rows = sqlx::query!(r#"select id as "id: BookId", name, sponsor_id, territory from catalogue.programme"#)
        .fetch_all(connection)
        .await?;
    let programme = |name, sponsor, territory: &str| Programme {
        name,
        sponsor,
        territory: territory.parse().ok(),
    };
    Ok(rows
        .into_iter()
        .map(|row| (row.id, programme(row.name, row.sponsor_id, &row.territory)))
        .collect())
}

/// What was announced for a programme, and what was signed without having been announced; by the day of either.
async fn announced(connection: &mut PgConnection, until: Until) -> Result<Vec<Figure>, sqlx::Error> {
    sqlx::query_as!(
        Figure,
        r#"select p.programme_id as "book!: BookId", p.funder_id as "funder!: PartyId", sum(p.cents)::bigint as "cents!: Cents"
           from (select programme_id, funder_id, cents, announced_on as day
                 from funding.announcement where programme_id is not null
                 union all
                 select programme_id, funder_id, cents, signed_on from funding.convention where announcement_id is null) p
           where $1::timestamptz is null or p.day::timestamp at time zone 'Europe/Paris' < $1
           group by p.programme_id, p.funder_id"#,
        until,
    )
    .fetch_all(connection)
    .await
}

/// What was announced and for which programme nobody said.
pub(super) async fn announced_at_large(
    connection: &mut PgConnection,
    until: Until,
) -> Result<BTreeMap<PartyId, Cents>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select funder_id as "funder: PartyId", sum(cents)::bigint as "cents!: Cents"
           from funding.announcement
           where programme_id is null and ($1::timestamptz is null or announced_on::timestamp at time zone 'Europe/Paris' < $1)
           group by funder_id"#,
        until,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.funder, row.cents)).collect())
}

/// By the day of the signature, which begins at midnight in Paris.
async fn agreed(connection: &mut PgConnection, until: Until) -> Result<Vec<Figure>, sqlx::Error> {
    sqlx::query_as!(
        Figure,
        r#"select programme_id as "book: BookId", funder_id as "funder: PartyId", sum(cents)::bigint as "cents!: Cents"
           from funding.convention
           where $1::timestamptz is null or signed_on::timestamp at time zone 'Europe/Paris' < $1
           group by programme_id, funder_id"#,
        until,
    )
    .fetch_all(connection)
    .await
}

async fn called(connection: &mut PgConnection, until: Until) -> Result<Vec<Figure>, sqlx::Error> {
    sqlx::query_as!(
        Figure,
        r#"select c.programme_id as "book: BookId", c.funder_id as "funder: PartyId", sum(k.cents)::bigint as "cents!: Cents"
           from funding.call k join funding.convention c on c.id = k.convention_id
           where $1::timestamptz is null or k.called_at < $1
           group by c.programme_id, c.funder_id"#,
        until,
    )
    .fetch_all(connection)
    .await
}

/// Of mandates, what had neither come nor been cancelled.
async fn mandated(connection: &mut PgConnection, until: Until) -> Result<Vec<Figure>, sqlx::Error> {
    sqlx::query_as!(
        Figure,
        r#"with come as (
               select r.mandate_id, sum(r.cents) as cents
               from funding.mandate_receipt r
               join funding.statement s on s.id = r.statement_id
               left join funding.explained_line l on l.statement_id = r.statement_id and l.line = r.line
               left join funding.explanation e on e.id = l.explanation_id
               where $1::timestamptz is null or coalesce(e.at, s.loaded_at) < $1 group by r.mandate_id)
           select c.programme_id as "book: BookId", m.funder_id as "funder: PartyId",
               sum(m.cents - coalesce(come.cents, 0) - coalesce(x.cents, 0))::bigint as "cents!: Cents"
           from funding.mandate m
           join funding.convention c on c.id = m.convention_id
           left join come on come.mandate_id = m.id
           left join funding.mandate_cancellation x on x.mandate_id = m.id and ($1::timestamptz is null or x.at < $1)
           where $1::timestamptz is null or m.accepted_at < $1
           group by c.programme_id, m.funder_id"#,
        until,
    )
    .fetch_all(connection)
    .await
}

/// Each batch by its own plan, in the exact shares of its vouchers; less those that were revoked before they were worth anything
/// (what was revoked later is taken off with the money that it gave back).
async fn ordered(connection: &mut PgConnection, until: Until) -> Result<Vec<Figure>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select b.book_id as "book!: BookId", b.booklets as "booklets!", b.booklet_size as "booklet_size!",
               b.face_value_cents as "face_value!: Cents",
               array_agg(s.funder_id order by s.rank) as "funders!: Vec<PartyId>",
               array_agg(s.rate order by s.rank) as "rates!: Vec<Decimal>",
               array(select v.serial from issuer.revoked_voucher v
                     where v.book_id = b.book_id and v.batch_id = b.batch_id and ($1::timestamptz is null or v.at < $1)
                         and not exists (select from ledger.voucher o where o.book_id = v.book_id and o.number = v.number)
                     order by v.serial) as "given_up!: Vec<i32>"
           from issuer.batch_memo b join issuer.batch_plan_share s on s.book_id = b.book_id and s.batch_id = b.batch_id
           where case when $1::timestamptz is null then b.cancelled_at is null
               else b.ordered_at < $1 and (b.cancelled_at is null or b.cancelled_at >= $1) end
           group by b.book_id, b.batch_id, b.booklets, b.booklet_size, b.face_value_cents"#,
        until,
    )
    .fetch_all(connection)
    .await?;
    let mut sums: BTreeMap<(BookId, PartyId), Cents> = BTreeMap::new();
    for row in rows {
        let wrong = || sqlx::Error::Decode("a batch was stored without a plan or with too many vouchers".into());
        let plan = Plan::new(row.funders.into_iter().zip(row.rates).collect()).map_err(|_| wrong())?;
        let vouchers = row
            .booklets
            .checked_mul(row.booklet_size)
            .and_then(|n| u32::try_from(n).ok())
            .ok_or_else(wrong)?;
        let mut shares = plan.sum_first(vouchers, row.face_value);
        for serial in row.given_up {
            let serial = u32::try_from(serial).ok().and_then(NonZeroU32::new).ok_or_else(wrong)?;
            for (share, cents) in shares.iter_mut().zip(plan.split(serial, row.face_value)) {
                *share = share.checked_sub(cents).ok_or_else(wrong)?;
            }
        }
        for (&(funder, _), share) in plan.funders().iter().zip(shares) {
            let sum = sums.entry((row.book, funder)).or_default();
            *sum = sum.checked_add(share).ok_or_else(wrong)?;
        }
    }
    Ok(sums
        .into_iter()
        .map(|((book, funder), cents)| Figure { book, funder, cents })
        .collect())
}

/// By who paid each voucher, less those that a revocation gave back.
async fn handed_over(connection: &mut PgConnection, until: Until) -> Result<Vec<Figure>, sqlx::Error> {
    sqlx::query_as!(
        Figure,
        r#"select o.book_id as "book!: BookId", o.funder_id as "funder!: PartyId", sum(o.cents)::bigint as "cents!: Cents"
           from issuer.handed_over_voucher h
           join ledger.voucher_share o on o.book_id = h.book_id and o.number = h.number
           where ($1::timestamptz is null or (h.handed_over_at < $1 and o.at < $1))
               and not exists (
                   select from ledger.forfeited_voucher f
                   where f.book_id = h.book_id and f.number = h.number and not f.expired
                       and ($1::timestamptz is null or f.at < $1))
           group by o.book_id, o.funder_id"#,
        until,
    )
    .fetch_all(connection)
    .await
}

/// By who paid each voucher, those whose account still holds something; at an instant, those that nothing took until then.
async fn outstanding(connection: &mut PgConnection, until: Until) -> Result<Vec<Figure>, sqlx::Error> {
    let Some(until) = until else {
        return sqlx::query_as!(
            Figure,
            r#"select o.book_id as "book!: BookId", o.funder_id as "funder!: PartyId", sum(o.cents)::bigint as "cents!: Cents"
               from issuer.handed_over_voucher h
               join ledger.voucher v on v.book_id = h.book_id and v.number = h.number and v.spendable_cents > 0
               join ledger.voucher_share o on o.book_id = h.book_id and o.number = h.number
               group by o.book_id, o.funder_id"#
        )
        .fetch_all(connection)
        .await;
    };
    sqlx::query_as!(
        Figure,
        r#"select o.book_id as "book!: BookId", o.funder_id as "funder!: PartyId", sum(o.cents)::bigint as "cents!: Cents"
           from issuer.handed_over_voucher h
           join ledger.voucher_share o on o.book_id = h.book_id and o.number = h.number and o.at < $1
           where h.handed_over_at < $1 and not exists (
               select from ledger.voucher_debit gone
               left join ledger.claim_reversal back
                   on back.book_id = gone.book_id and back.claim_transfer_id = gone.transfer_id and back.at < $1
               where gone.book_id = h.book_id and gone.number = h.number and gone.at < $1 and back.transfer_id is null)
           group by o.book_id, o.funder_id"#,
        until,
    )
    .fetch_all(connection)
    .await
}

/// The lines of payments that left and did not come back, by who paid the claim's vouchers; a deduction counts less.
async fn paid(connection: &mut PgConnection, until: Until) -> Result<Vec<Figure>, sqlx::Error> {
    sqlx::query_as!(
        Figure,
        r#"with line as (
               select l.book_id, l.claim_id, sign(sum(l.cents)) as sign
               from funding.settlement_line l
               join funding.payment_answer a on a.payment_id = l.payment_id and a.answer = 'debited'
                   and ($1::timestamptz is null or a.at < $1)
               where not exists (
                   select from funding.payment_answer b
                   where b.payment_id = l.payment_id and b.answer in ('returned', 'rejected')
                       and ($1::timestamptz is null or b.at < $1))
               group by l.book_id, l.claim_id
               having sum(l.cents) <> 0)
           select l.book_id as "book!: BookId", c.funder_id as "funder!: PartyId",
               sum(l.sign * c.cents)::bigint as "cents!: Cents"
           from line l
           join ledger.claim_share c on c.book_id = l.book_id and c.claim_id = l.claim_id
           group by l.book_id, c.funder_id"#,
        until,
    )
    .fetch_all(connection)
    .await
}

/// Refunds that left the bank account, or those that are the funder's free money again (credits, and those that came
/// back).
async fn refunded(connection: &mut PgConnection, left: bool, until: Until) -> Result<Vec<Figure>, sqlx::Error> {
    sqlx::query_as!(
        Figure,
        r#"with refund as (
               select r.programme_id, r.funder_id, r.cents,
                   exists (
                       select from funding.payment_answer a
                       where a.payment_id = p.id and a.answer = 'debited'
                           and ($2::timestamptz is null or a.at < $2)) as debited,
                   p.id is null or exists (
                       select from funding.payment_answer a
                       where a.payment_id = p.id and a.answer in ('returned', 'rejected')
                           and ($2::timestamptz is null or a.at < $2)) as free
               from funding.refund r left join funding.payment p on p.refund_id = r.id
               where r.programme_id is not null and ($2::timestamptz is null or r.at < $2))
           select programme_id as "book!: BookId", funder_id as "funder: PartyId", sum(cents)::bigint as "cents!: Cents"
           from refund
           where case when $1 then debited and not free else free end
           group by programme_id, funder_id"#,
        left,
        until,
    )
    .fetch_all(connection)
    .await
}
