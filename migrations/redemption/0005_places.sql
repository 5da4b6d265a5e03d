-- Where people find places: by département. The commune's code says it; a place that gives none has its postal code, which
-- differs for Corsica (20…) alone. Stored, because jsonb of every structure would be read for each visitor of a public page.
alter table redemption.structure
    add column departement text not null generated always as (
        case
            when place ->> 'code_insee' ~ '^9[78]' then left(place ->> 'code_insee', 3)
            when place ->> 'code_insee' is not null then left(place ->> 'code_insee', 2)
            when place ->> 'code_postal' ~ '^9[78]' then left(place ->> 'code_postal', 3)
            when place ->> 'code_postal' ~ '^20[01]' then '2A'
            when place ->> 'code_postal' ~ '^20' then '2B'
            else left(coalesce(place ->> 'code_postal', ''), 2)
        end) stored;

create index structure_departement on redemption.structure (departement);

comment on column redemption.structure.departement is 'COG code of the département or collectivity, for the public list of places.';
