grant usage on schema access to ccn_issuer, ccn_redemption, ccn_funding;
grant select on access.organisation, access.api_key to ccn_issuer, ccn_redemption, ccn_funding;
grant insert on access.organisation, access.audit to ccn_issuer, ccn_redemption, ccn_funding;
grant insert, update (revoked_at) on access.api_key to ccn_issuer;

-- The issuer is the home of organisations and keys. The others create whom they admit, in that one role and without a
-- key: none of them can make itself, or anybody, the operator.
alter table access.organisation enable row level security;
create policy organisation_read on access.organisation for select using (true);
create policy organisation_by_issuer on access.organisation for insert to ccn_issuer with check (true);
create policy organisation_by_redemption on access.organisation for insert to ccn_redemption
    with check (roles = '{structure}');
create policy organisation_by_funding on access.organisation for insert to ccn_funding
    with check (roles = '{funder}');
