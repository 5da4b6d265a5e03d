-- Status lists: two bits a voucher, signed, in shards of 2^20 places. Derived from the books and made again from them.

create table redemption.status_list (
    series integer not null,
    shard smallint not null,
    token bytea not null,
    sha256 bytea not null,
    kid bytea not null,
    signed_at timestamptz not null,
    changed_at timestamptz not null,
    constraint status_list_pk primary key (series, shard),
    constraint status_list_series check (series between 0 and 65535),
    constraint status_list_shard check (shard between 0 and 15),
    constraint status_list_sizes check (octet_length(sha256) = 32 and octet_length(kid) = 4)
);

-- It is compressed already.
alter table redemption.status_list alter column token set storage external;
create index status_list_signed on redemption.status_list (signed_at);

comment on column redemption.status_list.token is
    'The signed CWT itself: the state is in it, is changed there and signed again; there is no second copy to disagree with.';

-- How far the lists have followed the books. One row; whoever holds its lock makes lists.
create table redemption.status_cursor (
    only_row boolean not null default true,
    cluster bigint,
    next_xact bigint,
    rebuild_next_xact bigint,
    rebuild_list integer,
    in_step_at timestamptz,
    constraint status_cursor_pk primary key (only_row),
    constraint status_cursor_only_row check (only_row),
    constraint status_cursor_numbers_of_cluster check (cluster is not null or (next_xact is null and rebuild_next_xact is null)),
    constraint status_cursor_rebuild check ((rebuild_next_xact is null) = (rebuild_list is null))
);

insert into redemption.status_cursor default values;

comment on column redemption.status_cursor.next_xact is
    'Every transaction below is in the lists. Null until the lists have been made from the accounts once.';
comment on column redemption.status_cursor.cluster is
    'pg_control_system().system_identifier: transaction numbers mean nothing in a cluster that the books were restored into.';
comment on column redemption.status_cursor.rebuild_list is 'Lists below are made again already: series * 16 + shard.';

-- The age of the list that the phone had, when it made a claim without the network.
alter table redemption.claim add column status_list_at timestamptz;

comment on column redemption.claim.status_list_at is '`iat` of the status list that the phone used, if it used one.';

grant select, insert, update (token, sha256, kid, signed_at, changed_at) on redemption.status_list to ccn_redemption;
grant select, update on redemption.status_cursor to ccn_redemption;
