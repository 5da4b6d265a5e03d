-- Where a claim was made, for funders' auditors: the place of a structure and nothing else of it, neither its name nor its number,
-- because a structure may be one person.
create view funding.structure_place as
    select s.id as structure_id, s.departement, s.place ->> 'code_insee' as commune_code, s.commune
    from redemption.structure s;

comment on view funding.structure_place is 'COG codes of a structure''s département and commune, and the commune''s name.';

grant select on funding.structure_place to ccn_funding;
