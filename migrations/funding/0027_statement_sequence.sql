-- The bank's running number of a statement (camt.053, ElctrncSeqNb): a gap means that one is missing, also where its balance does not tell.

alter table funding.statement
    add column sequence bigint,
    add constraint statement_sequence_not_negative check (sequence >= 0);

comment on column funding.statement.sequence is 'Null: the bank gives none, or the statement was loaded before it was kept.';
