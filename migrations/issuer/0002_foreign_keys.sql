-- Among distributed tables, so run after distribution; both sides carry book_id.
alter table issuer.identity
    add constraint identity_beneficiary foreign key (book_id, beneficiary_id) references issuer.beneficiary (book_id, id);
alter table issuer.voucher
    add constraint voucher_batch foreign key (book_id, batch_id) references issuer.batch (book_id, id);
alter table issuer.hand_over
    add constraint hand_over_batch foreign key (book_id, batch_id) references issuer.batch (book_id, id),
    add constraint hand_over_beneficiary foreign key (book_id, beneficiary_id) references issuer.beneficiary (book_id, id),
    add constraint hand_over_replaced foreign key (book_id, replaces) references issuer.hand_over (book_id, id);
alter table issuer.revocation_act
    add constraint revocation_act_batch foreign key (book_id, batch_id) references issuer.batch (book_id, id);
alter table issuer.revocation
    add constraint revocation_voucher foreign key (book_id, number) references issuer.voucher (book_id, number),
    add constraint revocation_act_known foreign key (book_id, act_id) references issuer.revocation_act (book_id, id);
alter table issuer.proof
    add constraint proof_batch foreign key (book_id, batch_id) references issuer.batch (book_id, id);
alter table issuer.print
    add constraint print_batch_known foreign key (book_id, batch_id) references issuer.batch (book_id, id);
alter table issuer.reissue
    add constraint reissue_batch foreign key (book_id, batch_id) references issuer.batch (book_id, id);
alter table issuer.withdrawn_voucher
    add constraint withdrawn_voucher_batch foreign key (book_id, batch_id) references issuer.batch (book_id, id),
    add constraint withdrawn_voucher_reissue_known foreign key (book_id, reissue_id) references issuer.reissue (book_id, id);
