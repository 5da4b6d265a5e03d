-- The close of a programme: what its funders owe one another once it is known what was used, with the whole computation.
create table funding.true_up (
    programme_id uuid not null,
    id uuid not null,
    computation jsonb not null,
    by_organisation uuid not null,
    at timestamptz not null,
    constraint true_up_pk primary key (programme_id),
    constraint true_up_id_unique unique (id)
);

create table funding.true_up_payment (
    programme_id uuid not null,
    from_funder uuid not null,
    to_funder uuid not null,
    cents bigint not null,
    constraint true_up_payment_pk primary key (programme_id, from_funder, to_funder),
    constraint true_up_payment_positive check (cents > 0),
    constraint true_up_payment_between_two check (from_funder <> to_funder),
    constraint true_up_payment_true_up foreign key (programme_id) references funding.true_up (programme_id)
);

grant select, insert on funding.true_up, funding.true_up_payment to ccn_funding;
