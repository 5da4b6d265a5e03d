-- The steps of a programme's end as they were done, each once. Their days are catalogue's to derive; what is kept here is what
-- happened and what was counted then.
create table issuer.expiry_step (
    book_id uuid not null,
    step text not null,
    act_id uuid,
    due_on date not null,
    done_at timestamptz not null,
    by_organisation uuid,
    late boolean not null,
    data jsonb not null,
    constraint expiry_step_pk primary key (book_id, step),
    constraint expiry_step_known check (step in ('alert', 'block', 'acceptance', 'sweep')),
    constraint expiry_step_act_of_somebody check (act_id is null or by_organisation is not null)
);

comment on column issuer.expiry_step.act_id is 'Made by who did it over the interface; absent when the clock did.';
comment on column issuer.expiry_step.by_organisation is 'Absent when the clock did it.';
comment on column issuer.expiry_step.late is 'Done on a later day than it should have been.';
comment on column issuer.expiry_step.data is 'Counts of booklets, never of persons'' data.';

-- What the sponsor decided about hand-overs near the end; the last one counts.
create table issuer.distribution_decision (
    book_id uuid not null,
    id uuid not null,
    decision text not null,
    reason text not null,
    by_organisation uuid not null,
    at timestamptz not null,
    constraint distribution_decision_pk primary key (book_id, id),
    constraint distribution_decision_known check (decision in ('continue', 'stop')),
    constraint distribution_decision_reason_given check (btrim(reason) <> '')
);

-- What funding shows in the calendar and writes into the statement.
create view issuer.expiry_step_done as
    select s.book_id, s.step, s.due_on, s.done_at, s.by_organisation, s.late, s.data from issuer.expiry_step s;

create view issuer.distribution_decided as
    select d.book_id, d.id, d.decision, d.reason, d.by_organisation, d.at from issuer.distribution_decision d;

grant select, insert on issuer.expiry_step, issuer.distribution_decision to ccn_issuer;
grant select on issuer.expiry_step_done, issuer.distribution_decided to ccn_issuer, ccn_funding;
