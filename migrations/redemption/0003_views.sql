-- What redemption shows to funding. How many vouchers a claim spent: a remittance advice says so. Never which.
create view redemption.claim_status as
    select c.book_id, c.id as claim_id, c.structure_id, c.service, c.service_date, c.cents, c.at, r.at as reversed_at,
        cardinality(c.numbers) as vouchers
    from redemption.claim c
    left join redemption.reversal r on r.book_id = c.book_id and r.claim_id = c.id;

-- Where a structure's money goes.
create view redemption.payee as
    select s.id as structure_id, s.siret, s.name, b.holder, b.iban, b.bic
    from redemption.structure s
    left join lateral (
        select d.holder, d.iban, d.bic from redemption.bank_details d
        where d.structure_id = s.id order by d.version desc limit 1) b on true;

-- What an attestation says of a structure.
create view redemption.standing as
    select s.id as structure_id, s.siret, s.name, s.commune, a.accredited_at,
        exists (select from redemption.suspension u where u.structure_id = s.id and u.lifted_at is null) as suspended
    from redemption.structure s
    left join redemption.accreditation a on a.structure_id = s.id;
