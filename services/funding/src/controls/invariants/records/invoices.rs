//! The operator's own invoices and credit notes. The books know nothing of them: they are compared with what they were made from.

use sqlx::PgConnection;
use standards::Cents;

use crate::controls::invariants::records::Sides;

/// Each amount is worked out anew, and each year's numbers run from 1 without a gap.
pub(super) async fn numbered(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with paper as (
               select 'F' as letter, year, sequence, number, net_cents + vat_cents as cents,
                   round(face_value_cents * fee_rate) + round(net_cents * vat_rate) as due
               from funding.fee
               union all
               select 'A', c.year, c.sequence, c.number, c.net_cents, l.cents
               from funding.credit_note c
               left join (select credit_note_id, sum(net_cents) as cents from funding.credit_note_line group by 1) l
                   on l.credit_note_id = c.id
           ), placed as (
               select cents, due, number is distinct from format('%s-%s-%s', letter, year, lpad(place::text, 5, '0')) as misplaced
               from (select *, row_number() over (partition by letter, year order by sequence) as place from paper) p)
           select coalesce(sum(cents), 0)::bigint as "left!: Cents", coalesce(sum(due), 0)::bigint as "right!: Cents",
               count(*) filter (where misplaced or cents is distinct from due) as "mismatches!"
           from placed"#
    )
    .fetch_one(connection)
    .await
}
