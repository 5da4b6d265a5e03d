-- A mandate that is not honoured, and the operator's own fee.
insert into ledger.transfer_kind (kind, name, label) values
    (44, 'mandate_cancelled', 'Mandat public annulé'),
    (45, 'deallocated', 'Affectation retirée'),
    (46, 'fee_invoiced', 'Rémunération facturée'),
    (47, 'fee_received', 'Rémunération encaissée');
