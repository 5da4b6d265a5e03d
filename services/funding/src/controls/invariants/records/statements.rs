//! What the bank says against what the books made of it.

use sqlx::PgConnection;
use standards::Cents;

use crate::controls::invariants::records::Sides;

/// By call, or by the mandate that a line brought more than: a contribution bears its reference.
pub(super) async fn contributions(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with seen as (
               select k.reference, sum(l.cents) as cents
               from funding.statement_line l join funding.call k on k.id = l.matched_id
               where l.matched_kind = 'call' group by k.reference
               union all
               select m.reference, sum(r.rest_cents)
               from funding.mandate_receipt r join funding.mandate m on m.id = r.mandate_id
               where r.rest_cents > 0 group by m.reference
           ), booked as (
               select reference, sum(cents) as cents from ledger.fund_movement where kind = 'received' group by reference)
           select coalesce(sum(s.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "mismatches!"
           from seen s full join booked b using (reference)"#
    )
    .fetch_one(connection)
    .await
}

/// By line: money in counts positive.
pub(super) async fn unexplained(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with seen as (
               select format('relevé %s, ligne %s', s.position, l.line) as reference, l.cents
               from funding.statement_line l join funding.statement s on s.id = l.statement_id
               where l.rule is null and l.cents <> 0
           ), booked as (
               select reference, case when debit_kind = 'bank' then cents else -cents end as cents
               from ledger.fund_movement where kind = 'unexplained')
           select coalesce(sum(s.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "mismatches!"
           from seen s full join booked b using (reference)"#
    )
    .fetch_one(connection)
    .await
}

/// By reference: whatever left suspense was said by a person.
pub(super) async fn explained(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with said as (
               select reference, sum(cents) as cents from funding.explanation_part group by reference
           ), booked as (
               select reference, sum(case when debit_kind = 'suspense' then cents else -cents end) as cents
               from ledger.fund_movement where kind = 'explained' and 'suspense' in (debit_kind, credit_kind) group by reference)
           select coalesce(sum(s.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "mismatches!"
           from said s full join booked b using (reference)"#
    )
    .fetch_one(connection)
    .await
}

/// By explanation: lines that are explained together are their parts together.
pub(super) async fn explained_whole(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with line as (
               select e.explanation_id, sum(l.cents) as cents
               from funding.explained_line e join funding.statement_line l using (statement_id, line) group by e.explanation_id
           ), part as (
               select explanation_id, sum(cents) as cents from funding.explanation_part group by explanation_id)
           select coalesce(sum(l.cents), 0)::bigint as "left!: Cents", coalesce(sum(p.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where l.explanation_id is null or coalesce(l.cents, 0) <> coalesce(p.cents, 0)) as "mismatches!"
           from line l full join part p using (explanation_id)"#
    )
    .fetch_one(connection)
    .await
}

/// By line: what the bank took beyond payments is booked as its charge.
pub(super) async fn tolerated(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with seen as (
               select format('relevé %s, ligne %s', s.position, l.line) as reference, -l.cents - p.cents as cents
               from funding.statement_line l
               join funding.statement s on s.id = l.statement_id
               join funding.payment p on p.id = l.matched_id
               where l.matched_kind = 'payment' and -l.cents <> p.cents
           ), booked as (
               select reference, sum(cents) as cents from ledger.fund_movement where kind = 'bank_charge' group by reference)
           select coalesce(sum(s.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "mismatches!"
           from seen s full join booked b using (reference)"#
    )
    .fetch_one(connection)
    .await
}

/// What waits in suspense is the lines that nobody has explained, each of which has its break.
pub(super) async fn suspense(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with waiting as (
               select l.cents, b.id as break_id
               from funding.statement_line l
               left join funding.explained_line e on e.statement_id = l.statement_id and e.line = l.line
               left join funding.break b on b.statement_id = l.statement_id and b.line = l.line
               where l.rule is null and l.cents <> 0 and e.explanation_id is null)
           select (select coalesce(sum(cents), 0)::bigint from waiting) as "left!: Cents",
               (select coalesce(sum(cents), 0)::bigint from ledger.balance where kind = 'suspense') as "right!: Cents",
               (select count(*) from waiting where break_id is null) as "mismatches!""#
    )
    .fetch_one(connection)
    .await
}

/// Each statement adds up and opens where the one before closed; what the first one opens with is taken over by its line 0, and no
/// other statement has one.
pub(super) async fn continuous(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with line as (
               select statement_id, sum(cents) filter (where line > 0) as cents, sum(cents) filter (where line = 0) as before
               from funding.statement_line group by statement_id
           ), statement as (
               select s.closing_cents, s.opening_cents + coalesce(l.cents, 0) as expected,
                   s.opening_cents <> lag(s.closing_cents, 1, coalesce(l.before, 0)::bigint) over (order by s.position)
                       or (l.before is not null and s.position > 1) as gap,
                   coalesce(l.cents, 0) as moved, s.closing_cents - s.opening_cents as said
               from funding.statement s left join line l on l.statement_id = s.id)
           select coalesce(sum(moved), 0)::bigint as "left!: Cents", coalesce(sum(said), 0)::bigint as "right!: Cents",
               count(*) filter (where closing_cents <> expected or gap) as "mismatches!"
           from statement"#
    )
    .fetch_one(connection)
    .await
}
