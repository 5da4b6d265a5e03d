-- A number withdrawn by a reissue was never activated: the ledger does not tell of it. It is refused without a network too, and
-- its short code is explained, as for a voucher revoked.
alter table issuer.withdrawn_voucher add column xact bigint not null default (pg_current_xact_id()::text::bigint);
create index withdrawn_voucher_changes on issuer.withdrawn_voucher (xact);
create index withdrawn_voucher_code on issuer.withdrawn_voucher (substr(sha256(token_id), 1, 8));

create or replace view issuer.voucher_blocked as
    select r.book_id, r.number, r.xact from issuer.revocation r
    union all
    select w.book_id, w.number, w.xact from issuer.withdrawn_voucher w;

comment on view issuer.voucher_blocked is
    'Vouchers revoked, or withdrawn with their paper, by the transaction that did it: no reason, no act, no person.';

create or replace function issuer.vouchers_of_codes(codes_sha256 bytea[])
    returns table (code_sha256 bytea, book_id uuid, number bigint, face_value_cents bigint, last_day date, kid bytea)
language sql
stable
security definer
set search_path = pg_catalog
as $$
    select c.sha256, v.book_id, v.number, b.face_value_cents, b.last_day, v.kid
    from unnest(codes_sha256) as c (sha256)
    join (
        select token_id, book_id, batch_id, number, kid from issuer.voucher
        union all
        select token_id, book_id, batch_id, number, kid from issuer.withdrawn_voucher) v
        on substr(sha256(v.token_id), 1, 8) = substr(c.sha256, 1, 8) and sha256(v.token_id) = c.sha256
    join issuer.batch b on b.book_id = v.book_id and b.id = v.batch_id
$$;
