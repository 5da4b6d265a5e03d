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
