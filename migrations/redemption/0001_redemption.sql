-- Structures, their accreditation and bank details, claims and their reversals. Money is the ledger's.

create table redemption.structure (
    id uuid not null,
    pivot text not null,
    siret text,
    name text not null,
    commune text not null,
    place jsonb not null,
    import_id uuid not null,
    imported_at timestamptz not null,
    constraint structure_pk primary key (id),
    constraint structure_pivot_unique unique (pivot),
    constraint structure_siret_is_pivot check (siret = pivot),
    constraint structure_siret_shape check (siret ~ '^[0-9]{14}$')
);

comment on column redemption.structure.pivot is 'Its number in a national register; a SIRET, or it cannot be accredited.';
comment on column redemption.structure.place is 'The 32 columns of the national schema, as last given.';

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
    at timestamptz not null,
    constraint claim_pk primary key (book_id, id),
    constraint claim_has_vouchers check (
        cardinality(numbers) > 0 and cardinality(numbers) = cardinality(face_values) and cents > 0)
);

create index claim_structure on redemption.claim (book_id, structure_id, at, id);

comment on column redemption.claim.numbers is
    'The vouchers'' accounts in the ledger, in order; face_values has the cents of each. Never a token.';

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

create view redemption.claim_status as
    select c.book_id, c.id as claim_id, c.structure_id, c.service, c.service_date, c.cents, c.at, r.at as reversed_at
    from redemption.claim c
    left join redemption.reversal r on r.book_id = c.book_id and r.claim_id = c.id;

create view redemption.payee as
    select s.id as structure_id, s.siret, s.name, b.holder, b.iban, b.bic
    from redemption.structure s
    left join lateral (
        select d.holder, d.iban, d.bic from redemption.bank_details d
        where d.structure_id = s.id order by d.version desc limit 1) b on true;

grant usage on schema redemption to ccn_redemption, ccn_funding;
-- By name: not the table in which migrations are recorded.
grant select, insert on redemption.structure, redemption.structure_import, redemption.accreditation, redemption.suspension,
    redemption.bank_details, redemption.claim, redemption.reversal to ccn_redemption;
grant select on redemption.claim_status, redemption.payee to ccn_redemption;
grant update (name, commune, place, import_id, imported_at) on redemption.structure to ccn_redemption;
grant update (lifted_at) on redemption.suspension to ccn_redemption;
grant select on redemption.claim_status, redemption.payee to ccn_funding;
