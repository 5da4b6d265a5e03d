-- What redemption needs of the issuer for status lists and for short codes.

-- A revocation of what was never activated moves no money, so the ledger does not tell of it. The transaction's number is
-- that of ledger.transfer.xact, for the same reasons.
alter table issuer.revocation add column xact bigint not null default 0;
alter table issuer.revocation alter column xact set default (pg_current_xact_id()::text::bigint);
create index revocation_changes on issuer.revocation (xact);

create view issuer.voucher_blocked as
    select r.book_id, r.number, r.xact from issuer.revocation r;

comment on view issuer.voucher_blocked is 'Vouchers revoked, by the transaction that did it: no reason, no act, no person.';

-- Eight bytes of the hash are as sparse as the 64 bits that they are the hash of; the function compares all 32.
create index voucher_code on issuer.voucher (substr(sha256(token_id), 1, 8));

-- Whose short codes these are. Redemption asks with the hash of a code that a mediator typed, and gets what the QR code
-- would have said. It is a function and no view: the id has 64 bits, so whoever could read a hundred million hashes would
-- find ids to them in minutes on one graphics card, and an id is as good as the voucher. Here one must know a code to ask.
create function issuer.vouchers_of_codes(codes_sha256 bytea[])
    returns table (code_sha256 bytea, book_id uuid, number bigint, face_value_cents bigint, last_day date, kid bytea)
language sql
stable
security definer
set search_path = pg_catalog
as $$
    select c.sha256, v.book_id, v.number, b.face_value_cents, b.last_day, v.kid
    from unnest(codes_sha256) as c (sha256)
    join issuer.voucher v on substr(sha256(v.token_id), 1, 8) = substr(c.sha256, 1, 8) and sha256(v.token_id) = c.sha256
    join issuer.batch b on b.book_id = v.book_id and b.id = v.batch_id
$$;

revoke all on function issuer.vouchers_of_codes(bytea[]) from public;
grant execute on function issuer.vouchers_of_codes(bytea[]) to ccn_redemption;
grant select on issuer.voucher_blocked to ccn_issuer, ccn_redemption;
