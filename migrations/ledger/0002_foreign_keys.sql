-- Among distributed tables, so run after distribution; both sides carry book_id.
alter table ledger.transfer
    add constraint transfer_debit_account foreign key (book_id, debit) references ledger.account (book_id, number),
    add constraint transfer_credit_account foreign key (book_id, credit) references ledger.account (book_id, number);
alter table ledger.record
    add constraint record_account foreign key (book_id, account) references ledger.account (book_id, number);

-- Towards reference tables.
alter table ledger.account add constraint account_kind_known foreign key (kind) references ledger.account_kind (kind);
alter table ledger.transfer add constraint transfer_kind_known foreign key (kind) references ledger.transfer_kind (kind);
alter table ledger.record add constraint record_kind_known foreign key (kind) references ledger.record_kind (kind);
