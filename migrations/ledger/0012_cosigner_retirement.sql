-- A co-signer's key that is not used any more. What it signed before stays good and shown; a line that comes from then on is refused.
create table ledger.cosigner_retirement (
    verifier text not null,
    from_at timestamptz not null,
    reason text not null,
    retired_at timestamptz not null,
    retired_by uuid not null,
    constraint cosigner_retirement_pk primary key (verifier),
    constraint cosigner_retirement_key_registered foreign key (verifier) references ledger.cosigner (verifier),
    constraint cosigner_retirement_reason check (btrim(reason) <> ''),
    -- Nothing that was taken becomes bad afterwards.
    constraint cosigner_retirement_not_backdated check (from_at >= retired_at)
);

comment on column ledger.cosigner_retirement.from_at is 'Lines that arrive at this instant or later are refused, whatever time they bear.';
comment on column ledger.cosigner_retirement.retired_at is 'When this was said.';
comment on column ledger.cosigner_retirement.retired_by is 'The organisation that said it: the key''s own, or the operator.';

alter table ledger.cosigner_retirement enable row level security;
create policy cosigner_retirement_read on ledger.cosigner_retirement for select using (true);
create policy cosigner_retirement_by_funding on ledger.cosigner_retirement for insert to ccn_funding with check (true);
grant select on ledger.cosigner_retirement to ccn_issuer, ccn_redemption, ccn_funding, ccn_audit;
grant insert on ledger.cosigner_retirement to ccn_funding;
