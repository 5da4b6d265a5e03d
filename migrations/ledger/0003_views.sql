create view ledger.entry as
    select t.book_id, t.id as transfer_id, t.kind, t.at, t.grp, t.reference, side.number, side.debit_cents, side.credit_cents
    from ledger.transfer t
    cross join lateral (values (t.debit, t.cents, 0::bigint), (t.credit, 0::bigint, t.cents))
        as side (number, debit_cents, credit_cents);

comment on view ledger.entry is
    'A transfer as two lines, one a side, for people and exports: its debit and its credit, in euro cents.';
