grant usage on schema catalogue to ccn_issuer, ccn_redemption, ccn_funding;
-- By name: not the table in which migrations are recorded.
grant select on catalogue.service, catalogue.audience, catalogue.programme, catalogue.series, catalogue.expiry_settings,
    catalogue.funding_terms, catalogue.plan, catalogue.plan_share, catalogue.signing_key, catalogue.key_delegation
    to ccn_issuer, ccn_redemption, ccn_funding;

grant insert on catalogue.programme, catalogue.series, catalogue.expiry_settings, catalogue.signing_key, catalogue.key_delegation
    to ccn_issuer;
grant update (alert_days, block_days, acceptance_days, statement_days, contest_days, unused_value, changed_at)
    on catalogue.expiry_settings to ccn_issuer;
grant update (withdrawn_at, withdrawn_reason, withdrawal_id) on catalogue.signing_key to ccn_issuer;

grant insert on catalogue.funding_terms, catalogue.plan, catalogue.plan_share to ccn_funding;

-- Each service says what it is started with, once, and compares ever after; no line is changed.
grant select, insert on catalogue.installation_value to ccn_issuer, ccn_redemption, ccn_funding;
alter table catalogue.installation_value enable row level security;
create policy installation_value_read on catalogue.installation_value for select using (true);
create policy installation_value_by_issuer on catalogue.installation_value for insert to ccn_issuer
    with check (name in ('public_host', 'root_keys'));
create policy installation_value_by_redemption on catalogue.installation_value for insert to ccn_redemption
    with check (name = 'public_host');
create policy installation_value_by_funding on catalogue.installation_value for insert to ccn_funding
    with check (name in ('public_host', 'fund_iban', 'log_key'));
