-- Credit notes (avoirs): what is taken off an invoice, with a number of their own, and the papers as they were issued.

create table funding.credit_note (
    id uuid not null,
    fee_id uuid not null,
    year integer not null,
    sequence integer not null,
    number text not null,
    reason text not null,
    net_cents bigint not null,
    vat_cents bigint not null,
    credited_on date not null,
    at timestamptz not null,
    constraint credit_note_pk primary key (id),
    constraint credit_note_sequence_unique unique (year, sequence),
    constraint credit_note_number_unique unique (number),
    constraint credit_note_amounts check (net_cents > 0 and vat_cents >= 0 and sequence >= 1),
    constraint credit_note_reason check (btrim(reason) <> ''),
    constraint credit_note_fee foreign key (fee_id) references funding.fee (id)
);

create index credit_note_of_fee on funding.credit_note (fee_id);

create table funding.credit_note_line (
    credit_note_id uuid not null,
    line integer not null,
    label text not null,
    net_cents bigint not null,
    constraint credit_note_line_pk primary key (credit_note_id, line),
    constraint credit_note_line_positive check (line >= 1 and net_cents > 0),
    constraint credit_note_line_label check (btrim(label) <> ''),
    constraint credit_note_line_note foreign key (credit_note_id) references funding.credit_note (id)
);

-- A batch whose invoice was credited whole may be invoiced again: numbers are drawn under one lock, which looks at this.
alter table funding.fee drop constraint fee_batch_unique;
create index fee_of_batch on funding.fee (programme_id, batch_id);

-- Invoices and credit notes on paper, once: whatever changes later, the same bytes are served.
create table funding.invoice_paper (
    fee_id uuid,
    credit_note_id uuid,
    pdf bytea not null,
    sha256 bytea not null,
    issued_at timestamptz not null,
    constraint invoice_paper_fee_unique unique (fee_id),
    constraint invoice_paper_credit_note_unique unique (credit_note_id),
    constraint invoice_paper_of_one check (num_nonnulls(fee_id, credit_note_id) = 1),
    constraint invoice_paper_digest check (sha256 = sha256(pdf)),
    constraint invoice_paper_fee foreign key (fee_id) references funding.fee (id),
    constraint invoice_paper_credit_note foreign key (credit_note_id) references funding.credit_note (id)
);

create or replace view funding.fee_state as
    select f.id, f.programme_id, f.batch_id, f.sponsor_id, f.number, f.year, f.sequence, f.face_value_cents, f.fee_rate, f.net_cents,
        f.vat_rate, f.vat_cents, f.net_cents + f.vat_cents as gross_cents, f.invoiced_on, f.at,
        coalesce(r.cents, 0)::bigint as received_cents,
        (f.net_cents + f.vat_cents - coalesce(r.cents, 0) - coalesce(c.net_cents + c.vat_cents, 0))::bigint as owed_cents,
        coalesce(c.net_cents, 0)::bigint as credited_net_cents, coalesce(c.vat_cents, 0)::bigint as credited_vat_cents,
        f.service_code, f.engagement
    from funding.fee f
    left join (select fee_id, sum(cents) as cents from funding.fee_receipt group by fee_id) r on r.fee_id = f.id
    left join (select fee_id, sum(net_cents) as net_cents, sum(vat_cents) as vat_cents
               from funding.credit_note group by fee_id) c on c.fee_id = f.id;

grant select, insert on funding.credit_note, funding.credit_note_line, funding.invoice_paper to ccn_funding;
