create view redemption.claim_status as
    select c.book_id, c.id as claim_id, c.structure_id, c.service, c.service_date, c.cents, c.at, r.at as reversed_at,
        cardinality(c.numbers) as vouchers
    from redemption.claim c
    left join redemption.reversal r on r.book_id = c.book_id and r.claim_id = c.id;

comment on view redemption.claim_status is
    'For funding: claims, when they were undone, and how many vouchers each spent (a remittance advice says so). Never which.';

create view redemption.claim_evidence as
    select c.book_id, c.id as claim_id, c.numbers, c.evidence from redemption.claim c;

comment on view redemption.claim_evidence is
    'For funding: what each voucher of a claim was shown as, sealed; opened with the key of the evidence before anything is paid.';

create view redemption.payee as
    select s.id as structure_id, s.siret, s.name, b.holder, b.iban, b.bic
    from redemption.structure s
    left join lateral (
        select d.holder, d.iban, d.bic from redemption.bank_details d
        where d.structure_id = s.id order by d.version desc limit 1) b on true;

comment on view redemption.payee is 'For funding: where a structure''s money goes: its newest bank details, or none.';

create view redemption.standing as
    select s.id as structure_id, s.siret, s.name, s.commune, a.accredited_at,
        exists (select from redemption.suspension u where u.structure_id = s.id and u.lifted_at is null) as suspended
    from redemption.structure s
    left join redemption.accreditation a on a.structure_id = s.id;

comment on view redemption.standing is
    'For funding: what an attestation says of a structure: when it was accredited, and whether it is suspended.';
