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

comment on table access.organisation is
    'A body that takes part: sponsor, prescriber, structure, accreditor, funder, operator or auditor. Never a person.';
comment on column access.organisation.name is 'Its name, as it is shown and printed.';
comment on column access.organisation.siren is
    'Its number in the national register of bodies: nine digits. Absent when it has none.';
comment on column access.organisation.roles is
    'What it may do, as role words of the glossary. One body may wear several hats: a département is often both sponsor and '
    'funder.';

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

comment on table access.api_key is
    'The keys with which an organisation''s people and machines sign in: one key, one person or one machine.';
comment on column access.api_key.secret_sha256 is
    'SHA-256 of the key as it is sent. The secret itself is never stored: 256 random bits need no slow hash.';
comment on column access.api_key.revoked_at is 'From this instant on the key opens nothing. Null: it is in use.';

create table access.audit (
    id bigint generated always as identity,
    line_id uuid not null,
    salt bytea not null,
    at timestamptz not null,
    organisation_id uuid not null,
    request_id uuid not null,
    action text not null,
    object_id uuid,
    detail jsonb not null default '{}',
    constraint audit_pk primary key (id),
    constraint audit_line_unique unique (line_id),
    constraint audit_salt_length check (octet_length(salt) = 16)
);

comment on table access.audit is
    'What was done, by whom, in the transaction of the act itself. Append only; names no person: objects are named by id.';
comment on column access.audit.line_id is 'Names the line in the log of the books: ledger.audit_digest.id.';
comment on column access.audit.salt is
    '16 random bytes, hashed before the line in ledger.audit_digest: erased with the line when the line must go.';
comment on column access.audit.organisation_id is
    'Who did it: access.organisation.id. No foreign key: the clock, which is in no table, does things too.';
comment on column access.audit.request_id is
    'The request in which it was done: the id that the answer''s header and the logs show.';
comment on column access.audit.action is 'What was done, as noun.verb: booklet.hand_over.';
comment on column access.audit.object_id is
    'To what it was done, a row of the service that acted; the action says of which table. Null: to nothing that has an id.';
comment on column access.audit.detail is
    'What else is to be known, a JSON value whose shape follows from the action; ids and counts, never a person''s data.';
