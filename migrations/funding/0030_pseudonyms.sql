-- What turns a structure into a pseudonym in a funder's report. A structure's id is made from its public SIRET: whoever has the
-- national register finds it again. The secret stands here and not with the keys: whoever reads this table reads the structures' names
-- beside it. It is saved and restored with the rest, so a structure keeps its pseudonym.
create table funding.pseudonym_secret (
    number integer not null,
    secret bytea not null,
    constraint pseudonym_secret_pk primary key (number),
    constraint pseudonym_secret_alone check (number = 1),
    constraint pseudonym_secret_size check (octet_length(secret) = 32)
);

-- 244 bits of PostgreSQL's strong random source.
insert into funding.pseudonym_secret (number, secret)
values (1, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

grant select on funding.pseudonym_secret to ccn_funding;
