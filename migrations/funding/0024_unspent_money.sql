-- At the end of a programme, money that never stood behind a batch goes back with the unused value; and so does what comes back later,
-- when a claim is reversed after a funder was served.

alter table funding.refund
    add column unspent_cents bigint not null default 0,
    add constraint refund_unspent_part check (unspent_cents between 0 and cents);

comment on column funding.refund.unspent_cents is 'Of cents: allocated to the programme and never put behind a batch.';

alter table funding.expiry_giving_back
    add column round integer not null default 1,
    add column unspent_cents bigint not null default 0,
    drop constraint expiry_giving_back_pk,
    add constraint expiry_giving_back_pk primary key (programme_id, funder_id, round),
    add constraint expiry_giving_back_round check (round = 1 or (round > 1 and cents > 0)),
    add constraint expiry_giving_back_unspent_part check (unspent_cents between 0 and cents);

alter table funding.expiry_giving_back alter column round drop default;

comment on column funding.expiry_giving_back.round is 'From 1 for each funder; a further one gives back what came since.';
