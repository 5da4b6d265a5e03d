-- How a programme is funded: the newest version counts, earlier ones say what held before.
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

comment on column catalogue.funding_terms.accepts_mandates is 'Whether a public accountant''s mandate counts as money.';
comment on column catalogue.funding_terms.fee_rate is 'The operator''s fee, of the face value of a batch, before VAT.';
comment on column catalogue.funding_terms.reminder_days is 'Days after a call''s due day on which it is reminded, each once.';

grant select on catalogue.funding_terms to ccn_issuer, ccn_redemption, ccn_funding;
grant insert on catalogue.funding_terms to ccn_funding;
