grant usage on schema issuer to ccn_issuer, ccn_redemption, ccn_funding;

-- By name: not the table in which migrations are recorded.
grant select, insert on issuer.programme_prescriber, issuer.beneficiary, issuer.identity, issuer.import, issuer.batch,
    issuer.batch_share, issuer.voucher, issuer.hand_over, issuer.revocation_act, issuer.revocation, issuer.expiry, issuer.expiry_step,
    issuer.distribution_decision, issuer.paper, issuer.logo, issuer.proof, issuer.print, issuer.reissue, issuer.withdrawn_voucher,
    issuer.secret_in_use
    to ccn_issuer;
grant select on issuer.voucher_block, issuer.voucher_blocked, issuer.batch_memo, issuer.batch_plan_share, issuer.handed_over_voucher,
    issuer.revoked_voucher, issuer.expiry_step_done, issuer.distribution_decided to ccn_issuer;
grant update (minted_at, funded_at, activated_at, activated_vouchers, cancelled_at, cancelled_reason) on issuer.batch to ccn_issuer;
-- Never written: PostgreSQL asks for it to lock a person's row while that person's booklets are counted.
grant update (booklets) on issuer.beneficiary to ccn_issuer;
grant delete on issuer.identity to ccn_issuer;
grant update (phone, web_page, address, changed_at) on issuer.paper to ccn_issuer;
grant update (png, width, height, sha256, at) on issuer.logo to ccn_issuer;
grant delete on issuer.logo to ccn_issuer;
grant update (approved_at) on issuer.proof to ccn_issuer;
-- Only a voucher that is moved to issuer.withdrawn_voucher; the issuer's code is the only one that does.
grant delete on issuer.voucher to ccn_issuer;

-- Functions run with their owner's rights: nobody calls one without being named here.
revoke all on function issuer.vouchers_of_codes(bytea[]) from public;
revoke all on function issuer.used_by_audience(uuid) from public;

grant select on issuer.voucher_block, issuer.voucher_blocked, issuer.code_key_in_use to ccn_redemption;
grant execute on function issuer.vouchers_of_codes(bytea[]) to ccn_redemption;

grant select on issuer.voucher_block, issuer.batch_memo, issuer.batch_plan_share, issuer.handed_over_voucher, issuer.revoked_voucher,
    issuer.expiry_step_done, issuer.distribution_decided, issuer.programme_end to ccn_funding;
grant execute on function issuer.used_by_audience(uuid) to ccn_funding;
