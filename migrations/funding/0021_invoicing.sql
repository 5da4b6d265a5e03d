-- What the law wants on the operator's invoices and that nothing else knows: who sells, who buys. The last row counts; the others say
-- what was said before.

create table funding.invoice_seller (
    number integer not null,
    details jsonb not null,
    organisation_id uuid not null,
    at timestamptz not null,
    constraint invoice_seller_pk primary key (number),
    constraint invoice_seller_numbered check (number > 0)
);

comment on column funding.invoice_seller.details is 'Written on paper as it was given, and never searched.';

create table funding.invoice_buyer (
    sponsor_id uuid not null,
    number integer not null,
    details jsonb not null,
    organisation_id uuid not null,
    at timestamptz not null,
    constraint invoice_buyer_pk primary key (sponsor_id, number),
    constraint invoice_buyer_numbered check (number > 0)
);

-- Of an order by a public buyer, when it gave them (Chorus Pro asks for both).
alter table funding.fee
    add column service_code text,
    add column engagement text,
    add constraint fee_order check (btrim(service_code) <> '' and btrim(engagement) <> '');

grant select, insert on funding.invoice_seller, funding.invoice_buyer to ccn_funding;
