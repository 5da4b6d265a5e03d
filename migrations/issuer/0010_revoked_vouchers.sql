-- What funding's report needs to leave out of what was ordered: vouchers revoked, by their place in their batch. No reason, no
-- act, no person.
create view issuer.revoked_voucher as
    select v.book_id, v.batch_id, v.serial, v.number, r.at
    from issuer.revocation r join issuer.voucher v on v.book_id = r.book_id and v.number = r.number;

grant select on issuer.revoked_voucher to ccn_issuer, ccn_funding;
