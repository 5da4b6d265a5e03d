-- What everybody reads and one writes. Small tables: reference tables on a distributed database.

create table catalogue.service (
    code text not null,
    label text not null,
    level text not null,
    format text not null,
    constraint service_pk primary key (code),
    constraint service_level_known check (level in ('urgence', 'inclusion', 'montee_en_competence')),
    constraint service_format_known check (format in ('individuel', 'collectif'))
);

comment on column catalogue.service.level is 'Level of help of the national strategy.';

insert into catalogue.service (code, label, level, format) values
    ('demarche-urgente', 'Faire une démarche en ligne urgente, avec une aide', 'urgence', 'individuel'),
    ('demarche-accompagnee', 'Apprendre à faire une démarche en ligne', 'inclusion', 'individuel'),
    ('atelier-premiers-pas', 'Atelier : premiers pas avec un ordinateur ou un téléphone', 'inclusion', 'collectif'),
    ('atelier-courriel', 'Atelier : écrire et recevoir des courriels', 'inclusion', 'collectif'),
    ('atelier-securite', 'Atelier : éviter les pièges sur internet', 'inclusion', 'collectif'),
    ('parcours-pix', 'Parcours Pix débutant', 'inclusion', 'collectif'),
    ('atelier-emploi', 'Atelier : chercher un emploi avec internet', 'montee_en_competence', 'collectif'),
    ('bureautique', 'Bureautique : texte et tableur', 'montee_en_competence', 'collectif');

create table catalogue.audience (
    label text not null,
    constraint audience_pk primary key (label)
);

insert into catalogue.audience (label) values
    ('Seniors'), ('Jeunes'), ('Demandeurs d''emploi'), ('Allocataires du RSA'), ('Personnes allophones'),
    ('Personnes en situation de handicap'), ('Autre');

create table catalogue.programme (
    id uuid not null,
    sponsor_id uuid not null,
    name text not null,
    territory text not null,
    face_value_cents bigint not null,
    booklet_size integer not null,
    spendable text not null,
    printed_day date not null,
    last_day date not null,
    booklets_min integer not null,
    booklets_per_person_max integer not null,
    created_at timestamptz not null,
    constraint programme_pk primary key (id),
    constraint programme_name_given check (btrim(name) <> ''),
    constraint programme_face_value_fits_token check (face_value_cents between 1 and 65535),
    constraint programme_booklet_size check (booklet_size in (5, 10)),
    constraint programme_spendable_known check (spendable in ('batch', 'hand_over')),
    constraint programme_days_in_order check (printed_day <= last_day),
    constraint programme_minimum check (booklets_min >= 1),
    constraint programme_cap check (booklets_per_person_max >= 1)
);

comment on column catalogue.programme.territory is 'COG: a commune (21231), a département (21), a région (R27) or FR.';
comment on column catalogue.programme.spendable is 'When reserved money becomes vouchers: a whole batch at once, or each booklet at its hand-over.';
comment on column catalogue.programme.printed_day is 'Validity date on the paper (Europe/Paris).';
comment on column catalogue.programme.last_day is 'Last day accepted, in the token: printed_day plus the tolerance.';

-- A series is a status list and a range of tokens of one programme; its number is in every token.
create table catalogue.series (
    series integer not null,
    programme_id uuid not null,
    created_at timestamptz not null,
    constraint series_pk primary key (series),
    constraint series_fits_token check (series between 0 and 65535),
    constraint series_programme foreign key (programme_id) references catalogue.programme (id)
);

-- Public halves of the keys that sign vouchers; the private halves never enter a database.
create table catalogue.signing_key (
    public_key bytea not null,
    kid bytea not null,
    purpose text not null,
    valid_from timestamptz not null,
    valid_until timestamptz not null,
    withdrawn_at timestamptz,
    constraint signing_key_pk primary key (public_key),
    constraint signing_key_kid_unique unique (kid),
    constraint signing_key_sizes check (octet_length(public_key) = 32 and octet_length(kid) = 4),
    constraint signing_key_purpose_known check (purpose in ('voucher')),
    constraint signing_key_window check (valid_from < valid_until)
);

-- A funding plan is an ordered list of funders with rates; a new agreement is a new version, a batch keeps its own.
create table catalogue.plan (
    id uuid not null,
    programme_id uuid not null,
    version integer not null,
    created_at timestamptz not null,
    constraint plan_pk primary key (id),
    constraint plan_version_unique unique (programme_id, version),
    constraint plan_programme foreign key (programme_id) references catalogue.programme (id)
);

create table catalogue.plan_share (
    plan_id uuid not null,
    rank integer not null,
    funder_id uuid not null,
    rate numeric(9, 8) not null,
    constraint plan_share_pk primary key (plan_id, rank),
    constraint plan_share_funder_unique unique (plan_id, funder_id),
    constraint plan_share_rate check (rate > 0 and rate <= 1),
    constraint plan_share_plan foreign key (plan_id) references catalogue.plan (id)
);

grant usage on schema catalogue to ccn_issuer, ccn_redemption, ccn_funding;
grant select on all tables in schema catalogue to ccn_issuer, ccn_redemption, ccn_funding;
grant insert on catalogue.programme, catalogue.series, catalogue.signing_key to ccn_issuer;
grant update (withdrawn_at) on catalogue.signing_key to ccn_issuer;
grant insert on catalogue.plan, catalogue.plan_share to ccn_funding;
