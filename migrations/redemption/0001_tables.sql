-- Structures, their accreditation and bank details, claims and their reversals, status lists. Money is the ledger's.

create table redemption.structure (
    id uuid not null,
    pivot text not null,
    siret text,
    name text not null,
    commune text not null,
    place jsonb not null,
    -- Where people find places: by département. The commune's code says it; a place that gives none has its postal code, which
    -- differs for Corsica (20…) alone. Stored, because jsonb of every structure would be read for each visitor of a public page.
    departement text not null generated always as (
        case
            when place ->> 'code_insee' ~ '^9[78]' then left(place ->> 'code_insee', 3)
            when place ->> 'code_insee' is not null then left(place ->> 'code_insee', 2)
            when place ->> 'code_postal' ~ '^9[78]' then left(place ->> 'code_postal', 3)
            when place ->> 'code_postal' ~ '^20[01]' then '2A'
            when place ->> 'code_postal' ~ '^20' then '2B'
            else left(coalesce(place ->> 'code_postal', ''), 2)
        end) stored,
    import_id uuid not null,
    imported_at timestamptz not null,
    constraint structure_pk primary key (id),
    constraint structure_pivot_unique unique (pivot),
    constraint structure_siret_is_pivot check (siret = pivot),
    constraint structure_siret_shape check (siret ~ '^[0-9]{14}$')
);

create index structure_departement on redemption.structure (departement);

comment on column redemption.structure.pivot is 'Its number in a national register; a SIRET, or it cannot be accredited.';
comment on column redemption.structure.place is 'The 32 columns of the national schema, as last given.';
comment on column redemption.structure.departement is 'COG code of the département or collectivity, for the public list of places.';

create table redemption.structure_import (
    id uuid not null,
    kind text not null,
    file_name text not null,
    sha256 bytea not null,
    report jsonb not null,
    committed_at timestamptz not null,
    constraint structure_import_pk primary key (id),
    constraint structure_import_kind_known check (kind in ('structures', 'bank_details'))
);

create table redemption.accreditation (
    structure_id uuid not null,
    id uuid not null,
    accredited_at timestamptz not null,
    accredited_by uuid not null,
    constraint accreditation_pk primary key (structure_id),
    constraint accreditation_id_unique unique (id),
    constraint accreditation_structure foreign key (structure_id) references redemption.structure (id)
);

create table redemption.suspension (
    id uuid not null,
    structure_id uuid not null,
    reason text not null,
    suspended_at timestamptz not null,
    suspended_by uuid not null,
    lifted_at timestamptz,
    constraint suspension_pk primary key (id),
    constraint suspension_structure foreign key (structure_id) references redemption.structure (id)
);

create unique index suspension_one_at_a_time on redemption.suspension (structure_id) where lifted_at is null;

-- The highest version counts; older ones say where earlier payments went.
create table redemption.bank_details (
    structure_id uuid not null,
    version integer not null,
    given_at timestamptz not null,
    holder text not null,
    iban text not null,
    bic text,
    import_id uuid not null,
    constraint bank_details_pk primary key (structure_id, version),
    constraint bank_details_version check (version >= 1),
    constraint bank_details_structure foreign key (structure_id) references redemption.structure (id)
);

-- `id` is uuid v5 of (programme, the id that the phone made).
create table redemption.claim (
    book_id uuid not null,
    id uuid not null,
    request_id uuid not null,
    structure_id uuid not null,
    service text not null,
    service_date date not null,
    numbers bigint[] not null,
    face_values bigint[] not null,
    cents bigint not null,
    status_list_at timestamptz,
    at timestamptz not null,
    constraint claim_pk primary key (book_id, id),
    constraint claim_has_vouchers check (
        cardinality(numbers) > 0 and cardinality(numbers) = cardinality(face_values) and cents > 0)
);

create index claim_structure on redemption.claim (book_id, structure_id, at, id);

comment on column redemption.claim.numbers is
    'The vouchers'' accounts in the ledger, in order; face_values has the cents of each. Never a token.';
-- The age of the list that the phone had, when it made a claim without the network.
comment on column redemption.claim.status_list_at is '`iat` of the status list that the phone used, if it used one.';

create table redemption.reversal (
    book_id uuid not null,
    claim_id uuid not null,
    id uuid not null,
    reason text not null,
    by_organisation uuid not null,
    at timestamptz not null,
    vouchers_alive integer not null,
    vouchers_dead integer not null,
    after_settlement boolean not null,
    constraint reversal_pk primary key (book_id, claim_id),
    constraint reversal_id_unique unique (book_id, id)
);

-- Short codes typed in the last hour, by key, by structure and by everybody: what limits guessing, for all instances
-- together. No code is here. A row counts from its first attempt and starts again an hour later; old rows are swept.
create table redemption.code_attempt (
    scope text not null,
    subject uuid not null,
    since timestamptz not null,
    attempts integer not null,
    wrong integer not null,
    constraint code_attempt_pk primary key (scope, subject),
    constraint code_attempt_scope_known check (scope in ('api_key', 'structure', 'everybody')),
    constraint code_attempt_counts check (wrong between 0 and attempts)
);

create index code_attempt_since on redemption.code_attempt (since);

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

comment on column redemption.status_cursor.cluster is
    'pg_control_system().system_identifier: transaction numbers mean nothing in a cluster that the books were restored into.';
comment on column redemption.status_cursor.next_xact is
    'Every transaction below is in the lists. Null until the lists have been made from the accounts once.';
comment on column redemption.status_cursor.rebuild_list is 'Lists below are made again already: series * 16 + shard.';

insert into redemption.status_cursor default values;
