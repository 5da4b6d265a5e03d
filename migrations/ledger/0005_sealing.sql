-- The order in which transfers are sealed. The whole triple, so that a chunk begins exactly where the last one ended: rows
-- from before transaction numbers were kept all have number 0, and a batch may have tens of thousands with one number.
create index transfer_sealing on ledger.transfer (xact, book_id, id);
