-- Who may do what: organisations, their API keys, and the trail of what was done.

create table access.organisation (
    id uuid not null,
    name text not null,
    siren text,
    roles text[] not null,
    created_at timestamptz not null,
    constraint organisation_pk primary key (id),
    constraint organisation_name_given check (btrim(name) <> ''),
    constraint organisation_siren_shape check (siren ~ '^[0-9]{9}$'),
    constraint organisation_has_roles check (
        cardinality(roles) > 0
        and roles <@ array['operator', 'sponsor', 'prescriber', 'structure', 'accreditor', 'funder', 'auditor'])
);

comment on column access.organisation.roles is
    'One body may wear several hats: a département is often both sponsor and funder.';

-- The secret itself is never stored: 256 random bits need no slow hash.
create table access.api_key (
    id uuid not null,
    organisation_id uuid not null,
    secret_sha256 bytea not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    constraint api_key_pk primary key (id),
    constraint api_key_secret_unique unique (secret_sha256),
    constraint api_key_secret_length check (octet_length(secret_sha256) = 32),
    constraint api_key_organisation foreign key (organisation_id) references access.organisation (id)
);

create table access.audit (
    id bigint generated always as identity,
    at timestamptz not null,
    organisation_id uuid not null,
    request_id uuid not null,
    action text not null,
    object_id uuid,
    detail jsonb not null default '{}',
    constraint audit_pk primary key (id)
);

comment on table access.audit is 'Append only; names no person: objects are named by id.';
