-- The order in which transfers are sealed. The whole triple, so that a chunk begins exactly where the last one ended: rows
-- from before transaction numbers were kept all have number 0, and a batch may have tens of thousands with one number.
create index transfer_sealing on ledger.transfer (xact, book_id, id);

-- Who asks what changed since a transaction reads the same index: nearly every transfer touches a voucher, so the partial index
-- would leave out next to nothing, and every claim would pay for both.
drop index ledger.transfer_voucher_changes;
