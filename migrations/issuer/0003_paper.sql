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

grant select, insert on issuer.paper, issuer.logo, issuer.proof, issuer.print to ccn_issuer;
grant update (phone, web_page, address, changed_at) on issuer.paper to ccn_issuer;
grant update (png, width, height, sha256, at) on issuer.logo to ccn_issuer;
grant delete on issuer.logo to ccn_issuer;
grant update (approved_at) on issuer.proof to ccn_issuer;

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

-- The voucher as it was. Its number is never given again: the signature on the old paper stays valid for ever.
create table issuer.withdrawn_voucher (
    book_id uuid not null,
    number bigint not null,
    batch_id uuid not null,
    serial integer not null,
    token_id bytea not null,
    kid bytea not null,
    reissue_id uuid not null,
    at timestamptz not null,
    constraint withdrawn_voucher_pk primary key (book_id, number),
    constraint withdrawn_voucher_token_id_unique unique (book_id, token_id)
);

create index withdrawn_voucher_reissue on issuer.withdrawn_voucher (book_id, reissue_id);

-- A withdrawn number reads as revoked, so that a structure that scans it learns why it is refused.
create or replace view issuer.voucher_block as
    select v.book_id, v.number,
        case when r.number is not null then 'revoked' when e.book_id is not null then 'expired' end as blocked_reason
    from issuer.voucher v
    left join issuer.revocation r on r.book_id = v.book_id and r.number = v.number
    left join issuer.expiry e on e.book_id = v.book_id
    union all
    select w.book_id, w.number, 'revoked' from issuer.withdrawn_voucher w;

grant select, insert on issuer.reissue, issuer.withdrawn_voucher to ccn_issuer;
-- Only a voucher that is moved to the table above; the issuer's code is the only one that does.
grant delete on issuer.voucher to ccn_issuer;
