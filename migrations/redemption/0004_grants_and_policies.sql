grant usage on schema redemption to ccn_redemption, ccn_funding;

-- By name: not the table in which migrations are recorded.
grant select, insert on redemption.structure, redemption.structure_import, redemption.accreditation, redemption.suspension,
    redemption.bank_details, redemption.claim, redemption.reversal, redemption.code_attempt, redemption.status_list,
    redemption.evidence_disclosure to ccn_redemption;
grant select on redemption.claim_status, redemption.payee, redemption.standing to ccn_redemption;
grant update (name, commune, place, import_id, imported_at) on redemption.structure to ccn_redemption;
grant update (lifted_at) on redemption.suspension to ccn_redemption;
grant update, delete on redemption.code_attempt to ccn_redemption;
grant update (token, sha256, kid, signed_at, changed_at) on redemption.status_list to ccn_redemption;
grant select, update on redemption.status_cursor to ccn_redemption;

grant select on redemption.claim_status, redemption.claim_evidence, redemption.payee, redemption.standing to ccn_funding;
