-- When a programme ends, step by step: what its sponsor set. What is absent follows the defaults, which the code names, so that a
-- calendar can say which of its days nobody chose.
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
    constraint expiry_settings_programme foreign key (programme_id) references catalogue.programme (id),
    constraint expiry_settings_days check (
        alert_days between 0 and 366 and block_days between 0 and 366 and acceptance_days between 0 and 366
        and statement_days between 0 and 366 and contest_days between 1 and 366),
    constraint expiry_settings_unused_value_known check (unused_value in ('credit', 'bank'))
);

comment on column catalogue.expiry_settings.alert_days is 'Days before the printed date; so are the block and the acceptance.';
comment on column catalogue.expiry_settings.statement_days is 'Days after the printed date.';
comment on column catalogue.expiry_settings.contest_days is 'Days during which the statement may be contested.';
comment on column catalogue.expiry_settings.unused_value is 'What becomes of unused value when its funder does not choose.';

grant select on catalogue.expiry_settings to ccn_issuer, ccn_redemption, ccn_funding;
grant insert on catalogue.expiry_settings to ccn_issuer;
grant update (alert_days, block_days, acceptance_days, statement_days, contest_days, unused_value, changed_at)
    on catalogue.expiry_settings to ccn_issuer;
