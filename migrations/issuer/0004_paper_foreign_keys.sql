-- Among distributed tables, so run after distribution; both sides carry book_id.
alter table issuer.proof
    add constraint proof_batch foreign key (book_id, batch_id) references issuer.batch (book_id, id);
alter table issuer.print
    add constraint print_batch_known foreign key (book_id, batch_id) references issuer.batch (book_id, id);
alter table issuer.reissue
    add constraint reissue_batch foreign key (book_id, batch_id) references issuer.batch (book_id, id);
alter table issuer.withdrawn_voucher
    add constraint withdrawn_voucher_batch foreign key (book_id, batch_id) references issuer.batch (book_id, id),
    add constraint withdrawn_voucher_reissue_known foreign key (book_id, reissue_id) references issuer.reissue (book_id, id);
