-- Public mandates: money that a public accountant ordered to be paid, which counts before it arrives where the programme allows.

create table funding.mandate (
    id uuid not null,
    convention_id uuid not null,
    call_id uuid,
    funder_id uuid not null,
    year integer not null,
    bordereau text,
    number text not null,
    -- As it is compared: capitals, no punctuation, no leading zero.
    number_plain text not null,
    reference text not null,
    cents bigint not null,
    issued_on date not null,
    accepted_at timestamptz not null,
    constraint mandate_pk primary key (id),
    constraint mandate_positive check (cents > 0),
    -- An accountant numbers its mandates by year, within a bordereau or not.
    constraint mandate_number_unique unique nulls not distinct (funder_id, year, bordereau, number_plain),
    constraint mandate_convention foreign key (convention_id) references funding.convention (id),
    constraint mandate_call foreign key (call_id) references funding.call (id),
    constraint mandate_funder foreign key (funder_id) references funding.funder (id)
);

create index mandate_of_convention on funding.mandate (convention_id);

-- Its money, line by line of the bank's statements; `rest_cents` is what a line brought above the mandate.
create table funding.mandate_receipt (
    mandate_id uuid not null,
    statement_id uuid not null,
    line integer not null,
    cents bigint not null,
    rest_cents bigint not null,
    constraint mandate_receipt_pk primary key (statement_id, line),
    constraint mandate_receipt_positive check (cents > 0 and rest_cents >= 0),
    constraint mandate_receipt_mandate foreign key (mandate_id) references funding.mandate (id),
    constraint mandate_receipt_line foreign key (statement_id, line) references funding.statement_line (statement_id, line)
);

create index mandate_receipt_of_mandate on funding.mandate_receipt (mandate_id);

-- What of it will not come; `deallocated_cents` is what had to be taken back from its programme.
create table funding.mandate_cancellation (
    mandate_id uuid not null,
    cents bigint not null,
    deallocated_cents bigint not null,
    reason text not null,
    by_organisation uuid not null,
    at timestamptz not null,
    constraint mandate_cancellation_pk primary key (mandate_id),
    constraint mandate_cancellation_positive check (cents > 0 and deallocated_cents between 0 and cents),
    constraint mandate_cancellation_reason check (btrim(reason) <> ''),
    constraint mandate_cancellation_mandate foreign key (mandate_id) references funding.mandate (id)
);

-- How each mandate stands.
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

-- What arrived on a call for funds, by a rule, by an explanation, or on the mandates that answer it.
create or replace view funding.call_paid as
    select call_id, sum(cents)::bigint as cents
    from (
        select matched_id as call_id, cents from funding.statement_line where matched_kind = 'call'
        union all
        select call_id, cents from funding.explanation_part where what = 'call'
        union all
        select m.call_id, l.cents
        from funding.mandate_receipt r
        join funding.mandate m on m.id = r.mandate_id and m.call_id is not null
        join funding.statement_line l on l.statement_id = r.statement_id and l.line = r.line) paid
    group by call_id;

alter table funding.statement_line
    drop constraint if exists statement_line_kind_known,
    add constraint statement_line_kind_known
        check (matched_kind in ('call', 'calls', 'payment', 'return', 'file', 'mandate', 'fee'));

grant select, insert on funding.mandate, funding.mandate_receipt, funding.mandate_cancellation to ccn_funding;
grant select on funding.mandate_state to ccn_funding;
