-- A claim that is reversed after the close changes what was used: a further close settles the difference, and only that.

alter table funding.true_up_payment drop constraint true_up_payment_true_up;

alter table funding.true_up
    add column number integer not null default 1,
    drop constraint true_up_pk,
    add constraint true_up_pk primary key (programme_id, number),
    add constraint true_up_number check (number >= 1);

alter table funding.true_up alter column number drop default;

alter table funding.true_up_payment
    add column number integer not null default 1,
    drop constraint true_up_payment_pk,
    add constraint true_up_payment_pk primary key (programme_id, number, from_funder, to_funder),
    add constraint true_up_payment_true_up
        foreign key (programme_id, number) references funding.true_up (programme_id, number);

alter table funding.true_up_payment alter column number drop default;

comment on column funding.true_up.number is 'From 1 in each programme, without gaps: each settles what differs from those before.';
