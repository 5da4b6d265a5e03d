-- Where mandates count as money before they arrive, structures are not paid from other funders' cash, unless the operator decides so;
-- and never more than the bank account holds.

alter table funding.payment_rule add column may_advance boolean not null default false;

comment on column funding.payment_rule.may_advance is
    'Whether a claim is paid although the money of a funder of it is awaited: from what the others paid.';

alter table funding.hold
    drop constraint hold_pk,
    add constraint hold_pk primary key (settlement_id, structure_id, reason),
    drop constraint hold_reason_known,
    add constraint hold_reason_known check (
        reason in ('no_bank_details', 'returned_by_bank', 'deductions', 'money_awaited', 'bank_short'));

-- Whose money a hold waits for: its shares of the claims held, and the oldest of its mandates that was awaited.
create table funding.hold_awaits (
    settlement_id uuid not null,
    structure_id uuid not null,
    reason text not null,
    funder_id uuid not null,
    cents bigint not null,
    mandate_id uuid,
    constraint hold_awaits_pk primary key (settlement_id, structure_id, funder_id),
    constraint hold_awaits_positive check (cents > 0),
    constraint hold_awaits_reason check (reason = 'money_awaited'),
    constraint hold_awaits_hold foreign key (settlement_id, structure_id, reason)
        references funding.hold (settlement_id, structure_id, reason),
    constraint hold_awaits_funder foreign key (funder_id) references funding.funder (id),
    constraint hold_awaits_mandate foreign key (mandate_id) references funding.mandate (id)
);

grant select, insert on funding.hold_awaits to ccn_funding;
