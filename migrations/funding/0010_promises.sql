-- What was said before anything was signed, what conventions say besides their amount, and reminders of calls.

create table funding.announcement (
    id uuid not null,
    funder_id uuid not null,
    programme_id uuid,
    cents bigint not null,
    announced_on date not null,
    source text not null,
    recorded_at timestamptz not null,
    constraint announcement_pk primary key (id),
    constraint announcement_positive check (cents > 0),
    constraint announcement_source check (btrim(source) <> ''),
    constraint announcement_funder foreign key (funder_id) references funding.funder (id)
);

comment on column funding.announcement.programme_id is 'None while nobody said for which programme.';
comment on column funding.announcement.source is 'Where it can be read: a deliberation, a press release, a letter.';

alter table funding.convention
    add column territory text,
    add column audience text,
    add column rate numeric(9, 8),
    add column cap_cents bigint,
    add column announcement_id uuid,
    add constraint convention_rate check (rate > 0 and rate <= 1),
    add constraint convention_cap check (cap_cents > 0),
    add constraint convention_announcement foreign key (announcement_id) references funding.announcement (id);

comment on column funding.convention.territory is 'COG, when it is for a part of the programme''s territory.';
comment on column funding.convention.rate is 'Most of a voucher that the funder signed to pay.';
comment on column funding.convention.cap_cents is 'Most that the funder signed to put behind vouchers.';
comment on column funding.convention.announcement_id is 'What it carries out: announced money is not counted twice.';

-- Each call is reminded once at each of its programme's days after the due day.
create table funding.reminder (
    call_id uuid not null,
    days integer not null,
    missing_cents bigint not null,
    reminded_on date not null,
    at timestamptz not null,
    constraint reminder_pk primary key (call_id, days),
    constraint reminder_days check (days >= 1),
    constraint reminder_missing check (missing_cents > 0),
    constraint reminder_call foreign key (call_id) references funding.call (id)
);

-- How each call stands. What is mandated counts as answered, and is aged apart.
create view funding.call_state as
    select k.id, k.convention_id, c.funder_id, c.programme_id, k.reference, k.cents, k.due_on, k.called_at,
        coalesce(i.cents, 0)::bigint as received_cents, coalesce(m.cents, 0)::bigint as mandated_cents,
        greatest(k.cents - coalesce(i.cents, 0) - coalesce(m.cents, 0), 0)::bigint as missing_cents
    from funding.call k
    join funding.convention c on c.id = k.convention_id
    left join funding.call_paid i on i.call_id = k.id
    left join (select call_id, sum(awaited_cents) as cents from funding.mandate_state
               where call_id is not null group by call_id) m on m.call_id = k.id;

grant select, insert on funding.announcement, funding.reminder to ccn_funding;
grant select on funding.call_state to ccn_funding;
