-- The adversarial statement (état contradictoire) of a programme's end, what was answered to it, and what each funder chose and got.

-- The files as they were issued, once: a statement is never written again.
create table funding.expiry_statement (
    programme_id uuid not null,
    issued_at timestamptz not null,
    due_on date not null,
    late boolean not null,
    contest_until date not null,
    data bytea not null,
    data_sha256 bytea not null,
    csv bytea not null,
    csv_sha256 bytea not null,
    pdf bytea not null,
    pdf_sha256 bytea not null,
    constraint expiry_statement_pk primary key (programme_id),
    constraint expiry_statement_digests
        check (data_sha256 = sha256(data) and csv_sha256 = sha256(csv) and pdf_sha256 = sha256(pdf))
);

comment on column funding.expiry_statement.data is 'Canonical JSON (RFC 8785), as bytes: jsonb would not keep them.';
comment on column funding.expiry_statement.pdf is 'Signed; it names the digests of the two others.';

-- Who may contest it: the sponsor and the funders that it names; a funder also chooses what becomes of its part.
create table funding.expiry_party (
    programme_id uuid not null,
    organisation_id uuid not null,
    funds boolean not null,
    constraint expiry_party_pk primary key (programme_id, organisation_id),
    constraint expiry_party_statement foreign key (programme_id) references funding.expiry_statement (programme_id)
);

-- All answers are kept; the last one of each counts.
create table funding.expiry_response (
    programme_id uuid not null,
    id uuid not null,
    organisation_id uuid not null,
    answer text not null,
    reasons text,
    at timestamptz not null,
    constraint expiry_response_pk primary key (programme_id, id),
    constraint expiry_response_answer_known check (answer in ('accepted', 'contested')),
    constraint expiry_response_contested_with_reasons check (answer <> 'contested' or btrim(coalesce(reasons, '')) <> ''),
    constraint expiry_response_party foreign key (programme_id, organisation_id)
        references funding.expiry_party (programme_id, organisation_id)
);

-- All choices are kept; the last one of each funder counts.
create table funding.expiry_choice (
    programme_id uuid not null,
    id uuid not null,
    funder_id uuid not null,
    way text not null,
    at timestamptz not null,
    constraint expiry_choice_pk primary key (programme_id, id),
    constraint expiry_choice_way_known check (way in ('credit', 'bank')),
    constraint expiry_choice_statement foreign key (programme_id) references funding.expiry_statement (programme_id),
    constraint expiry_choice_funder foreign key (funder_id) references funding.funder (id)
);

-- What was given back because of the statement, once a funder; nothing is left where a refund came before.
create table funding.expiry_giving_back (
    programme_id uuid not null,
    funder_id uuid not null,
    way text not null,
    chosen_by text not null,
    cents bigint not null,
    refund_id uuid,
    by_organisation uuid,
    despite text,
    at timestamptz not null,
    constraint expiry_giving_back_pk primary key (programme_id, funder_id),
    constraint expiry_giving_back_way_known check (way in ('credit', 'bank')),
    constraint expiry_giving_back_chosen_by_known check (chosen_by in ('funder', 'sponsor', 'default')),
    constraint expiry_giving_back_by_refund check (cents >= 0 and (refund_id is null) = (cents = 0)),
    constraint expiry_giving_back_despite_by_somebody check (despite is null or by_organisation is not null),
    constraint expiry_giving_back_statement foreign key (programme_id) references funding.expiry_statement (programme_id),
    constraint expiry_giving_back_funder foreign key (funder_id) references funding.funder (id),
    constraint expiry_giving_back_refund foreign key (refund_id) references funding.refund (id)
);

comment on column funding.expiry_giving_back.by_organisation is 'Absent when the clock did it.';
comment on column funding.expiry_giving_back.despite is 'Why, although the statement was contested.';

grant select, insert on funding.expiry_statement, funding.expiry_party, funding.expiry_response, funding.expiry_choice,
    funding.expiry_giving_back to ccn_funding;
