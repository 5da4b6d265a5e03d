-- Everybody reads the books; nobody may update or delete a transfer, a record, or anything of the proof. The policies are belts and
-- braces beside the missing rights: whoever is granted too much one day still meets one.
grant usage on schema ledger to ccn_issuer, ccn_redemption, ccn_funding, ccn_audit;
grant select on ledger.account_kind, ledger.transfer_kind, ledger.record_kind, ledger.account, ledger.transfer, ledger.record, ledger.audit_digest,
    ledger.entry, ledger.leaf, ledger.tile, ledger.checkpoint, ledger.close, ledger.cosigner, ledger.cosigner_retirement,
    ledger.cosignature
    to ccn_issuer, ccn_redemption, ccn_funding, ccn_audit;
grant select on ledger.voucher, ledger.balance, ledger.funder_balance, ledger.payable, ledger.movement, ledger.fund_movement,
    ledger.reserve_movement, ledger.voucher_share, ledger.claimed_voucher, ledger.claim_reversal, ledger.spent_voucher, ledger.claim_share,
    ledger.forfeited_voucher, ledger.voucher_debit, ledger.settlement_record
    to ccn_issuer, ccn_redemption, ccn_funding, ccn_audit;

-- An account is only ever touched through its two sums. The issuer alone writes them with the row: a voucher is
-- stored with its opening, and never as a row to be updated at once.
grant insert (book_id, number, kind, party, batch, limit_cents) on ledger.account to ccn_redemption, ccn_funding;
grant insert on ledger.account to ccn_issuer;
grant update (debits_cents, credits_cents) on ledger.account to ccn_issuer, ccn_redemption, ccn_funding;

-- Only the issuer opens vouchers; each service opens only the kinds of account that its transfers reach.
alter table ledger.account enable row level security;
create policy account_read on ledger.account for select using (true);
create policy account_sums on ledger.account for update to ccn_issuer, ccn_redemption, ccn_funding using (true);
create policy account_by_issuer on ledger.account for insert to ccn_issuer with check (kind in (7, 8, 9, 12));
create policy account_by_redemption on ledger.account for insert to ccn_redemption with check (kind in (10, 11, 12));
create policy account_by_funding on ledger.account for insert to ccn_funding with check (kind not in (8, 9));

-- What a service writes of a transfer or a record is named column by column: the number of its transaction is PostgreSQL's to write.
-- A number of one's own choice below what is sealed would keep an entry out of the log for ever.
grant insert (book_id, id, kind, debit, credit, cents, at, event_id, reverses, reference, presented, evidence) on ledger.transfer
    to ccn_issuer, ccn_redemption, ccn_funding;
grant insert (book_id, id, kind, account, cents, at, event_id, claim_id, payment_id, reference) on ledger.record to ccn_funding;

alter table ledger.transfer enable row level security;
create policy transfer_read on ledger.transfer for select using (true);
create policy transfer_by_issuer on ledger.transfer for insert to ccn_issuer with check (kind between 10 and 19);
create policy transfer_by_redemption on ledger.transfer for insert to ccn_redemption with check (kind between 20 and 29);
create policy transfer_by_funding on ledger.transfer for insert to ccn_funding with check (kind between 30 and 59);

alter table ledger.record enable row level security;
create policy record_read on ledger.record for select using (true);
create policy record_by_funding on ledger.record for insert to ccn_funding with check (kind between 60 and 69);

-- Every service leaves its trail.
grant insert (book_id, id, digest, at) on ledger.audit_digest to ccn_issuer, ccn_redemption, ccn_funding;

alter table ledger.audit_digest enable row level security;
create policy audit_digest_read on ledger.audit_digest for select using (true);
create policy audit_digest_by_services on ledger.audit_digest for insert to ccn_issuer, ccn_redemption, ccn_funding with check (true);

-- The sealer runs in the funding service.
grant insert on ledger.leaf, ledger.tile, ledger.checkpoint, ledger.close, ledger.cosigner, ledger.cosigner_retirement,
    ledger.cosignature to ccn_funding;

alter table ledger.leaf enable row level security;
create policy leaf_read on ledger.leaf for select using (true);
create policy leaf_by_sealer on ledger.leaf for insert to ccn_funding with check (true);

alter table ledger.tile enable row level security;
create policy tile_read on ledger.tile for select using (true);
create policy tile_by_sealer on ledger.tile for insert to ccn_funding with check (true);

alter table ledger.checkpoint enable row level security;
create policy checkpoint_read on ledger.checkpoint for select using (true);
create policy checkpoint_by_sealer on ledger.checkpoint for insert to ccn_funding with check (true);

alter table ledger.close enable row level security;
create policy close_read on ledger.close for select using (true);
create policy close_by_sealer on ledger.close for insert to ccn_funding with check (true);

alter table ledger.cosigner enable row level security;
create policy cosigner_read on ledger.cosigner for select using (true);
create policy cosigner_by_funding on ledger.cosigner for insert to ccn_funding with check (true);

alter table ledger.cosigner_retirement enable row level security;
create policy cosigner_retirement_read on ledger.cosigner_retirement for select using (true);
create policy cosigner_retirement_by_funding on ledger.cosigner_retirement for insert to ccn_funding with check (true);

alter table ledger.cosignature enable row level security;
create policy cosignature_read on ledger.cosignature for select using (true);
create policy cosignature_by_funding on ledger.cosignature for insert to ccn_funding with check (true);
