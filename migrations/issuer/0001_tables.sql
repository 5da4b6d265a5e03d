-- Beneficiaries, batches, booklets, vouchers as printed, hand-overs and blocks; what the paper says and shows; the steps of a
-- programme's end. Money is the ledger's.
-- `book_id` is the programme's id, first in every key, so that the tables can be distributed by it.

-- Who hands vouchers over in a programme. Its sponsor says so; nobody else sees the programme's batches or acts on it.
create table issuer.programme_prescriber (
    book_id uuid not null,
    prescriber_id uuid not null,
    since timestamptz not null,
    constraint programme_prescriber_pk primary key (book_id, prescriber_id)
);

-- The pseudonymous half: stays for as long as the books do.
create table issuer.beneficiary (
    book_id uuid not null,
    id uuid not null,
    prescriber_id uuid not null,
    external_id text not null,
    identity_hash bytea not null,
    audience text not null,
    residence text not null,
    booklets integer not null,
    import_id uuid not null,
    registered_at timestamptz not null,
    constraint beneficiary_pk primary key (book_id, id),
    constraint beneficiary_identity_unique unique (book_id, identity_hash),
    constraint beneficiary_external_unique unique (book_id, prescriber_id, external_id),
    constraint beneficiary_hash_length check (octet_length(identity_hash) = 32),
    constraint beneficiary_booklets check (booklets >= 1)
);

comment on column issuer.beneficiary.identity_hash is
    'HMAC of the normalised identity: finds the same person across organisations without showing anybody.';
comment on column issuer.beneficiary.booklets is 'How many booklets the prescriber granted: at most the programme''s cap.';

-- The identity: erased 2 years after the last contact, without touching anything else.
create table issuer.identity (
    book_id uuid not null,
    beneficiary_id uuid not null,
    birth_name text not null,
    first_names text not null,
    birth_date date not null,
    sex text not null,
    birth_place text not null,
    phone text,
    email text,
    last_contact date not null,
    constraint identity_pk primary key (book_id, beneficiary_id)
);

create table issuer.import (
    book_id uuid not null,
    id uuid not null,
    prescriber_id uuid not null,
    file_name text not null,
    sha256 bytea not null,
    report jsonb not null,
    committed_at timestamptz not null,
    constraint import_pk primary key (book_id, id)
);

comment on column issuer.import.report is 'Counts, lines and columns only: no value of a refused line is kept.';

create table issuer.batch (
    book_id uuid not null,
    id uuid not null,
    plan_id uuid not null,
    series integer not null,
    -- Vouchers of earlier batches in the series: tells the shard of the status list that this batch draws from.
    series_position bigint not null,
    booklets integer not null,
    booklet_size integer not null,
    face_value_cents bigint not null,
    last_day date not null,
    ordered_by uuid not null,
    ordered_at timestamptz not null,
    minted_at timestamptz,
    funded_at timestamptz,
    activated_at timestamptz,
    activated_vouchers integer not null default 0,
    cancelled_at timestamptz,
    cancelled_reason text,
    constraint batch_pk primary key (book_id, id),
    constraint batch_position check (series_position >= 0),
    constraint batch_sizes check (booklets > 0 and booklet_size > 0 and face_value_cents > 0),
    constraint batch_cancelled_with_reason check ((cancelled_at is null) = (cancelled_reason is null))
);

-- What a batch's plan became when it was funded, if a limit acted: the shares that each of its vouchers is split by. A batch
-- without rows here splits by the plan that it was ordered under.
create table issuer.batch_share (
    book_id uuid not null,
    batch_id uuid not null,
    rank integer not null,
    funder_id uuid not null,
    rate numeric(9, 8) not null,
    constraint batch_share_pk primary key (book_id, batch_id, rank),
    constraint batch_share_funder_unique unique (book_id, batch_id, funder_id),
    constraint batch_share_rate check (rate > 0 and rate <= 1)
);

-- One row a voucher printed. Its serial in the batch (from 1) gives its booklet and, with the batch's plan, its shares.
-- The token itself is stored nowhere: it is signed again, always the same.
create table issuer.voucher (
    book_id uuid not null,
    number bigint not null,
    batch_id uuid not null,
    serial integer not null,
    token_id bytea not null,
    kid bytea not null,
    constraint voucher_pk primary key (book_id, number),
    constraint voucher_serial_unique unique (book_id, batch_id, serial),
    constraint voucher_token_id_unique unique (book_id, token_id),
    constraint voucher_sizes check (octet_length(token_id) = 8 and octet_length(kid) = 4 and serial >= 1)
);

-- Eight bytes of the hash are as sparse as the 64 bits that they are the hash of; issuer.vouchers_of_codes compares all 32.
create index voucher_code on issuer.voucher (substr(sha256(token_id), 1, 8));

create table issuer.hand_over (
    book_id uuid not null,
    id uuid not null,
    batch_id uuid not null,
    booklet integer not null,
    beneficiary_id uuid not null,
    prescriber_id uuid not null,
    replaces uuid,
    at timestamptz not null,
    constraint hand_over_pk primary key (book_id, id),
    constraint hand_over_booklet_once unique (book_id, batch_id, booklet),
    constraint hand_over_replaces_once unique (book_id, replaces)
);

create index hand_over_beneficiary on issuer.hand_over (book_id, beneficiary_id);

comment on column issuer.hand_over.replaces is 'The hand-over of the lost booklet that this one replaces.';

-- Blocks.

-- What was asked and what came of it, so that the same request gets the same answer.
create table issuer.revocation_act (
    book_id uuid not null,
    id uuid not null,
    batch_id uuid not null,
    first_serial integer not null,
    last_serial integer not null,
    reason text not null,
    by_organisation uuid not null,
    revoked integer not null,
    already_claimed integer not null,
    returned_cents bigint not null,
    at timestamptz not null,
    constraint revocation_act_pk primary key (book_id, id),
    constraint revocation_act_serials check (first_serial between 1 and last_serial),
    constraint revocation_act_reason_known check (reason in ('lost', 'stolen', 'death', 'ineligible', 'fraud'))
);

-- A block is a row of its own: a claimed voucher moves no money when revoked, and must not come back to life when
-- its claim is reversed. A revocation of what was never activated moves no money either, so the ledger does not tell of it: `xact`
-- is the transaction's number, as in ledger.transfer and for the same reasons.
create table issuer.revocation (
    book_id uuid not null,
    number bigint not null,
    act_id uuid not null,
    at timestamptz not null,
    xact bigint not null default (pg_current_xact_id()::text::bigint),
    constraint revocation_pk primary key (book_id, number)
);

create index revocation_of_act on issuer.revocation (book_id, act_id);
create index revocation_changes on issuer.revocation (xact);

create table issuer.expiry (
    book_id uuid not null,
    id uuid not null,
    at timestamptz not null,
    constraint expiry_pk primary key (book_id)
);

-- The steps of a programme's end as they were done, each once. Their days are catalogue's to derive; what is kept here is what
-- happened and what was counted then.
create table issuer.expiry_step (
    book_id uuid not null,
    step text not null,
    act_id uuid,
    due_on date not null,
    done_at timestamptz not null,
    by_organisation uuid,
    late boolean not null,
    data jsonb not null,
    constraint expiry_step_pk primary key (book_id, step),
    constraint expiry_step_known check (step in ('alert', 'block', 'acceptance', 'sweep')),
    constraint expiry_step_act_of_somebody check (act_id is null or by_organisation is not null)
);

comment on column issuer.expiry_step.act_id is 'Made by who did it over the interface; absent when the clock did.';
comment on column issuer.expiry_step.by_organisation is 'Absent when the clock did it.';
comment on column issuer.expiry_step.late is 'Done on a later day than it should have been.';
comment on column issuer.expiry_step.data is 'Counts of booklets, never of persons'' data.';

-- What the sponsor decided about hand-overs near the end; the last one counts.
create table issuer.distribution_decision (
    book_id uuid not null,
    id uuid not null,
    decision text not null,
    reason text not null,
    by_organisation uuid not null,
    at timestamptz not null,
    constraint distribution_decision_pk primary key (book_id, id),
    constraint distribution_decision_known check (decision in ('continue', 'stop')),
    constraint distribution_decision_reason_given check (btrim(reason) <> '')
);

-- What a programme's paper says and shows, its proofs, its prints, and the booklets whose paper must be refused.

-- Where to ask, as printed on the cover. One row a programme.
create table issuer.paper (
    book_id uuid not null,
    phone text,
    web_page text,
    address text,
    changed_at timestamptz not null,
    constraint paper_pk primary key (book_id)
);

-- Drawn anew by the issuer whatever came in; at most one an organisation.
create table issuer.logo (
    book_id uuid not null,
    organisation_id uuid not null,
    png bytea not null,
    width integer not null,
    height integer not null,
    sha256 bytea not null,
    at timestamptz not null,
    constraint logo_pk primary key (book_id, organisation_id),
    constraint logo_size check (width between 1 and 1000 and height between 1 and 500 and octet_length(png) <= 4194304),
    constraint logo_digest_length check (octet_length(sha256) = 32)
);

-- A proof (bon à tirer) of one state of the settings; approved by the sponsor or not.
create table issuer.proof (
    book_id uuid not null,
    id uuid not null,
    batch_id uuid,
    format text not null,
    settings_sha256 bytea not null,
    made_at timestamptz not null,
    approved_at timestamptz,
    constraint proof_pk primary key (book_id, id),
    constraint proof_format_known check (format in ('sheet', 'large_print')),
    constraint proof_digest_length check (octet_length(settings_sha256) = 32)
);

create index proof_settings on issuer.proof (book_id, settings_sha256);

comment on column issuer.proof.batch_id is 'The batch whose funders it shows; the current plan''s when absent.';

-- Which booklets were printed, for which purpose; a second print of one says why.
create table issuer.print (
    book_id uuid not null,
    id uuid not null,
    batch_id uuid not null,
    first_booklet integer not null,
    last_booklet integer not null,
    kind text not null,
    format text not null,
    reason text,
    settings_sha256 bytea,
    by_organisation uuid not null,
    at timestamptz not null,
    constraint print_pk primary key (book_id, id),
    constraint print_booklets check (first_booklet between 1 and last_booklet),
    constraint print_kind_known check (kind in ('booklets', 'printer_file')),
    constraint print_format_known check (format in ('sheet', 'large_print')),
    constraint print_reason_known
        check (reason in ('damaged', 'misprinted', 'lost_in_transit', 'other_format', 'reissued', 'interrupted'))
);

create index print_batch on issuer.print (book_id, batch_id);

-- Booklets whose paper must be refused and which get new numbers: the old ones stay known, and blocked.
create table issuer.reissue (
    book_id uuid not null,
    id uuid not null,
    batch_id uuid not null,
    first_booklet integer not null,
    last_booklet integer not null,
    reason text not null,
    vouchers integer not null,
    by_organisation uuid not null,
    at timestamptz not null,
    constraint reissue_pk primary key (book_id, id),
    constraint reissue_booklets check (first_booklet between 1 and last_booklet),
    constraint reissue_reason_known check (reason in ('stolen', 'lost_in_transit', 'disclosed', 'misprinted'))
);

-- The voucher as it was. Its number is never given again: the signature on the old paper stays valid for ever. It was never
-- activated, so the ledger does not tell of it: `xact` is as in issuer.revocation.
create table issuer.withdrawn_voucher (
    book_id uuid not null,
    number bigint not null,
    batch_id uuid not null,
    serial integer not null,
    token_id bytea not null,
    kid bytea not null,
    reissue_id uuid not null,
    at timestamptz not null,
    xact bigint not null default (pg_current_xact_id()::text::bigint),
    constraint withdrawn_voucher_pk primary key (book_id, number),
    constraint withdrawn_voucher_token_id_unique unique (book_id, token_id)
);

create index withdrawn_voucher_reissue on issuer.withdrawn_voucher (book_id, reissue_id);
create index withdrawn_voucher_changes on issuer.withdrawn_voucher (xact);
create index withdrawn_voucher_code on issuer.withdrawn_voucher (substr(sha256(token_id), 1, 8));
