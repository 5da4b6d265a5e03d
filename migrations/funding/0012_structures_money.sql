-- A structure's money as it sees it: its payments, what is held, and since when.

create index hold_structure on funding.hold (structure_id);

-- Where a payment stands, in one word.
create view funding.payment_state as
    select p.id as payment_id,
        case when exists (select from funding.payment_answer a where a.payment_id = p.id and a.answer = 'returned')
                then 'returned'
            when exists (select from funding.payment_answer a where a.payment_id = p.id and a.decided_settlement_id is not null)
                then 'withdrawn'
            when exists (select from funding.payment_answer a where a.payment_id = p.id and a.answer = 'rejected')
                then 'rejected'
            when exists (select from funding.payment_answer a where a.payment_id = p.id) then 'debited'
            when exists (select from funding.settlement_proposal w where w.settlement_id = p.settlement_id
                    and not exists (select from funding.settlement_decision d where d.settlement_id = w.settlement_id))
                then 'proposed'
            else 'sent' end as state
    from funding.payment p;

grant select on funding.payment_state to ccn_funding;
