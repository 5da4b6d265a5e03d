-- Among distributed tables, so run after distribution; both sides carry book_id.
alter table ledger.record
    add constraint record_account foreign key (book_id, account) references ledger.account (book_id, number);

-- Towards a reference table.
alter table ledger.record add constraint record_kind_known foreign key (kind) references ledger.record_kind (kind);
