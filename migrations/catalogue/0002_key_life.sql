-- Keys of several purposes at once, each with a window, bounds, and a reason when it is withdrawn.

alter table catalogue.signing_key drop constraint signing_key_purpose_known;
alter table catalogue.signing_key
    add constraint signing_key_purpose_known check (purpose in ('voucher', 'status', 'key_set'));

-- Keys that are there already sign without bounds, and were published when they came into service.
alter table catalogue.signing_key
    add column series_from integer not null default 0,
    add column series_to integer not null default 65535,
    add column max_cents integer not null default 65535,
    add column latest_day date not null default '2199-06-06',
    add column published_at timestamptz,
    add column withdrawal_id uuid,
    add column withdrawn_reason text;

update catalogue.signing_key set published_at = valid_from;
update catalogue.signing_key set withdrawn_reason = 'retirée avant que le motif soit demandé' where withdrawn_at is not null;

alter table catalogue.signing_key
    alter column series_from drop default,
    alter column series_to drop default,
    alter column max_cents drop default,
    alter column latest_day drop default,
    alter column published_at set not null,
    add constraint signing_key_series check (0 <= series_from and series_from <= series_to and series_to <= 65535),
    add constraint signing_key_max_cents check (max_cents between 1 and 65535),
    add constraint signing_key_latest_day check (latest_day between '2020-01-01' and '2199-06-06'),
    add constraint signing_key_withdrawal_unique unique (withdrawal_id),
    add constraint signing_key_withdrawn_with_reason
        check ((withdrawn_at is null) = (withdrawn_reason is null) and (withdrawal_id is null or withdrawn_at is not null)),
    add constraint signing_key_reason_given check (btrim(withdrawn_reason) <> '');

comment on column catalogue.signing_key.series_from is 'First series whose vouchers the key may sign.';
comment on column catalogue.signing_key.max_cents is 'Highest face value that the key may sign.';
comment on column catalogue.signing_key.latest_day is 'Latest last day that the key may sign.';
comment on column catalogue.signing_key.withdrawal_id is 'Made by who withdrew it; absent when it was withdrawn before ids were kept.';

-- What an offline root said about a key that signs key sets. Public, and needed to make the daily key set.
create table catalogue.key_delegation (
    sha256 bytea not null,
    document bytea not null,
    delegate bytea not null,
    root_kid bytea not null,
    valid_from timestamptz not null,
    valid_until timestamptz not null,
    published_at timestamptz not null,
    constraint key_delegation_pk primary key (sha256),
    constraint key_delegation_sizes
        check (octet_length(sha256) = 32 and octet_length(delegate) = 32 and octet_length(root_kid) = 4
            and octet_length(document) between 64 and 4096),
    constraint key_delegation_window check (valid_from < valid_until),
    constraint key_delegation_delegate foreign key (delegate) references catalogue.signing_key (public_key)
);

comment on column catalogue.key_delegation.document is 'The signed COSE document, as verifiers get it.';

grant update (withdrawal_id, withdrawn_reason) on catalogue.signing_key to ccn_issuer;
grant select on catalogue.key_delegation to ccn_issuer, ccn_redemption, ccn_funding;
grant insert on catalogue.key_delegation to ccn_issuer;
