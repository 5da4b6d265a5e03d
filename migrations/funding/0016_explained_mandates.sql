-- A person may say that a line was a mandate's money. One line may then pay several mandates.

alter table funding.explanation_part
    add column mandate_id uuid,
    drop constraint explanation_part_what_known,
    drop constraint explanation_part_of_whom,
    add constraint explanation_part_what_known
        check (what in ('contribution', 'call', 'mandate', 'bank_charge', 'payment', 'returned')),
    add constraint explanation_part_of_whom
        check ((what = 'contribution') = (funder_id is not null) and (what = 'call') = (call_id is not null)
            and (what = 'mandate') = (mandate_id is not null)
            and (what in ('payment', 'returned')) = (payment_id is not null)),
    add constraint explanation_part_mandate foreign key (mandate_id) references funding.mandate (id);

alter table funding.mandate_receipt
    drop constraint mandate_receipt_pk,
    add constraint mandate_receipt_pk primary key (statement_id, line, mandate_id);

-- Of a mandate, what it received: its line may be other things too.
create or replace view funding.call_paid as
    select call_id, sum(cents)::bigint as cents
    from (
        select matched_id as call_id, cents from funding.statement_line where matched_kind = 'call'
        union all
        select call_id, cents from funding.explanation_part where what = 'call'
        union all
        select m.call_id, r.cents + r.rest_cents
        from funding.mandate_receipt r join funding.mandate m on m.id = r.mandate_id and m.call_id is not null) paid
    group by call_id;
