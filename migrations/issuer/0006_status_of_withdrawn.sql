-- Withdrawn numbers belong into status lists as well: the signature on the old paper stays valid for ever. Without money they
-- are told by no transfer. The transaction's number as in issuer.revocation.
alter table issuer.withdrawn_voucher add column xact bigint not null default 0;
alter table issuer.withdrawn_voucher alter column xact set default (pg_current_xact_id()::text::bigint);
create index withdrawn_voucher_changes on issuer.withdrawn_voucher (xact);

create or replace view issuer.voucher_blocked as
    select r.book_id, r.number, r.xact from issuer.revocation r
    union all
    select w.book_id, w.number, w.xact from issuer.withdrawn_voucher w;

comment on view issuer.voucher_blocked is
    'Vouchers revoked, or withdrawn with their paper, by the transaction that did it: no reason, no act, no person.';
