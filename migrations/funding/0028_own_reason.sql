-- Whether the bank gave its reason to the payment itself, or to the whole file: only the former may speak of the payee's account.

alter table funding.payment_report_line add column own_reason boolean;

comment on column funding.payment_report_line.own_reason is 'Null: the line was read before this was kept.';
