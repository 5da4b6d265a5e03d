-- Short codes typed in the last hour, by key, by structure and by everybody: what limits guessing, for all instances
-- together. No code is here. A row counts from its first attempt and starts again an hour later; old rows are swept.
create table redemption.code_attempt (
    scope text not null,
    subject uuid not null,
    since timestamptz not null,
    attempts integer not null,
    wrong integer not null,
    constraint code_attempt_pk primary key (scope, subject),
    constraint code_attempt_scope_known check (scope in ('api_key', 'structure', 'everybody')),
    constraint code_attempt_counts check (wrong between 0 and attempts)
);

create index code_attempt_since on redemption.code_attempt (since);

grant select, insert, update, delete on redemption.code_attempt to ccn_redemption;
