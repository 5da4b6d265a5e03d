-- Among distributed tables, so run after distribution; both sides carry book_id.
alter table redemption.reversal
    add constraint reversal_claim foreign key (book_id, claim_id) references redemption.claim (book_id, id);
