-- Four eyes: above an amount, who proposes a payment file does not approve it. And what the fund promises to structures.

-- The rule in force is the last one that needs no confirmation, or has it: whoever lets more pass without a second look
-- needs a second look for that.
create table funding.payment_rule (
    number integer not null,
    approval_above_cents bigint,
    delay_days integer not null,
    set_by uuid not null,
    set_at timestamptz not null,
    needs_confirmation boolean not null,
    constraint payment_rule_pk primary key (number),
    constraint payment_rule_setter_unique unique (number, set_by),
    constraint payment_rule_number check (number >= 1),
    constraint payment_rule_amount check (approval_above_cents >= 0),
    constraint payment_rule_delay check (delay_days between 1 and 365)
);

comment on column funding.payment_rule.approval_above_cents is 'Null: never asked. Zero: always.';
comment on column funding.payment_rule.set_by is 'An API key: one person, or one machine.';

create table funding.payment_rule_confirmation (
    number integer not null,
    set_by uuid not null,
    by_key uuid not null,
    at timestamptz not null,
    constraint payment_rule_confirmation_pk primary key (number),
    constraint payment_rule_confirmation_rule foreign key (number, set_by) references funding.payment_rule (number, set_by),
    constraint payment_rule_four_eyes check (by_key <> set_by)
);

-- A settlement above the amount in force when it was made; one that is not here needs nobody.
create table funding.settlement_proposal (
    settlement_id uuid not null,
    proposed_by uuid not null,
    above_cents bigint not null,
    cents bigint not null,
    at timestamptz not null,
    constraint settlement_proposal_pk primary key (settlement_id),
    constraint settlement_proposal_proposer_unique unique (settlement_id, proposed_by),
    constraint settlement_proposal_above check (cents > above_cents),
    constraint settlement_proposal_settlement foreign key (settlement_id) references funding.settlement (id)
);

-- Decided once. Whoever proposed may still withdraw.
create table funding.settlement_decision (
    settlement_id uuid not null,
    proposed_by uuid not null,
    decision text not null,
    reason text,
    by_key uuid not null,
    at timestamptz not null,
    constraint settlement_decision_pk primary key (settlement_id),
    constraint settlement_decision_proposal foreign key (settlement_id, proposed_by)
        references funding.settlement_proposal (settlement_id, proposed_by),
    constraint settlement_decision_known check (decision in ('approved', 'rejected')),
    constraint settlement_decision_four_eyes check (decision = 'rejected' or by_key <> proposed_by),
    constraint settlement_decision_reason check ((decision = 'rejected') = (reason is not null))
);

-- A payment of a rejected proposal goes back to what it paid, as one that the bank rejects.
alter table funding.payment_answer
    add column decided_settlement_id uuid,
    drop constraint payment_answer_evidence,
    add constraint payment_answer_evidence check (
        num_nonnulls(statement_id, report_id, decided_settlement_id) = 1
        and (line is null) = (decided_settlement_id is not null)
        and (answer = 'rejected') = (statement_id is null)),
    add constraint payment_answer_decision foreign key (decided_settlement_id)
        references funding.settlement_decision (settlement_id);

grant select, insert on funding.payment_rule, funding.payment_rule_confirmation, funding.settlement_proposal,
    funding.settlement_decision to ccn_funding;
