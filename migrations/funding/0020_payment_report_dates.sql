-- When the bank made its report, of which file, and when it decided on each payment. Reports of before were read without.
alter table funding.payment_report
    add column created_at timestamptz,
    add column original_created_at timestamptz;

alter table funding.payment_report_line
    add column accepted_at timestamptz;

comment on column funding.payment_report.created_at is 'As the bank dates its report; in Paris time where it names no zone.';
comment on column funding.payment_report.original_created_at is 'As the bank says that the payment file was dated.';
comment on column funding.payment_report_line.accepted_at is 'When the bank took the payment into execution, where it says so.';
