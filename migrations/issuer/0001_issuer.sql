-- Beneficiaries, batches, booklets, vouchers as printed, hand-overs and blocks. Money is the ledger's.
-- `book_id` is the programme's id.

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

comment on column issuer.beneficiary.booklets is 'How many booklets the prescriber granted: at most the programme''s cap.';

comment on column issuer.beneficiary.identity_hash is
    'HMAC of the normalised identity: finds the same person across organisations without showing anybody.';

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
    constraint batch_cancelled_with_reason check ((cancelled_at is null) = (cancelled_reason is null)),
    constraint batch_position check (series_position >= 0),
    constraint batch_sizes check (booklets > 0 and booklet_size > 0 and face_value_cents > 0)
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
-- its claim is reversed.
create table issuer.revocation (
    book_id uuid not null,
    number bigint not null,
    act_id uuid not null,
    at timestamptz not null,
    constraint revocation_pk primary key (book_id, number)
);

create index revocation_of_act on issuer.revocation (book_id, act_id);

create table issuer.expiry (
    book_id uuid not null,
    id uuid not null,
    at timestamptz not null,
    constraint expiry_pk primary key (book_id)
);

-- What redemption needs to explain a refusal and to know whether a reversed claim revives its voucher.
create view issuer.voucher_block as
    select v.book_id, v.number,
        case when r.number is not null then 'revoked' when e.book_id is not null then 'expired' end as blocked_reason
    from issuer.voucher v
    left join issuer.revocation r on r.book_id = v.book_id and r.number = v.number
    left join issuer.expiry e on e.book_id = v.book_id;

-- What funding needs for its report: sums by batch, no person.
create view issuer.batch_memo as
    select b.book_id, b.id as batch_id, b.plan_id, b.booklets, b.booklet_size, b.face_value_cents,
        b.ordered_at, b.minted_at, b.funded_at, b.activated_at, b.activated_vouchers,
        b.cancelled_at
    from issuer.batch b;

-- `offset 0` keeps the inner join together: with its booklet computed, a voucher is found by equality, and no plan compares every
-- hand-over of a batch with every voucher of it.
create view issuer.handed_over_voucher as
    select v.book_id, v.number, v.batch_id, v.serial, h.at as handed_over_at
    from (
        select v.book_id, v.number, v.batch_id, v.serial, (v.serial - 1) / b.booklet_size + 1 as booklet
        from issuer.voucher v
        join issuer.batch b on b.book_id = v.book_id and b.id = v.batch_id
        offset 0) v
    join issuer.hand_over h on h.book_id = v.book_id and h.batch_id = v.batch_id and h.booklet = v.booklet;

grant usage on schema issuer to ccn_issuer, ccn_redemption, ccn_funding;
-- By name: not the table in which migrations are recorded.
grant select, insert on issuer.programme_prescriber, issuer.beneficiary, issuer.identity, issuer.import, issuer.batch, issuer.voucher,
    issuer.hand_over, issuer.revocation_act, issuer.revocation, issuer.expiry to ccn_issuer;
grant select on issuer.voucher_block, issuer.batch_memo, issuer.handed_over_voucher to ccn_issuer;
grant update (minted_at, funded_at, activated_at, activated_vouchers, cancelled_at, cancelled_reason) on issuer.batch to ccn_issuer;
-- Never written: PostgreSQL asks for it to lock a person's row while that person's booklets are counted.
grant update (booklets) on issuer.beneficiary to ccn_issuer;
grant delete on issuer.identity to ccn_issuer;
grant select on issuer.voucher_block to ccn_redemption;
grant select on issuer.batch_memo, issuer.handed_over_voucher, issuer.voucher_block to ccn_funding;
