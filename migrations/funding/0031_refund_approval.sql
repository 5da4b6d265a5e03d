-- Four eyes for money that goes back to a funder too: what is proposed and decided is a payment order, of a settlement or of a refund.

alter table funding.settlement_proposal rename to payment_proposal;
alter table funding.payment_proposal rename column settlement_id to order_id;
alter table funding.payment_proposal rename constraint settlement_proposal_pk to payment_proposal_pk;
alter table funding.payment_proposal rename constraint settlement_proposal_proposer_unique to payment_proposal_proposer_unique;
alter table funding.payment_proposal rename constraint settlement_proposal_above to payment_proposal_above;
alter table funding.payment_proposal drop constraint settlement_proposal_settlement;
alter table funding.payment_proposal add column settlement_id uuid;
alter table funding.payment_proposal add column refund_id uuid;
update funding.payment_proposal set settlement_id = order_id;
alter table funding.payment_proposal
    add constraint payment_proposal_of_one check (
        num_nonnulls(settlement_id, refund_id) = 1 and order_id = coalesce(settlement_id, refund_id)),
    add constraint payment_proposal_settlement foreign key (settlement_id) references funding.settlement (id),
    add constraint payment_proposal_refund foreign key (refund_id) references funding.refund (id);

comment on table funding.payment_proposal is 'An order above the amount in force when it was made; one that is not here needs nobody.';
comment on column funding.payment_proposal.order_id is 'The settlement or the refund.';

alter table funding.settlement_decision rename to payment_decision;
alter table funding.payment_decision rename column settlement_id to order_id;
alter table funding.payment_decision rename constraint settlement_decision_pk to payment_decision_pk;
alter table funding.payment_decision rename constraint settlement_decision_proposal to payment_decision_proposal;
alter table funding.payment_decision rename constraint settlement_decision_known to payment_decision_known;
alter table funding.payment_decision rename constraint settlement_decision_four_eyes to payment_decision_four_eyes;
alter table funding.payment_decision rename constraint settlement_decision_reason to payment_decision_reason;

alter table funding.payment_answer rename column decided_settlement_id to decided_order_id;

-- What nobody has approved is not at the bank: no line and no report can be of it, and it is not missing.
create view funding.payment_order_waiting as
    select w.order_id
    from funding.payment_proposal w
    where not exists (select from funding.payment_decision d where d.order_id = w.order_id);

create or replace view funding.payment_state as
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

-- A funder's free money goes back to its bank account as well: a credit that it wants after all, a refund that came back.
alter table funding.refund
    alter column programme_id drop not null,
    add constraint refund_of_free_money check (programme_id is not null or (way = 'bank' and unspent_cents = 0));

comment on column funding.refund.programme_id is 'Null: out of the free money of the funder.';

grant select on funding.payment_order_waiting to ccn_funding;
