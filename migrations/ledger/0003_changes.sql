-- What changed since: who keeps something in step with the books (the status lists of redemption) asks for the vouchers
-- touched by transfers of the transactions from some number on.
--
-- The number is the transaction's, written by PostgreSQL itself when the row is inserted, because nothing else has an end
-- that can be known: a sequence or an instant is drawn before the commit, and commits come in another order, so a reader
-- that remembers the highest one it saw misses whoever drew earlier and commits later. Of transaction numbers PostgreSQL
-- tells the lowest one still under way (the snapshot's xmin): all below are finished, for ever.
--
-- Rows from before this file get 0: a first reader reads the accounts, not the transfers.
alter table ledger.transfer add column xact bigint not null default 0;
alter table ledger.transfer alter column xact set default (pg_current_xact_id()::text::bigint);

-- A btree, although BRIN would be smaller: rows past the last summarised range of a BRIN are read one by one, and that is
-- where this question looks. Numbers only grow, so insertions go to the rightmost page. Only kinds that touch vouchers
-- (activated, revoked, expired, claimed, claim_reversed) pay for it.
create index transfer_voucher_changes on ledger.transfer (xact) where kind in (11, 12, 13, 20, 21);

comment on column ledger.transfer.xact is
    'Number of the transaction that wrote the row; means something only in the cluster that wrote it.';
