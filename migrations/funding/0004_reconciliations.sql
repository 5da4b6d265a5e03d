-- Reconciliation runs: what was compared, every identity with both sides, every break, signed. A run names the one before by its
-- digest, so that none can be taken out unseen.

create table funding.reconciliation (
    id uuid not null,
    number integer not null,
    at timestamptz not null,
    occasion text not null,
    organisation_id uuid,
    night date,
    -- The last statement that it covers; the next run lists those after it.
    statements integer not null,
    all_hold boolean not null,
    failing integer not null,
    open_breaks integer not null,
    old_breaks integer not null,
    -- Canonical JSON (RFC 8785), kept as it was signed.
    document bytea not null,
    sha256 bytea not null,
    -- Signature lines of a C2SP signed note whose text is the document and a newline.
    signature text not null,
    constraint reconciliation_pk primary key (id),
    constraint reconciliation_number_unique unique (number),
    constraint reconciliation_numbered check (number > 0),
    -- Several instances may try: one of them runs a night.
    constraint reconciliation_night_once unique (night),
    constraint reconciliation_occasion_known check (occasion in ('request', 'night', 'command')),
    constraint reconciliation_of_whom
        check ((occasion = 'request') = (organisation_id is not null) and (occasion = 'night') = (night is not null)),
    constraint reconciliation_verdict check (all_hold = (failing = 0) and old_breaks <= open_breaks),
    constraint reconciliation_digest check (sha256 = sha256(document))
);

grant select, insert on funding.reconciliation to ccn_funding;
