-- What a credit note takes off the operator's fee. Of the codes that the funding service may post, one apart.
insert into ledger.transfer_kind (kind, name, label) values
    (50, 'fee_credited', 'Avoir sur la rémunération');
