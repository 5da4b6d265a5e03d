-- Others who say that they saw a checkpoint, and that it extended the one that they saw before (C2SP tlog-cosignature).
create table ledger.cosigner (
    verifier text not null,
    party uuid not null,
    registered_at timestamptz not null,
    registered_by uuid not null,
    constraint cosigner_pk primary key (verifier)
);

comment on column ledger.cosigner.verifier is 'Verifier key in signed-note form, type 0x04.';
comment on column ledger.cosigner.party is 'Whose key it is: a funder, or another witness.';

create table ledger.cosignature (
    size bigint not null,
    verifier text not null,
    text_sha256 bytea not null,
    line text not null,
    at timestamptz not null,
    constraint cosignature_pk primary key (size, text_sha256, verifier),
    constraint cosignature_key_registered foreign key (verifier) references ledger.cosigner (verifier)
);

comment on column ledger.cosignature.text_sha256 is 'Of the text that was signed: a close has a checkpoint of its own, of the same size as another.';
comment on column ledger.cosignature.line is 'The signature line as it is served below the note.';

alter table ledger.cosigner enable row level security;
alter table ledger.cosignature enable row level security;
create policy cosigner_read on ledger.cosigner for select using (true);
create policy cosignature_read on ledger.cosignature for select using (true);
create policy cosigner_by_funding on ledger.cosigner for insert to ccn_funding with check (true);
create policy cosignature_by_funding on ledger.cosignature for insert to ccn_funding with check (true);
grant select on ledger.cosigner, ledger.cosignature to ccn_issuer, ccn_redemption, ccn_funding, ccn_audit;
grant insert on ledger.cosigner, ledger.cosignature to ccn_funding;
