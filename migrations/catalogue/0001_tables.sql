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

comment on table catalogue.service is 'What a structure helps with for a voucher: the list of services that a claim chooses from.';
comment on column catalogue.service.level is
    'Level of help of the national strategy: urgence (somebody must complete a procedure today), inclusion (becoming autonomous) '
    'or montee_en_competence (going further, employability).';
comment on column catalogue.service.format is 'individuel: one person with a mediator; collectif: a workshop.';

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

comment on table catalogue.audience is
    'Whom a programme may be for, as a prescriber says of each beneficiary and as a funder''s quota names.';

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

comment on table catalogue.programme is
    'A programme (dispositif): one sponsor''s scheme, with its territory, dates, face value and rules. Its id is the book of its '
    'money in schema ledger and the book_id of every table that has one.';
comment on column catalogue.programme.sponsor_id is 'Who runs it: access.organisation.id.';
comment on column catalogue.programme.name is 'As it is printed on the vouchers.';
comment on column catalogue.programme.territory is 'COG: a commune (21231), a département (21), a région (R27) or FR.';
comment on column catalogue.programme.face_value_cents is 'Face value of one voucher, in euro cents.';
comment on column catalogue.programme.booklet_size is 'Vouchers in a booklet.';
comment on column catalogue.programme.spendable is
    'When reserved money becomes vouchers. batch: for a whole batch at its activation; hand_over: for each booklet at its '
    'hand-over.';
comment on column catalogue.programme.printed_day is 'Validity date on the paper (Europe/Paris).';
comment on column catalogue.programme.last_day is 'Last day accepted, in the token: printed_day plus the tolerance.';
comment on column catalogue.programme.booklets_min is 'Fewest booklets in an order.';
comment on column catalogue.programme.booklets_per_person_max is 'Most booklets that one beneficiary is granted.';

create table catalogue.series (
    series integer not null,
    programme_id uuid not null,
    created_at timestamptz not null,
    constraint series_pk primary key (series),
    constraint series_fits_token check (series between 0 and 65535),
    constraint series_programme foreign key (programme_id) references catalogue.programme (id)
);

comment on table catalogue.series is
    'A series (série): a range of tokens of one programme, with its status list. Its number is in every token.';

create table catalogue.expiry_settings (
    programme_id uuid not null,
    alert_days integer,
    block_days integer,
    acceptance_days integer,
    statement_days integer,
    contest_days integer,
    unused_value text,
    changed_at timestamptz not null,
    constraint expiry_settings_pk primary key (programme_id),
    constraint expiry_settings_days check (
        alert_days between 0 and 366 and block_days between 0 and 366 and acceptance_days between 0 and 366
        and statement_days between 0 and 366 and contest_days between 1 and 366),
    constraint expiry_settings_unused_value_known check (unused_value in ('credit', 'bank')),
    constraint expiry_settings_programme foreign key (programme_id) references catalogue.programme (id)
);

comment on table catalogue.expiry_settings is
    'When a programme ends, step by step, as its sponsor set it. What is absent follows the defaults, which the code names, so '
    'that a calendar can say which of its days nobody chose.';
comment on column catalogue.expiry_settings.alert_days is 'Days before the printed date; so are the block and the acceptance.';
comment on column catalogue.expiry_settings.statement_days is 'Days after the printed date.';
comment on column catalogue.expiry_settings.contest_days is 'Days during which the statement may be contested.';
comment on column catalogue.expiry_settings.unused_value is
    'What becomes of unused value when its funder does not choose. credit: it stays in the fund for the funder; bank: a transfer '
    'to the funder.';

create table catalogue.funding_terms (
    programme_id uuid not null,
    version integer not null,
    accepts_mandates boolean not null,
    fee_rate numeric(9, 8) not null,
    vat_rate numeric(9, 8) not null,
    reminder_days integer[] not null,
    set_at timestamptz not null,
    constraint funding_terms_pk primary key (programme_id, version),
    constraint funding_terms_version check (version >= 1),
    constraint funding_terms_rates check (fee_rate >= 0 and fee_rate <= 1 and vat_rate >= 0 and vat_rate <= 1),
    constraint funding_terms_programme foreign key (programme_id) references catalogue.programme (id)
);

comment on table catalogue.funding_terms is
    'How a programme is funded. The newest version counts, earlier ones say what held before.';
comment on column catalogue.funding_terms.accepts_mandates is 'Whether a public accountant''s mandate counts as money.';
comment on column catalogue.funding_terms.fee_rate is
    'The operator''s fee, as a part of the face value of a batch, before VAT: 0.05 is 5 %.';
comment on column catalogue.funding_terms.vat_rate is 'VAT on the fee, as a part of it: 0.2 is 20 %.';
comment on column catalogue.funding_terms.reminder_days is 'Days after a call''s due day on which it is reminded, each once.';

create table catalogue.plan (
    id uuid not null,
    programme_id uuid not null,
    version integer not null,
    created_at timestamptz not null,
    constraint plan_pk primary key (id),
    constraint plan_version_unique unique (programme_id, version),
    constraint plan_programme foreign key (programme_id) references catalogue.programme (id)
);

comment on table catalogue.plan is
    'A funding plan (plan de financement): an ordered list of funders with rates. A new agreement is a new version; a batch keeps '
    'its own.';
comment on column catalogue.plan.version is 'From 1 in each programme.';

create table catalogue.plan_share (
    plan_id uuid not null,
    rank integer not null,
    funder_id uuid not null,
    rate numeric(9, 8) not null,
    cap_cents bigint,
    order_minimum_cents bigint,
    used_rate numeric(9, 8),
    used_cap_cents bigint,
    audience_quota numeric(9, 8),
    quota_audiences text[],
    taken_over_by uuid,
    constraint plan_share_pk primary key (plan_id, rank),
    constraint plan_share_funder_unique unique (plan_id, funder_id),
    constraint plan_share_rate check (rate > 0 and rate <= 1),
    constraint plan_share_amounts check (cap_cents > 0 and order_minimum_cents > 0 and used_cap_cents > 0),
    constraint plan_share_rates check (used_rate > 0 and used_rate <= 1 and audience_quota > 0 and audience_quota <= 1),
    constraint plan_share_quota_has_audience
        check ((audience_quota is null) = (quota_audiences is null) and cardinality(quota_audiences) > 0),
    constraint plan_share_rest_is_paid check (
        taken_over_by is not null
        or num_nonnulls(cap_cents, order_minimum_cents, used_rate, used_cap_cents, audience_quota) = 0),
    constraint plan_share_not_from_itself check (taken_over_by <> funder_id),
    constraint plan_share_plan foreign key (plan_id) references catalogue.plan (id)
);

comment on table catalogue.plan_share is
    'Who pays which rate of every voucher of a plan; what limits the share, and who then pays the rest. All amounts are euro '
    'cents over the whole programme.';
comment on column catalogue.plan_share.rank is 'Place in the plan''s order of priority, from 1.';
comment on column catalogue.plan_share.funder_id is 'Who pays: funding.funder.id.';
comment on column catalogue.plan_share.rate is 'Its part of every voucher: 0.3339 is 33.39 %. The rates of a plan sum to 1.';
comment on column catalogue.plan_share.cap_cents is
    'Most that is put behind batches, in euro cents; acts when a batch is funded. Null: no limit.';
comment on column catalogue.plan_share.order_minimum_cents is
    'The share applies to batches of at least this face value, in euro cents. Null: to all.';
comment on column catalogue.plan_share.used_rate is
    'Most of the face value used, as a part of it; settled at the true-up. Null: no limit.';
comment on column catalogue.plan_share.used_cap_cents is
    'Most of the face value used, in euro cents; settled at the true-up. Null: no limit.';
comment on column catalogue.plan_share.audience_quota is
    'Least part of used vouchers that must reach quota_audiences; settled at the true-up. Null: no quota.';
comment on column catalogue.plan_share.quota_audiences is 'The audiences of the quota: catalogue.audience.label.';
comment on column catalogue.plan_share.taken_over_by is
    'Who pays what the limits leave: the funding.funder.id of another share of the plan. Null: nothing limits the share.';

create table catalogue.signing_key (
    public_key bytea not null,
    kid bytea not null,
    purpose text not null,
    series_from integer not null,
    series_to integer not null,
    max_cents integer not null,
    latest_day date not null,
    valid_from timestamptz not null,
    valid_until timestamptz not null,
    published_at timestamptz not null,
    withdrawn_at timestamptz,
    withdrawn_reason text,
    withdrawal_id uuid,
    constraint signing_key_pk primary key (public_key),
    constraint signing_key_kid_unique unique (kid),
    constraint signing_key_sizes check (octet_length(public_key) = 32 and octet_length(kid) = 4),
    constraint signing_key_purpose_known check (purpose in ('voucher', 'status', 'key_set')),
    constraint signing_key_series check (0 <= series_from and series_from <= series_to and series_to <= 65535),
    constraint signing_key_max_cents check (max_cents between 1 and 65535),
    constraint signing_key_latest_day check (latest_day between '2020-01-01' and '2199-06-06'),
    constraint signing_key_window check (valid_from < valid_until),
    constraint signing_key_withdrawn_with_reason
        check ((withdrawn_at is null) = (withdrawn_reason is null) and (withdrawal_id is null or withdrawn_at is not null)),
    constraint signing_key_reason_given check (btrim(withdrawn_reason) <> ''),
    constraint signing_key_withdrawal_unique unique (withdrawal_id)
);

comment on table catalogue.signing_key is
    'Public halves of the keys that sign; the private halves never enter a database. Keys of several purposes at once, each with '
    'a window, bounds, and a reason when it is withdrawn.';
comment on column catalogue.signing_key.public_key is 'The 32 bytes of an Ed25519 public key.';
comment on column catalogue.signing_key.kid is
    'The first four bytes of the key''s SHA-256 COSE Key Thumbprint (RFC 9679): names it in every token.';
comment on column catalogue.signing_key.purpose is
    'What it signs. voucher: tokens; status: status lists; key_set: the daily key set.';
comment on column catalogue.signing_key.series_from is 'First series whose vouchers the key may sign.';
comment on column catalogue.signing_key.series_to is 'Last series whose vouchers the key may sign.';
comment on column catalogue.signing_key.max_cents is 'Highest face value that the key may sign, in euro cents.';
comment on column catalogue.signing_key.latest_day is 'Latest last day that the key may sign.';
comment on column catalogue.signing_key.withdrawn_at is
    'From this instant on nothing that it signed is accepted. Null: it is good in its window.';
comment on column catalogue.signing_key.withdrawn_reason is 'Why, in the words of who withdrew it. Null: it is not withdrawn.';
comment on column catalogue.signing_key.withdrawal_id is
    'The act of withdrawing, an id made by who withdrew it; the same id again is the same act.';

create table catalogue.key_delegation (
    sha256 bytea not null,
    document bytea not null,
    delegate bytea not null,
    root_kid bytea not null,
    valid_from timestamptz not null,
    valid_until timestamptz not null,
    published_at timestamptz not null,
    constraint key_delegation_pk primary key (sha256),
    constraint key_delegation_sizes
        check (octet_length(sha256) = 32 and octet_length(delegate) = 32 and octet_length(root_kid) = 4
            and octet_length(document) between 64 and 4096),
    constraint key_delegation_window check (valid_from < valid_until),
    constraint key_delegation_delegate foreign key (delegate) references catalogue.signing_key (public_key)
);

comment on table catalogue.key_delegation is
    'What an offline root said about a key that signs key sets. Public, and needed to make the daily key set.';
comment on column catalogue.key_delegation.sha256 is 'SHA-256 of document.';
comment on column catalogue.key_delegation.document is 'The signed COSE document, as verifiers get it.';
comment on column catalogue.key_delegation.delegate is 'The public key that may sign key sets: catalogue.signing_key.public_key.';
comment on column catalogue.key_delegation.root_kid is
    'The first four bytes of the thumbprint of the root that signed it; the root''s public key is not in the database.';

create table catalogue.installation_value (
    id bigint generated always as identity,
    name text not null,
    value text not null,
    since timestamptz not null,
    constraint installation_value_pk primary key (id),
    constraint installation_value_known check (name in ('public_host', 'fund_iban', 'log_key', 'root_keys')),
    constraint installation_value_given check (value <> '')
);

comment on table catalogue.installation_value is
    'What this installation was started with and cannot change by mistake: paper, books or accounts elsewhere rest on it. Append only; '
    'the last line of a name counts, those before it are what somebody decided to replace.';
comment on column catalogue.installation_value.name is
    'public_host: the host of the QR codes and of the log''s name; fund_iban: the fund''s account; log_key: the key that signs '
    'checkpoints; root_keys: the roots that are believed.';
comment on column catalogue.installation_value.value is
    'The host, the IBAN, or the first 16 hexadecimal digits of the thumbprint (RFC 9679) of each key, in order, joined by +.';
comment on column catalogue.installation_value.since is 'When a process was first started with it.';
