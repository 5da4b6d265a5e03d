//! Mandates and closes against what the books made of them.

use ledger::TransferKind;
use sqlx::PgConnection;
use standards::Cents;

use crate::controls::invariants::InvariantView;
use crate::controls::invariants::records::Sides;

/// What bears a reference in its record and in its transfers: the kind of the transfers, and the name.
const BY_REFERENCE: [(TransferKind, &str); 4] = [
    (TransferKind::Mandated, "Mandats acceptés = écritures de mandat"),
    (
        TransferKind::MandateReceived,
        "Mandats encaissés au relevé = écritures d'encaissement de mandat",
    ),
    (
        TransferKind::MandateCancelled,
        "Mandats annulés = écritures d'annulation de mandat",
    ),
    (
        TransferKind::Deallocated,
        "Affectations retirées avec un mandat = écritures de retrait",
    ),
];

/// All of them, by name.
pub(super) async fn check(connection: &mut PgConnection) -> Result<Vec<InvariantView>, sqlx::Error> {
    let mut all = by_reference(&mut *connection).await?;
    let settled = settled(connection).await?;
    all.push(settled.named("Régularisations entre financeurs = écritures de régularisation"));
    Ok(all)
}

/// In one scan of the transfers; of an allocation that is taken back, the leg that leaves the programme.
async fn by_reference(connection: &mut PgConnection) -> Result<Vec<InvariantView>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with record as (
               select 'mandated' as kind, m.reference, m.cents from funding.mandate m
               union all
               select 'mandate_received', m.reference, l.cents - r.rest_cents
               from funding.statement_line l
               join funding.mandate_receipt r on r.statement_id = l.statement_id and r.line = l.line
               join funding.mandate m on m.id = r.mandate_id and m.id = l.matched_id
               where l.matched_kind = 'mandate'
               union all
               select 'mandate_cancelled', m.reference, x.cents
               from funding.mandate_cancellation x join funding.mandate m on m.id = x.mandate_id
               union all
               select 'deallocated', m.reference, x.deallocated_cents
               from funding.mandate_cancellation x join funding.mandate m on m.id = x.mandate_id where x.deallocated_cents > 0
           ), said as (select kind, reference, sum(cents) as cents from record group by kind, reference
           ), booked as (
               select kind::text as kind, reference, sum(cents) as cents from ledger.fund_movement
               where kind in ('mandated', 'mandate_received', 'mandate_cancelled')
                   or (kind = 'deallocated' and debit_kind = 'available')
               group by 1, reference)
           select kind as "kind!", coalesce(sum(s.cents), 0)::bigint as "left!: Cents",
               coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "mismatches!"
           from said s full join booked b using (kind, reference) group by kind"#
    )
    .fetch_all(connection)
    .await?;
    let named = BY_REFERENCE.iter().map(|&(kind, name)| {
        let row = rows.iter().find(|row| row.kind == kind.name());
        let sides = Sides {
            left: row.map(|row| row.left).unwrap_or_default(),
            right: row.map(|row| row.right).unwrap_or_default(),
            mismatches: row.map_or(0, |row| row.mismatches),
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
               select book_id, debit_party_id as from_funder, credit_party_id as to_funder, sum(cents) as cents
               from ledger.fund_movement where kind = 'true_up' group by book_id, debit_party_id, credit_party_id)
           select coalesce(sum(s.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where s.cents is distinct from b.cents) as "mismatches!"
           from said s full join booked b using (book_id, from_funder, to_funder)"#
    )
    .fetch_one(connection)
    .await
}
