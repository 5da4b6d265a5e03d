-- What a batch's plan became when it was funded, if a limit acted: the shares that each of its vouchers is split by. A batch
-- without rows here splits by the plan that it was ordered under.
create table issuer.batch_share (
    book_id uuid not null,
    batch_id uuid not null,
    rank integer not null,
    funder_id uuid not null,
    rate numeric(9, 8) not null,
    constraint batch_share_pk primary key (book_id, batch_id, rank),
    constraint batch_share_funder_unique unique (book_id, batch_id, funder_id),
    constraint batch_share_rate check (rate > 0 and rate <= 1)
);

-- By whom each voucher of a batch is paid: the one thing to read.
create view issuer.batch_plan_share as
    select b.book_id, b.id as batch_id, s.rank, s.funder_id, s.rate
    from issuer.batch b
    join catalogue.plan_share s on s.plan_id = b.plan_id
    where not exists (select from issuer.batch_share o where o.book_id = b.book_id and o.batch_id = b.id)
    union all
    select o.book_id, o.batch_id, o.rank, o.funder_id, o.rate from issuer.batch_share o;

-- What the close needs: whether the end was declared, and whom the used vouchers reached. Sums by batch, no person, no voucher.
create view issuer.programme_end as select e.book_id, e.at from issuer.expiry e;

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
        select v.batch_id, (v.serial - 1) / b.booklet_size + 1 as booklet
        from ledger.transfer c
        join issuer.voucher v on v.book_id = c.book_id and v.number = c.debit
        join issuer.batch b on b.book_id = v.book_id and b.id = v.batch_id
        where c.book_id = programme and c.kind = 20
            and not exists (select from ledger.transfer r where r.book_id = c.book_id and r.reverses = c.id)
        offset 0) v
    join issuer.hand_over h on h.book_id = programme and h.batch_id = v.batch_id and h.booklet = v.booklet
    join issuer.beneficiary p on p.book_id = h.book_id and p.id = h.beneficiary_id
    group by v.batch_id, p.audience
$$;

revoke all on function issuer.used_by_audience(uuid) from public;
grant execute on function issuer.used_by_audience(uuid) to ccn_funding;
grant select, insert on issuer.batch_share to ccn_issuer;
grant select on issuer.batch_plan_share to ccn_issuer, ccn_funding;
grant select on issuer.programme_end to ccn_funding;
