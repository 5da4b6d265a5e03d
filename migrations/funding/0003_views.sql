create view funding.mandate_state as
    select m.id, m.convention_id, m.call_id, m.funder_id, c.programme_id, m.year, m.bordereau, m.number, m.reference, m.cents,
        m.issued_on, m.accepted_at, coalesce(r.cents, 0)::bigint as received_cents, coalesce(x.cents, 0) as cancelled_cents,
        (m.cents - coalesce(r.cents, 0) - coalesce(x.cents, 0))::bigint as awaited_cents, x.reason as cancelled_reason,
        case when x.mandate_id is not null then 'cancelled' when coalesce(r.cents, 0) = m.cents then 'received'
             when r.cents > 0 then 'partly_received' else 'awaited' end as state
    from funding.mandate m
    join funding.convention c on c.id = m.convention_id
    left join (select mandate_id, sum(cents) as cents from funding.mandate_receipt group by mandate_id) r on r.mandate_id = m.id
    left join funding.mandate_cancellation x on x.mandate_id = m.id;

comment on view funding.mandate_state is
    'How each mandate stands. state is awaited, partly_received, received or cancelled; amounts are euro cents.';

create view funding.call_paid as
    select call_id, sum(cents)::bigint as cents
    from (
        select matched_id as call_id, cents from funding.statement_line where matched_kind = 'call'
        union all
        select call_id, cents from funding.explanation_part where what = 'call'
        union all
        select m.call_id, r.cents + r.rest_cents
        from funding.mandate_receipt r join funding.mandate m on m.id = r.mandate_id and m.call_id is not null) paid
    group by call_id;

comment on view funding.call_paid is
    'What arrived on a call for funds, in euro cents: by a rule, by an explanation, or on the mandates that answer it (what they '
    'received: their lines may be other things too).';

create view funding.call_state as
    select k.id, k.convention_id, c.funder_id, c.programme_id, k.reference, k.cents, k.due_on, k.called_at,
        coalesce(i.cents, 0)::bigint as received_cents, coalesce(m.cents, 0)::bigint as mandated_cents,
        greatest(k.cents - coalesce(i.cents, 0) - coalesce(m.cents, 0), 0)::bigint as missing_cents
    from funding.call k
    join funding.convention c on c.id = k.convention_id
    left join funding.call_paid i on i.call_id = k.id
    left join (select call_id, sum(awaited_cents) as cents from funding.mandate_state
               where call_id is not null group by call_id) m on m.call_id = k.id;

comment on view funding.call_state is
    'How each call for funds stands, in euro cents. What is mandated counts as answered, and is aged apart.';

create view funding.fee_state as
    select f.id, f.programme_id, f.batch_id, f.sponsor_id, f.number, f.year, f.sequence, f.face_value_cents, f.fee_rate, f.net_cents,
        f.vat_rate, f.vat_cents, f.net_cents + f.vat_cents as gross_cents, f.invoiced_on, f.at,
        coalesce(r.cents, 0)::bigint as received_cents,
        (f.net_cents + f.vat_cents - coalesce(r.cents, 0) - coalesce(c.net_cents + c.vat_cents, 0))::bigint as owed_cents,
        coalesce(c.net_cents, 0)::bigint as credited_net_cents, coalesce(c.vat_cents, 0)::bigint as credited_vat_cents,
        f.service_code, f.engagement
    from funding.fee f
    left join (select fee_id, sum(cents) as cents from funding.fee_payment group by fee_id) r on r.fee_id = f.id
    left join (select fee_id, sum(net_cents) as net_cents, sum(vat_cents) as vat_cents
               from funding.credit_note group by fee_id) c on c.fee_id = f.id;

comment on view funding.fee_state is 'How each invoice stands: what was paid to the operator and credited, and what is owed, in euro cents.';

create view funding.payment_order_waiting as
    select w.order_id
    from funding.payment_proposal w
    where not exists (select from funding.payment_decision d where d.order_id = w.order_id);

comment on view funding.payment_order_waiting is 'Payment orders that wait for a second person.';

create view funding.payment_state as
    select p.id as payment_id,
        case when exists (select from funding.payment_answer a where a.payment_id = p.id and a.answer = 'returned')
                then 'returned'
            when exists (select from funding.payment_answer a where a.payment_id = p.id and a.decided_order_id is not null)
                then 'withdrawn'
            when exists (select from funding.payment_answer a where a.payment_id = p.id and a.answer = 'rejected')
                then 'rejected'
            when exists (select from funding.payment_answer a where a.payment_id = p.id) then 'debited'
            when exists (select from funding.payment_order_waiting w where w.order_id = coalesce(p.settlement_id, p.refund_id))
                then 'proposed'
            else 'sent' end as state
    from funding.payment p;

comment on view funding.payment_state is
    'Where a payment stands, in one word: proposed (its order waits for a second person), sent, debited, returned (it came back), '
    'rejected (by the bank), withdrawn (its order was rejected).';

create view funding.settled_claim as
    select l.book_id, l.claim_id
    from funding.settlement_line l
    where not exists (
        select from funding.payment_answer a
        where a.payment_id = l.payment_id and a.answer in ('returned', 'rejected'))
    group by l.book_id, l.claim_id
    having sum(l.cents) > 0;

comment on view funding.settled_claim is
    'For redemption and the issuer: claims that are paid: what payments cover of them, less what they take back, is more than '
    'nothing. A payment that came back or was rejected covers nothing.';

create view funding.structure_place as
    select s.id as structure_id, s.departement, s.place ->> 'code_insee' as commune_code, s.commune
    from redemption.structure s;

comment on view funding.structure_place is
    'Where claims were made, for funders'' auditors: COG codes of a structure''s département and commune, and the commune''s name. '
    'Nothing else of it, neither its name nor its number, because a structure may be one person.';
