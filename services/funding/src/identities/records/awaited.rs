//! Mandates, the operator's own invoices and closes against what the books made of them.

use sqlx::PgConnection;
use standards::Cents;

use crate::identities::IdentityView;
use crate::identities::records::Sides;

/// All of them, by name.
pub(super) async fn check(connection: &mut PgConnection) -> Result<[IdentityView; 8], sqlx::Error> {
    Ok([
        accepted(&mut *connection)
            .await?
            .named("Mandats acceptés = écritures de mandat"),
        received(&mut *connection)
            .await?
            .named("Mandats encaissés au relevé = écritures d'encaissement de mandat"),
        cancelled(&mut *connection)
            .await?
            .named("Mandats annulés = écritures d'annulation de mandat"),
        deallocated(&mut *connection)
            .await?
            .named("Affectations retirées avec un mandat = écritures de retrait"),
        invoiced(&mut *connection)
            .await?
            .named("Rémunération facturée + TVA = écritures de facture"),
        credited(&mut *connection)
            .await?
            .named("Avoirs + TVA = écritures d'avoir"),
        paid(&mut *connection)
            .await?
            .named("Factures encaissées au relevé = écritures d'encaissement"),
        settled(connection)
            .await?
            .named("Régularisations entre financeurs = écritures de clôture"),
    ])
}

async fn accepted(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with said as (select reference, sum(cents) as cents from funding.mandate group by reference),
               booked as (select reference, sum(cents) as cents from ledger.transfer where kind = 31 group by reference)
           select coalesce(sum(s.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "off!"
           from said s full join booked b using (reference)"#
    )
    .fetch_one(connection)
    .await
}

async fn received(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with seen as (
               select m.reference, sum(l.cents - r.rest_cents) as cents
               from funding.statement_line l
               join funding.mandate_receipt r on r.statement_id = l.statement_id and r.line = l.line
               join funding.mandate m on m.id = r.mandate_id and m.id = l.matched_id
               where l.matched_kind = 'mandate' group by m.reference
           ), booked as (select reference, sum(cents) as cents from ledger.transfer where kind = 32 group by reference)
           select coalesce(sum(s.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "off!"
           from seen s full join booked b using (reference)"#
    )
    .fetch_one(connection)
    .await
}

async fn cancelled(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with said as (
               select m.reference, sum(x.cents) as cents
               from funding.mandate_cancellation x join funding.mandate m on m.id = x.mandate_id group by m.reference
           ), booked as (select reference, sum(cents) as cents from ledger.transfer where kind = 44 group by reference)
           select coalesce(sum(s.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "off!"
           from said s full join booked b using (reference)"#
    )
    .fetch_one(connection)
    .await
}

async fn deallocated(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with said as (
               select m.reference, sum(x.deallocated_cents) as cents
               from funding.mandate_cancellation x join funding.mandate m on m.id = x.mandate_id
               where x.deallocated_cents > 0 group by m.reference
           ), booked as (
               select reference, sum(cents) as cents from ledger.transfer where kind = 45 and debit >> 56 = 7 group by reference)
           select coalesce(sum(s.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "off!"
           from said s full join booked b using (reference)"#
    )
    .fetch_one(connection)
    .await
}

async fn invoiced(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with said as (select number as reference, net_cents + vat_cents as cents from funding.fee),
               booked as (select reference, sum(cents) as cents from ledger.transfer where kind = 46 group by reference)
           select coalesce(sum(s.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "off!"
           from said s full join booked b using (reference)"#
    )
    .fetch_one(connection)
    .await
}

async fn credited(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with said as (select number as reference, net_cents + vat_cents as cents from funding.credit_note),
               booked as (select reference, sum(cents) as cents from ledger.transfer where kind = 50 group by reference)
           select coalesce(sum(s.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "off!"
           from said s full join booked b using (reference)"#
    )
    .fetch_one(connection)
    .await
}

async fn paid(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with seen as (
               select f.number as reference, sum(l.cents) as cents
               from funding.statement_line l
               join funding.fee f on f.id = l.matched_id
               where l.matched_kind = 'fee' group by f.number
           ), booked as (select reference, sum(cents) as cents from ledger.transfer where kind = 47 group by reference)
           select coalesce(sum(s.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "off!"
           from seen s full join booked b using (reference)"#
    )
    .fetch_one(connection)
    .await
}

async fn settled(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with said as (
               select p.programme_id as book_id, p.from_funder, p.to_funder, p.cents from funding.true_up_payment p
           ), booked as (
               select t.book_id, f.party as from_funder, b.party as to_funder, sum(t.cents) as cents
               from ledger.transfer t
               left join ledger.account f on f.book_id = t.book_id and f.number = t.debit
               left join ledger.account b on b.book_id = t.book_id and b.number = t.credit
               where t.kind = 42 group by t.book_id, f.party, b.party)
           select coalesce(sum(s.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "off!"
           from said s full join booked b using (book_id, from_funder, to_funder)"#
    )
    .fetch_one(connection)
    .await
}
