-- What the bank and the books do not agree on, until somebody has said why.

create table funding.break (
    id uuid not null,
    kind text not null,
    cents bigint not null,
    -- Where it shows: one of a statement's line, a report's line, a payment that is not seen, a call that is not paid.
    statement_id uuid,
    report_id uuid,
    line integer,
    payment_id uuid,
    call_id uuid,
    opened_on date not null,
    constraint break_pk primary key (id),
    constraint break_kind_known
        check (kind in ('missing', 'unexpected', 'amount_differs', 'duplicate', 'late', 'returned')),
    constraint break_shows_somewhere check (num_nonnulls(statement_id, report_id, payment_id, call_id) = 1),
    constraint break_line_of_file check ((line is null) = (statement_id is null and report_id is null)),
    constraint break_statement_line foreign key (statement_id, line) references funding.statement_line (statement_id, line),
    constraint break_report_line foreign key (report_id, line) references funding.payment_report_line (report_id, line),
    constraint break_payment foreign key (payment_id) references funding.payment (id),
    constraint break_call foreign key (call_id) references funding.call (id),
    constraint break_statement_line_once unique (statement_id, line),
    constraint break_report_line_once unique (report_id, line),
    constraint break_payment_once unique (payment_id),
    constraint break_call_once unique (call_id)
);

comment on column funding.break.cents is 'Signed: positive is money in, or expected in.';

create index break_opened on funding.break (opened_on, id);

-- Its life; the last step says how it stands.
create table funding.break_step (
    break_id uuid not null,
    number integer not null,
    state text not null,
    owner text,
    why text not null,
    organisation_id uuid not null,
    at timestamptz not null,
    constraint break_step_pk primary key (break_id, number),
    constraint break_step_state_known check (state in ('open', 'explained', 'closed')),
    constraint break_step_why check (why <> ''),
    constraint break_step_break foreign key (break_id) references funding.break (id)
);

-- What lines were that no rule knew: some lines together are some parts together, and the sums agree. Each line is explained
-- once; a payment is named once by what leaves and once by what comes back.
create table funding.explanation (
    id uuid not null,
    why text not null,
    at timestamptz not null,
    constraint explanation_pk primary key (id),
    constraint explanation_why check (why <> '')
);

create table funding.explained_line (
    statement_id uuid not null,
    line integer not null,
    explanation_id uuid not null,
    constraint explained_line_pk primary key (statement_id, line),
    constraint explained_line_line foreign key (statement_id, line) references funding.statement_line (statement_id, line),
    constraint explained_line_explanation foreign key (explanation_id) references funding.explanation (id)
);

create index explained_line_of on funding.explained_line (explanation_id);

-- The transfers of a part bear its reference.
create table funding.explanation_part (
    explanation_id uuid not null,
    part integer not null,
    what text not null,
    cents bigint not null,
    funder_id uuid,
    payment_id uuid,
    call_id uuid,
    reference text not null,
    constraint explanation_part_pk primary key (explanation_id, part),
    constraint explanation_part_moves_money check (cents <> 0),
    constraint explanation_part_reference_unique unique (reference, what),
    constraint explanation_part_payment_once unique (payment_id, what),
    constraint explanation_part_what_known check (what in ('contribution', 'call', 'bank_charge', 'payment', 'returned')),
    constraint explanation_part_of_whom
        check ((what = 'contribution') = (funder_id is not null) and (what = 'call') = (call_id is not null)
            and (what in ('payment', 'returned')) = (payment_id is not null)),
    constraint explanation_part_explanation foreign key (explanation_id) references funding.explanation (id),
    constraint explanation_part_funder foreign key (funder_id) references funding.funder (id),
    constraint explanation_part_call foreign key (call_id) references funding.call (id),
    constraint explanation_part_payment foreign key (payment_id) references funding.payment (id)
);

comment on column funding.explanation_part.cents is 'Signed: positive is money in.';

create index explanation_part_call on funding.explanation_part (call_id) where call_id is not null;
create index statement_line_call on funding.statement_line (matched_id) where matched_kind = 'call';

-- What arrived on a call for funds, by a rule or by an explanation.
create view funding.call_paid as
    select call_id, sum(cents)::bigint as cents
    from (
        select matched_id as call_id, cents from funding.statement_line where matched_kind = 'call'
        union all
        select call_id, cents from funding.explanation_part where what = 'call') paid
    group by call_id;

-- Lines that nobody explained before there were breaks: opened by whoever loaded nothing since, so by the nil organisation.
insert into funding.break (id, kind, cents, statement_id, line, opened_on)
select md5('line ' || l.statement_id || ' ' || l.line)::uuid,
    case when l.return_reason is null then 'unexpected' else 'returned' end, l.cents, l.statement_id, l.line, l.booked_on
from funding.statement_line l where l.rule is null and l.cents <> 0;

insert into funding.break_step (break_id, number, state, why, organisation_id, at)
select b.id, 1, 'open', 'Ligne de relevé qu''aucune règle n''explique.', '00000000-0000-0000-0000-000000000000', s.loaded_at
from funding.break b join funding.statement s on s.id = b.statement_id;

grant select, insert on funding.break, funding.break_step, funding.explanation, funding.explained_line,
    funding.explanation_part to ccn_funding;
grant select on funding.call_paid to ccn_funding;
