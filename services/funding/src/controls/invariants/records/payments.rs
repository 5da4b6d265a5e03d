//! Payments and refunds. A transfer of a payment bears its end-to-end id as reference.

use sqlx::PgConnection;
use standards::Cents;

use crate::controls::invariants::records::Sides;

/// Into a payment file: credits of `in_transit`.
pub(super) async fn sent(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with booked as (
               select reference as end_to_end, sum(cents) as cents
               from ledger.fund_movement where kind in ('settled', 'refund_sent') and credit_kind = 'in_transit'
               group by reference)
           select coalesce(sum(p.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where p.cents is distinct from b.cents) as "mismatches!"
           from funding.payment p full join booked b using (end_to_end)"#
    )
    .fetch_one(connection)
    .await
}

/// A payment is the sum of its settlement lines.
pub(super) async fn covered(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with payment as (
               select id as payment_id, cents from funding.payment where settlement_id is not null
           ), line as (
               select payment_id, sum(cents) as cents from funding.settlement_line group by payment_id)
           select coalesce(sum(p.cents), 0)::bigint as "left!: Cents", coalesce(sum(l.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where p.cents is distinct from l.cents) as "mismatches!"
           from payment p full join line l using (payment_id)"#
    )
    .fetch_one(connection)
    .await
}

/// What a payment covers is said twice: in our records, and in the log.
pub(super) async fn proven(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"select coalesce(sum(l.cents), 0)::bigint as "left!: Cents", coalesce(sum(r.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where l.cents is distinct from r.cents) as "mismatches!"
           from funding.settlement_line l full join ledger.settlement_record r using (book_id, claim_id, payment_id)"#
    )
    .fetch_one(connection)
    .await
}

/// On the statement: from `in_transit` to the bank, or to suspense where a person said so.
pub(super) async fn debited(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with answered as (
               select p.end_to_end, p.cents
               from funding.payment_answer a join funding.payment p on p.id = a.payment_id where a.answer = 'debited'
           ), booked as (
               select reference as end_to_end, sum(cents) as cents
               from ledger.fund_movement where kind in ('paid', 'refund_sent', 'explained') and debit_kind = 'in_transit'
               group by reference)
           select coalesce(sum(p.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where p.cents is distinct from b.cents) as "mismatches!"
           from answered p full join booked b using (end_to_end)"#
    )
    .fetch_one(connection)
    .await
}

/// Came back: debits of the bank, or of suspense where a person said so.
pub(super) async fn returned(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with answered as (
               select p.end_to_end, p.cents
               from funding.payment_answer a join funding.payment p on p.id = a.payment_id where a.answer = 'returned'
           ), booked as (
               select reference as end_to_end, sum(cents) as cents
               from ledger.fund_movement
               where (kind = 'rejected' and debit_kind = 'bank')
                   or (kind = 'explained' and debit_kind = 'suspense' and credit_kind = 'clearing')
               group by reference)
           select coalesce(sum(p.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where p.cents is distinct from b.cents) as "mismatches!"
           from answered p full join booked b using (end_to_end)"#
    )
    .fetch_one(connection)
    .await
}

/// Refused by the bank before their debit: debits of `in_transit` to anything but the bank.
pub(super) async fn rejected(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with answered as (
               select p.end_to_end, p.cents
               from funding.payment_answer a join funding.payment p on p.id = a.payment_id where a.answer = 'rejected'
           ), booked as (
               select reference as end_to_end, sum(cents) as cents
               from ledger.fund_movement where kind = 'rejected' and debit_kind = 'in_transit' group by reference)
           select coalesce(sum(p.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where p.cents is distinct from b.cents) as "mismatches!"
           from answered p full join booked b using (end_to_end)"#
    )
    .fetch_one(connection)
    .await
}

/// Refunds and credits, by programme and funder.
pub(super) async fn refunded(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with refunded as (
               select programme_id as book_id, funder_id, sum(cents) as cents, sum(unspent_cents) as unspent
               from funding.refund where programme_id is not null group by programme_id, funder_id
           ), booked as (
               select book_id, debit_party_id as funder_id, sum(cents) as cents,
                   coalesce(sum(cents) filter (where debit_kind = 'available'), 0) as unspent
               from ledger.fund_movement where kind = 'refunded' and debit_kind in ('available', 'refundable')
               group by book_id, debit_party_id)
           select coalesce(sum(r.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where (r.cents, r.unspent) is distinct from (b.cents, b.unspent)) as "mismatches!"
           from refunded r full join booked b using (book_id, funder_id)"#
    )
    .fetch_one(connection)
    .await
}
