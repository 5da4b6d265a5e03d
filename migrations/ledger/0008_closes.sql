-- Months that are closed: nothing is booked into them any more. One row a month, in order, for ever: no right to change it is given.
create table ledger.close (
    month date not null,
    at timestamptz not null,
    closed_by uuid not null,
    size bigint not null,
    root bytea not null,
    note text not null,
    verifier text not null,
    constraint close_pk primary key (month),
    constraint close_month_is_first_day check (extract(day from month) = 1),
    -- No month is closed that is not over: compared in UTC, so with an hour or two to spare; the program compares in Paris.
    constraint close_after_its_end check (at > month + interval '27 days'),
    constraint close_of_something check (size > 0),
    constraint close_root_is_sha256 check (octet_length(root) = 32)
);

comment on column ledger.close.closed_by is 'The organisation that asked for it.';
comment on column ledger.close.size is 'Leaves of the log when it was closed; later ones are booked in later months.';
comment on column ledger.close.note is 'A checkpoint of its own that names the month, signed.';

alter table ledger.close enable row level security;
create policy close_read on ledger.close for select using (true);
create policy close_by_sealer on ledger.close for insert to ccn_funding with check (true);
grant select on ledger.close to ccn_issuer, ccn_redemption, ccn_funding, ccn_audit;
grant insert on ledger.close to ccn_funding;
