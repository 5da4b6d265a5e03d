-- What is proven beside the transfers and moves no money: that a payment covers a claim. `paid` per funder follows from it.
-- A record stands on one account, is written in the transaction of what it is about, and is sealed in the same log.

create table ledger.record_kind (
    kind smallint not null,
    name text not null,
    label text not null,
    constraint record_kind_pk primary key (kind),
    constraint record_kind_name_unique unique (name)
);

insert into ledger.record_kind (kind, name, label) values
    (60, 'settlement_line', 'Encaissement payé par un virement'),
    (61, 'settlement_deduction', 'Encaissement annulé après paiement, déduit d''un virement');

create table ledger.record (
    book_id uuid not null,
    id uuid not null,
    kind smallint not null,
    account bigint not null,
    cents bigint not null,
    at timestamptz not null,
    grp uuid not null,
    claim_id uuid not null,
    payment_id uuid not null,
    reference text not null default '',
    xact bigint not null default (pg_current_xact_id()::text::bigint),
    constraint record_pk primary key (book_id, id),
    constraint record_positive check (cents > 0)
);

comment on column ledger.record.grp is 'The event whose transfers were booked with it: the payment.';
comment on column ledger.record.account is 'What the structure was owed on: payable.';

-- Which payment paid a claim; what a payment covers.
create index record_claim on ledger.record (book_id, claim_id);
create index record_group on ledger.record (book_id, grp);
create index record_sealing on ledger.record (xact, book_id, id);

alter table ledger.record enable row level security;
create policy record_read on ledger.record for select using (true);
create policy record_by_funding on ledger.record for insert to ccn_funding with check (kind between 60 and 69);

grant select on ledger.record_kind, ledger.record to ccn_issuer, ccn_redemption, ccn_funding, ccn_audit;
grant insert on ledger.record to ccn_funding;
