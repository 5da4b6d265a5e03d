//! Mandates, the operator's own invoices and closes against what the books made of them.

use sqlx::PgConnection;
use standards::Cents;

use crate::controls::identities::IdentityView;
use crate::controls::identities::records::Sides;

/// What bears a reference in its record and in its transfers: the kind of the transfers, and the name.
const BY_REFERENCE: [(i32, &str); 7] = [
    (31, "Mandats acceptés = écritures de mandat"),
    (32, "Mandats encaissés au relevé = écritures d'encaissement de mandat"),
    (44, "Mandats annulés = écritures d'annulation de mandat"),
    (45, "Affectations retirées avec un mandat = écritures de retrait"),
    (46, "Rémunération facturée + TVA = écritures de facture"),
    (50, "Avoirs + TVA = écritures d'avoir"),
    (47, "Factures encaissées au relevé = écritures d'encaissement"),
];

/// All of them, by name.
pub(super) async fn check(connection: &mut PgConnection) -> Result<Vec<IdentityView>, sqlx::Error> {
    let mut all = by_reference(&mut *connection).await?;
    let settled = settled(connection).await?;
    all.push(settled.named("Régularisations entre financeurs = écritures de clôture"));
    Ok(all)
}

/// In one scan of the transfers; of an allocation that is taken back, the leg that leaves the programme.
async fn by_reference(connection: &mut PgConnection) -> Result<Vec<IdentityView>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with record as (
               select 31 as kind, m.reference, m.cents from funding.mandate m
               union all
               select 32, m.reference, l.cents - r.rest_cents
               from funding.statement_line l
               join funding.mandate_receipt r on r.statement_id = l.statement_id and r.line = l.line
               join funding.mandate m on m.id = r.mandate_id and m.id = l.matched_id
               where l.matched_kind = 'mandate'
               union all
               select 44, m.reference, x.cents
               from funding.mandate_cancellation x join funding.mandate m on m.id = x.mandate_id
               union all
               select 45, m.reference, x.deallocated_cents
               from funding.mandate_cancellation x join funding.mandate m on m.id = x.mandate_id where x.deallocated_cents > 0
               union all
               select 46, f.number, f.net_cents + f.vat_cents from funding.fee f
               union all
               select 50, c.number, c.net_cents + c.vat_cents from funding.credit_note c
               union all
               select 47, f.number, l.cents
               from funding.statement_line l join funding.fee f on f.id = l.matched_id where l.matched_kind = 'fee'
           ), said as (select kind, reference, sum(cents) as cents from record group by kind, reference
           ), booked as (
               select kind::integer as kind, reference, sum(cents) as cents from ledger.transfer
               where kind in (31, 32, 44, 46, 47, 50) or (kind = 45 and debit >> 56 = 7) group by 1, reference)
           select kind as "kind!", coalesce(sum(s.cents), 0)::bigint as "left!: Cents",
               coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "off!"
           from said s full join booked b using (kind, reference) group by kind"#
    )
    .fetch_all(connection)
    .await?;
    let named = BY_REFERENCE.iter().map(|&(kind, name)| {
        let row = rows.iter().find(|row| row.kind == kind);
        let sides = Sides {
            left: row.map(|row| row.left).unwrap_or_default(),
            right: row.map(|row| row.right).unwrap_or_default(),
            off: row.map_or(0, |row| row.off),
        };
        sides.named(name)
    });
    Ok(named.collect())
}

async fn settled(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with said as (
               select p.programme_id as book_id, p.from_funder, p.to_funder, sum(p.cents) as cents
               from funding.true_up_payment p group by p.programme_id, p.from_funder, p.to_funder
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
