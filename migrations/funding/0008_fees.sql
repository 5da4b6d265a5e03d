-- The operator's own fee for a batch: an invoice with a number of its own, never mixed with face value.
create table funding.fee (
    id uuid not null,
    programme_id uuid not null,
    batch_id uuid not null,
    sponsor_id uuid not null,
    year integer not null,
    sequence integer not null,
    number text not null,
    face_value_cents bigint not null,
    fee_rate numeric(9, 8) not null,
    net_cents bigint not null,
    vat_rate numeric(9, 8) not null,
    vat_cents bigint not null,
    invoiced_on date not null,
    at timestamptz not null,
    constraint fee_pk primary key (id),
    constraint fee_batch_unique unique (programme_id, batch_id),
    -- CGI, annexe II, art. 242 nonies A: one number an invoice, in a sequence without gap.
    constraint fee_sequence_unique unique (year, sequence),
    constraint fee_number_unique unique (number),
    constraint fee_amounts check (face_value_cents > 0 and net_cents > 0 and vat_cents >= 0 and sequence >= 1)
);

create table funding.fee_receipt (
    fee_id uuid not null,
    statement_id uuid not null,
    line integer not null,
    cents bigint not null,
    constraint fee_receipt_pk primary key (statement_id, line),
    constraint fee_receipt_positive check (cents > 0),
    constraint fee_receipt_fee foreign key (fee_id) references funding.fee (id),
    constraint fee_receipt_line foreign key (statement_id, line) references funding.statement_line (statement_id, line)
);

create index fee_receipt_of_fee on funding.fee_receipt (fee_id);

create view funding.fee_state as
    select f.id, f.programme_id, f.batch_id, f.sponsor_id, f.number, f.year, f.sequence, f.face_value_cents, f.fee_rate, f.net_cents,
        f.vat_rate, f.vat_cents, f.net_cents + f.vat_cents as gross_cents, f.invoiced_on, f.at,
        coalesce(r.cents, 0)::bigint as received_cents,
        (f.net_cents + f.vat_cents - coalesce(r.cents, 0))::bigint as owed_cents
    from funding.fee f
    left join (select fee_id, sum(cents) as cents from funding.fee_receipt group by fee_id) r on r.fee_id = f.id;

grant select, insert on funding.fee, funding.fee_receipt to ccn_funding;
grant select on funding.fee_state to ccn_funding;
