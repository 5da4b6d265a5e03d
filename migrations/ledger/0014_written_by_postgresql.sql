-- What a service writes of a transfer or a record is named column by column: the number of its transaction is PostgreSQL's to write.
-- A number of one's own choice below what is sealed would keep an entry out of the log for ever.

revoke insert on ledger.transfer from ccn_issuer, ccn_redemption, ccn_funding;
grant insert (book_id, id, kind, debit, credit, cents, at, grp, reverses, reference) on ledger.transfer
    to ccn_issuer, ccn_redemption, ccn_funding;

revoke insert on ledger.record from ccn_funding;
grant insert (book_id, id, kind, account, cents, at, grp, claim_id, payment_id, reference) on ledger.record to ccn_funding;

-- PostgreSQL's timestamps know infinity; the log's leaves, and whoever reads them, do not.
alter table ledger.transfer add constraint transfer_at_finite check (isfinite(at));
alter table ledger.record add constraint record_at_finite check (isfinite(at));
