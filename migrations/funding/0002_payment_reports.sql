-- What the bank says of a payment file before any debit (pain.002). A rejected payment goes back to what it paid.

create table funding.payment_report (
    id uuid not null,
    sha256 bytea not null,
    raw bytea not null,
    identification text not null,
    original_message_id text not null,
    loaded_at timestamptz not null,
    constraint payment_report_pk primary key (id),
    constraint payment_report_loaded_once unique (sha256),
    -- The same report in other bytes is the same report.
    constraint payment_report_identification_unique unique (identification)
);

create table funding.payment_report_line (
    report_id uuid not null,
    line integer not null,
    end_to_end text,
    status text,
    reason text,
    payment_id uuid,
    outcome text not null,
    constraint payment_report_line_pk primary key (report_id, line),
    constraint payment_report_line_outcome_known
        check (outcome in ('recorded', 'rejected', 'unknown', 'amount_differs', 'too_late')),
    constraint payment_report_line_report foreign key (report_id) references funding.payment_report (id),
    constraint payment_report_line_payment foreign key (payment_id) references funding.payment (id)
);

comment on column funding.payment_report_line.outcome is
    'recorded: nothing to do; rejected: went back; unknown, amount_differs, too_late (already debited): for a person.';

create index payment_report_line_payment on funding.payment_report_line (payment_id);

alter table funding.payment_answer
    alter column statement_id drop not null,
    alter column line drop not null,
    add column report_id uuid,
    drop constraint payment_answer_known,
    add constraint payment_answer_known check (answer in ('debited', 'returned', 'rejected')),
    -- The line of a statement, or of a report, and never both.
    add constraint payment_answer_evidence
        check ((statement_id is null) <> (report_id is null) and line is not null and (answer = 'rejected') = (report_id is not null)),
    add constraint payment_answer_report foreign key (report_id) references funding.payment_report (id);

-- A payment leaves or is rejected, never both.
create unique index payment_answer_leaves_or_not on funding.payment_answer (payment_id)
    where answer in ('debited', 'rejected');

create or replace view funding.settled_claim as
    select l.book_id, l.claim_id
    from funding.settlement_line l
    where not exists (
        select from funding.payment_answer a
        where a.payment_id = l.payment_id and a.answer in ('returned', 'rejected'))
    group by l.book_id, l.claim_id
    having sum(l.cents) > 0;

grant select, insert on funding.payment_report, funding.payment_report_line to ccn_funding;
