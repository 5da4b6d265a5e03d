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

comment on table redemption.structure is
    'A structure (structure de médiation): a place that helps people. Accredited or not; public, but for its bank details.';
comment on column redemption.structure.id is 'UUID v5 of pivot; also its access.organisation.id once it is accredited.';
comment on column redemption.structure.pivot is
    'Its number in a national register; a SIRET, or it cannot be accredited. Where nobody knows one: lieu: and its id in the national '
    'schema of places.';
comment on column redemption.structure.siret is 'Its SIRET: fourteen digits. Null: it has another number, or none.';
comment on column redemption.structure.commune is 'The commune''s name, as the file gives it.';
comment on column redemption.structure.place is
    'The 32 columns of the national schema of places (lieux de médiation numérique), as last given: {column: text}.';
comment on column redemption.structure.departement is 'COG code of the département or collectivity, for the public list of places.';
comment on column redemption.structure.import_id is 'The file that last described it: redemption.structure_import.id.';

create index structure_departement on redemption.structure (departement);

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

comment on table redemption.structure_import is 'A file that was loaded, once: of structures, or of their bank details.';
comment on column redemption.structure_import.kind is 'structures or bank_details.';
comment on column redemption.structure_import.sha256 is 'SHA-256 of the file''s bytes. The file itself is not kept.';
comment on column redemption.structure_import.report is
    'What the import did, as {digest, rows, accepted, changed, unchanged, refused, problems, notices, samples, duplicates}: counts, lines '
    'and columns, and what was wrong in each.';

create table redemption.accreditation (
    structure_id uuid not null,
    id uuid not null,
    accredited_at timestamptz not null,
    accredited_by uuid not null,
    constraint accreditation_pk primary key (structure_id),
    constraint accreditation_id_unique unique (id),
    constraint accreditation_structure foreign key (structure_id) references redemption.structure (id)
);

comment on table redemption.accreditation is 'An accreditation (labellisation): the right of a structure to claim.';
comment on column redemption.accreditation.accredited_by is 'Who gave it: access.organisation.id.';

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

comment on table redemption.suspension is
    'A structure may not claim from suspended_at until lifted_at; while that is null, it may not now.';
comment on column redemption.suspension.reason is 'Why, in the accreditor''s words.';
comment on column redemption.suspension.suspended_by is 'Who suspended it: access.organisation.id.';

create unique index suspension_one_at_a_time on redemption.suspension (structure_id) where lifted_at is null;

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

comment on table redemption.bank_details is
    'Where a structure is paid. The highest version counts; older ones say where earlier payments went.';
comment on column redemption.bank_details.import_id is 'The file that gave them: redemption.structure_import.id.';

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
    evidence bytea[] not null,
    status_list_at timestamptz,
    at timestamptz not null,
    constraint claim_pk primary key (book_id, id),
    constraint claim_has_vouchers check (
        cardinality(numbers) > 0 and cardinality(numbers) = cardinality(face_values) and cardinality(numbers) = cardinality(evidence)
        and cents > 0)
);

comment on table redemption.claim is
    'A claim (encaissement): a structure takes 1 to 50 vouchers of one programme for a service, all or nothing.';
comment on column redemption.claim.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column redemption.claim.id is 'UUID v5 of (programme, request_id).';
comment on column redemption.claim.request_id is 'The id that the phone made: the same one again is the same claim.';
comment on column redemption.claim.structure_id is 'Who claims: redemption.structure.id.';
comment on column redemption.claim.service is 'For what: catalogue.service.code.';
comment on column redemption.claim.numbers is 'The vouchers: their ledger.account.number in the book, in order. Never a token.';
comment on column redemption.claim.face_values is 'Face value of each of them, in euro cents.';
comment on column redemption.claim.cents is 'Sum of face_values: what the fund owes the structure, in euro cents.';
comment on column redemption.claim.evidence is
    'What was shown of each of them, sealed (XChaCha20-Poly1305) for this claim and voucher: the token that was scanned, or what it would have '
    'said of the code that was typed. ledger.transfer.evidence is its digest.';
comment on column redemption.claim.status_list_at is
    '`iat` of the status list that the phone used, if it used one: the age of what it knew, when it claimed without the network.';

create index claim_structure on redemption.claim (book_id, structure_id, at, id);

create table redemption.evidence_disclosure (
    book_id uuid not null,
    claims_until timestamptz not null,
    at timestamptz not null,
    constraint evidence_disclosure_pk primary key (book_id, claims_until)
);

comment on table redemption.evidence_disclosure is
    'That the evidence of a programme''s claims went out in clear (an export, a liquidator''s file), written before it did: none of their '
    'vouchers comes back to life when its claim is undone.';
comment on column redemption.evidence_disclosure.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column redemption.evidence_disclosure.claims_until is 'Of all claims made until this instant.';
comment on column redemption.evidence_disclosure.at is 'When it went out.';

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

comment on table redemption.reversal is 'A reversal (annulation): a claim undone, once.';
comment on column redemption.reversal.reason is 'Why, in the words of who asked for it.';
comment on column redemption.reversal.by_organisation is 'Who asked for it: access.organisation.id.';
comment on column redemption.reversal.vouchers_alive is 'Vouchers that can be spent again.';
comment on column redemption.reversal.vouchers_dead is
    'Vouchers that were revoked or expired meanwhile: their money went back to the funders'' side.';
comment on column redemption.reversal.after_settlement is
    'Whether the claim had been paid: then the structure owes it, and the next payment takes it back.';

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

comment on table redemption.code_attempt is
    'Short codes typed in the last hour, by key, by structure and by everybody: what limits guessing, for all instances together. '
    'No code is here. A row counts from its first attempt and starts again an hour later; old rows are swept.';
comment on column redemption.code_attempt.scope is 'Whose attempts are counted: api_key, structure or everybody.';
comment on column redemption.code_attempt.subject is 'By scope: access.api_key.id, redemption.structure.id, or nil for everybody.';

create index code_attempt_since on redemption.code_attempt (since);

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

comment on table redemption.status_list is
    'Status lists (listes d''états): two bits a voucher, signed, in shards of 2^20 places. Derived from the books and made again '
    'from them.';
comment on column redemption.status_list.shard is 'Which million of the series'' places, from 0.';
comment on column redemption.status_list.token is
    'The signed CWT itself: the state is in it, is changed there and signed again; there is no second copy to disagree with.';
comment on column redemption.status_list.sha256 is 'SHA-256 of token.';
comment on column redemption.status_list.kid is 'The key that signed it: catalogue.signing_key.kid.';
comment on column redemption.status_list.changed_at is 'When a state in it last changed; it is signed again more often than that.';

-- It is compressed already.
alter table redemption.status_list alter column token set storage external;
create index status_list_signed on redemption.status_list (signed_at);

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

comment on table redemption.status_cursor is
    'How far the status lists have followed the books. One row; whoever holds its lock makes lists.';
comment on column redemption.status_cursor.cluster is
    'pg_control_system().system_identifier: transaction numbers mean nothing in a cluster that the books were restored into.';
comment on column redemption.status_cursor.next_xact is
    'Every transaction below is in the lists. Null until the lists have been made from the accounts once.';
comment on column redemption.status_cursor.rebuild_next_xact is
    'While lists are made again from the accounts: the transaction number from which they follow the books afterwards. Null: they '
    'are not being made again.';
comment on column redemption.status_cursor.rebuild_list is 'Lists below are made again already: series * 16 + shard.';
comment on column redemption.status_cursor.in_step_at is 'When the lists last were in step with the books.';

insert into redemption.status_cursor default values;
