-- What the issuer shows to redemption.

create view issuer.voucher_block as
    select v.book_id, v.number,
        case when r.number is not null then 'revoked' when e.book_id is not null then 'expired' end as blocked_reason
    from issuer.voucher v
    left join issuer.revocation r on r.book_id = v.book_id and r.number = v.number
    left join issuer.expiry e on e.book_id = v.book_id
    union all
    select w.book_id, w.number, 'revoked' from issuer.withdrawn_voucher w;

comment on view issuer.voucher_block is
    'For redemption and funding: every voucher printed or withdrawn, and why it is refused. blocked_reason is revoked, expired, '
    'or null; a withdrawn number reads as revoked.';

create view issuer.voucher_blocked as
    select r.book_id, r.number, r.xact from issuer.revocation r
    union all
    select w.book_id, w.number, w.xact from issuer.withdrawn_voucher w;

comment on view issuer.voucher_blocked is
    'For redemption: vouchers revoked, or withdrawn with their paper, by the transaction that did it: no reason, no act, no '
    'person.';

-- Whose short codes these are. Redemption asks with the keyed digest of a code that a mediator typed, and gets what the QR code
-- would have said. It is a function and no view: whoever stole the key of the digests could otherwise read a hundred million of
-- them and find ids in minutes on one graphics card, and an id is as good as the voucher. Here one must know a code to ask.
create function issuer.vouchers_of_codes(code_digests bytea[])
    returns table (code_digest bytea, book_id uuid, number bigint, face_value_cents bigint, last_day date, kid bytea)
language sql
stable
security definer
set search_path = pg_catalog
as $$
    select c.digest, v.book_id, v.number, b.face_value_cents, b.last_day, v.kid
    from unnest(code_digests) as c (digest)
    join (
        select code_digest, book_id, batch_id, number, kid from issuer.voucher
        union all
        select code_digest, book_id, batch_id, number, kid from issuer.withdrawn_voucher) v on v.code_digest = c.digest
    join issuer.batch b on b.book_id = v.book_id and b.id = v.batch_id
$$;

create view issuer.code_key_in_use as
    select s.key_check, s.first_used_at from issuer.secret_in_use s where s.purpose = 'code';

comment on view issuer.code_key_in_use is
    'For redemption: the keys that typed codes are found by. A process that lacks one would call good codes unknown, and does not start.';

-- What the issuer shows to funding: no person.

create view issuer.batch_memo as
    select b.book_id, b.id as batch_id, b.plan_id, b.booklets, b.booklet_size, b.face_value_cents,
        b.ordered_at, b.minted_at, b.funded_at, b.activated_at, b.activated_vouchers,
        b.cancelled_at
    from issuer.batch b;

comment on view issuer.batch_memo is 'For funding: batches with their instants and sizes; no person.';

create view issuer.batch_plan_share as
    select b.book_id, b.id as batch_id, s.rank, s.funder_id, s.rate
    from issuer.batch b
    join catalogue.plan_share s on s.plan_id = b.plan_id
    where not exists (select from issuer.batch_share o where o.book_id = b.book_id and o.batch_id = b.id)
    union all
    select o.book_id, o.batch_id, o.rank, o.funder_id, o.rate from issuer.batch_share o;

comment on view issuer.batch_plan_share is
    'For funding: by whom each voucher of a batch is paid, the shares that acted at its funding or else its plan''s.';

-- `offset 0` keeps the inner join together: with its booklet computed, a voucher is found by equality, and no plan compares every
-- hand-over of a batch with every voucher of it.
create view issuer.handed_over_voucher as
    select v.book_id, v.number, v.batch_id, v.serial, h.at as handed_over_at
    from (
        select v.book_id, v.number, v.batch_id, v.serial, (b.series_position + v.serial - 1) / b.booklet_size + 1 as booklet
        from issuer.voucher v
        join issuer.batch b on b.book_id = v.book_id and b.id = v.batch_id
        offset 0) v
    join issuer.hand_over h on h.book_id = v.book_id and h.batch_id = v.batch_id and h.booklet = v.booklet;

comment on view issuer.handed_over_voucher is 'For funding: vouchers of booklets that were handed over, and when; no person.';

create view issuer.revoked_voucher as
    select v.book_id, v.batch_id, v.serial, v.number, r.at
    from issuer.revocation r join issuer.voucher v on v.book_id = r.book_id and v.number = r.number;

comment on view issuer.revoked_voucher is
    'For funding: vouchers revoked, by their place in their batch. No reason, no act, no person.';

create view issuer.expiry_step_done as
    select s.book_id, s.step, s.due_on, s.done_at, s.by_organisation, s.late, s.data from issuer.expiry_step s;

comment on view issuer.expiry_step_done is
    'For funding: the steps of a programme''s end that were done, for the calendar and the adversarial statement.';

create view issuer.distribution_decided as
    select d.book_id, d.id, d.decision, d.reason, d.by_organisation, d.at from issuer.distribution_decision d;

comment on view issuer.distribution_decided is 'For funding: what the sponsor decided about hand-overs near the end.';

create view issuer.programme_end as select e.book_id, e.at from issuer.expiry e;

comment on view issuer.programme_end is 'For funding: programmes whose end was declared.';

-- A function, so that one programme is asked for and no other is read. `offset 0` keeps the first joins together: a voucher's
-- booklet is computed before its hand-over is looked up.
create function issuer.used_by_audience(programme uuid)
    returns table (batch_id uuid, audience text, vouchers bigint, people bigint)
language sql
stable
security definer
set search_path = pg_catalog
as $$
    select v.batch_id, p.audience, count(*), count(distinct p.id)
    from (
        select v.batch_id, (b.series_position + v.serial - 1) / b.booklet_size + 1 as booklet
        from ledger.spent_voucher s
        join issuer.voucher v on v.book_id = s.book_id and v.number = s.number
        join issuer.batch b on b.book_id = v.book_id and b.id = v.batch_id
        where s.book_id = programme
        offset 0) v
    join issuer.hand_over h on h.book_id = programme and h.batch_id = v.batch_id and h.booklet = v.booklet
    join issuer.beneficiary p on p.book_id = h.book_id and p.id = h.beneficiary_id
    group by v.batch_id, p.audience
$$;
