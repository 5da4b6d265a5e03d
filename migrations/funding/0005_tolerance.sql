-- What the operator lets a bank take beyond a payment, booked as a charge that everybody sees; nothing while no row is here. The
-- last row counts, the others say what was when.

create table funding.tolerance (
    number integer not null,
    cents bigint not null,
    why text not null,
    organisation_id uuid not null,
    at timestamptz not null,
    constraint tolerance_pk primary key (number),
    constraint tolerance_numbered check (number > 0),
    constraint tolerance_small check (cents between 0 and 500),
    constraint tolerance_why check (why <> '')
);

grant select, insert on funding.tolerance to ccn_funding;
