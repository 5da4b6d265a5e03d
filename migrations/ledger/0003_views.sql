create view ledger.entry as
    select t.book_id, t.id as transfer_id, t.kind, t.at, t.event_id, t.reference, side.number, side.debit_cents, side.credit_cents
    from ledger.transfer t
    cross join lateral (values (t.debit, t.cents, 0::bigint), (t.credit, 0::bigint, t.cents))
        as side (number, debit_cents, credit_cents);

comment on view ledger.entry is
    'A transfer as two lines, one a side, for people and exports: its debit and its credit, in euro cents.';

-- What others read of the books: names instead of numbers. The tables and the numbers of the kinds are this schema's own; whoever needs a
-- new question answered adds a view, or a column to one.
--
-- Kinds that concern vouchers have a view each, whose condition is on the number: it uses the same indexes as the statement of a hand that
-- knows the numbers. Names are compared only where few rows are left.
--
-- Views join accounts from the left: a transfer whose account were missing stays, without a party. A column that nobody asks for costs no
-- join. `kind <> 9` beside a join to an account that is no voucher lets the planner read the index on names, in which no voucher is.

create type ledger.account_kind_name as enum (
    'bank', 'receivable', 'deposited', 'suspense', 'in_transit', 'clearing', 'available', 'reserved', 'voucher', 'payable', 'recoverable',
    'refundable', 'charges_owed');

create type ledger.transfer_kind_name as enum (
    'batch_funded', 'activated', 'revoked', 'expired', 'batch_expired', 'batch_cancelled', 'claimed', 'claim_reversed', 'reversed_revoked', 'reversed_expired',
    'reversed_disclosed', 'received', 'mandated',
    'mandate_received', 'allocated', 'settled', 'deducted', 'paid', 'rejected', 'refunded', 'refund_sent', 'unexplained', 'explained',
    'true_up', 'bank_charge', 'mandate_cancelled', 'deallocated');

comment on type ledger.account_kind_name is 'The names of ledger.account_kind. A name that does not exist is an error, not an empty answer.';
comment on type ledger.transfer_kind_name is 'The names of ledger.transfer_kind. A name that does not exist is an error, not an empty answer.';

-- One expression each, so that the planner puts it in place of the call. The first name's type makes constants of all: a text that is cast
-- at the end would keep the call.
create function ledger.name_of_account_kind(kind smallint) returns ledger.account_kind_name
language sql immutable parallel safe
as $$
    select case kind
        when 1 then 'bank'::ledger.account_kind_name when 2 then 'receivable' when 3 then 'deposited' when 4 then 'suspense' when 5 then 'in_transit'
        when 6 then 'clearing' when 7 then 'available' when 8 then 'reserved' when 9 then 'voucher' when 10 then 'payable'
        when 11 then 'recoverable' when 12 then 'refundable' when 13 then 'charges_owed' end
$$;

create function ledger.name_of_transfer_kind(kind smallint) returns ledger.transfer_kind_name
language sql immutable parallel safe
as $$
    select case kind
        when 10 then 'batch_funded'::ledger.transfer_kind_name when 11 then 'activated' when 12 then 'revoked' when 13 then 'expired' when 14 then 'batch_expired'
        when 15 then 'batch_cancelled'
        when 20 then 'claimed' when 21 then 'claim_reversed' when 22 then 'reversed_revoked' when 23 then 'reversed_expired'
        when 24 then 'reversed_disclosed'
        when 30 then 'received' when 31 then 'mandated' when 32 then 'mandate_received' when 33 then 'allocated' when 34 then 'settled'
        when 35 then 'deducted' when 36 then 'paid' when 37 then 'rejected' when 38 then 'refunded' when 39 then 'refund_sent'
        when 40 then 'unexplained' when 41 then 'explained' when 42 then 'true_up' when 43 then 'bank_charge'
        when 44 then 'mandate_cancelled' when 45 then 'deallocated' end
$$;

create function ledger.voucher_number(series integer, idx integer) returns bigint
language sql immutable parallel safe
as $$ select (9::bigint << 56) + (series::bigint << 24) + idx::bigint $$;

comment on function ledger.voucher_number(integer, integer) is 'The account of the voucher that a token names by its series and idx.';

-- Accounts

create view ledger.voucher as
    select book_id, number, limit_cents as face_value_cents, credits_cents - debits_cents as spendable_cents
    from ledger.account where kind = 9;

comment on view ledger.voucher is
    'Every voucher that was ever activated; the number is the one of its token. What is spendable is all of the face value, or nothing.';

create view ledger.balance as
    select book_id, number as account, ledger.name_of_account_kind(kind) as kind, party as party_id, batch as batch_id,
        debits_cents, credits_cents,
        case when kind in (1, 2, 11, 13) then debits_cents - credits_cents else credits_cents - debits_cents end as cents
    from ledger.account where kind <> 9;

comment on view ledger.balance is
    'Every account but the vouchers. Cents are what it holds on its normal side; clearing and suspense count as owed by us.';

create view ledger.funder_balance as
    select book_id, number as account, ledger.name_of_account_kind(kind) as kind, party as funder_id, batch as batch_id,
        credits_cents as credited_cents, credits_cents - debits_cents as cents
    from ledger.account where kind in (7, 8, 12) and kind <> 9;

comment on view ledger.funder_balance is
    'A funder''s money in a programme''s book: available, reserved behind a batch, refundable. Credited is all that ever came onto the account.';

create view ledger.payable as
    select book_id, number as account, party as structure_id, credits_cents - debits_cents as cents
    from ledger.account where kind = 10 and kind <> 9;

comment on view ledger.payable is 'What structures are owed in a programme''s book and no payment file has taken.';

-- Transfers

create view ledger.movement as
    select t.book_id, t.id as transfer_id, ledger.name_of_transfer_kind(t.kind) as kind,
        ledger.name_of_account_kind((t.debit >> 56)::smallint) as debit_kind, t.debit as debit_account, d.party as debit_party_id,
        d.batch as debit_batch_id,
        ledger.name_of_account_kind((t.credit >> 56)::smallint) as credit_kind, t.credit as credit_account, c.party as credit_party_id,
        c.batch as credit_batch_id,
        t.cents, t.at, t.event_id, t.reverses as reversed_transfer_id, t.reference
    from ledger.transfer t
    left join ledger.account d on d.book_id = t.book_id and d.number = t.debit and d.kind <> 9
    left join ledger.account c on c.book_id = t.book_id and c.number = t.credit and c.kind <> 9;

comment on view ledger.movement is
    'Every transfer with its names. A voucher has no party: its account is its number. Vouchers move by the million: a question about them is asked of the narrower views.';

create view ledger.fund_movement as
    select t.book_id, t.id as transfer_id, ledger.name_of_transfer_kind(t.kind) as kind,
        ledger.name_of_account_kind((t.debit >> 56)::smallint) as debit_kind, t.debit as debit_account, d.party as debit_party_id,
        ledger.name_of_account_kind((t.credit >> 56)::smallint) as credit_kind, t.credit as credit_account, c.party as credit_party_id,
        t.cents, t.at, t.event_id, t.reference
    from ledger.transfer t
    left join ledger.account d on d.book_id = t.book_id and d.number = t.debit and d.kind <> 9
    left join ledger.account c on c.book_id = t.book_id and c.number = t.credit and c.kind <> 9
    where t.kind >= 30;

comment on view ledger.fund_movement is 'What moves between funders, the bank, structures and the operator: the transfers of no voucher and no reserve.';

create view ledger.reserve_movement as
    select t.book_id, r.batch as batch_id, r.party as funder_id, t.at, t.event_id,
        case t.kind when 10 then t.cents else 0 end as funded_cents,
        case t.kind when 11 then t.cents else 0 end as activated_cents,
        case t.kind when 14 then t.cents else 0 end as expired_cents,
        case t.kind when 15 then t.cents else 0 end as cancelled_cents
    from ledger.transfer t
    left join ledger.account r on r.book_id = t.book_id and r.number = case t.kind when 10 then t.credit else t.debit end and r.kind <> 9
    where t.kind in (10, 11, 14, 15);

comment on view ledger.reserve_movement is
    'What went into the reserve of a batch (funded), onto its vouchers (activated), and back to the funder (expired, cancelled): one of the four a row.';

create view ledger.voucher_share as
    select t.book_id, t.credit as number, t.debit as reserve_account, r.batch as batch_id, r.party as funder_id, t.cents, t.at, t.event_id
    from ledger.transfer t
    left join ledger.account r on r.book_id = t.book_id and r.number = t.debit and r.kind <> 9
    where t.kind = 11;

comment on view ledger.voucher_share is 'Who paid a voucher, and out of which batch''s reserve: a row a funder, from its activation.';

create view ledger.claimed_voucher as
    select book_id, id as transfer_id, event_id as claim_id, debit as number, cents, at
    from ledger.transfer where kind = 20;

comment on view ledger.claimed_voucher is 'A voucher that a claim took, whether the claim was reversed afterwards or not.';

create view ledger.claim_reversal as
    select book_id, id as transfer_id, event_id, reverses as claim_transfer_id, credit as number, cents, at
    from ledger.transfer where reverses is not null;

comment on view ledger.claim_reversal is 'A claimed voucher whose claim was undone: once, by the transfer that names the claim''s.';

create view ledger.spent_voucher as
    select t.book_id, t.id as transfer_id, t.event_id as claim_id, t.debit as number, t.cents, t.at
    from ledger.transfer t
    where t.kind = 20
        -- Said twice: that few transfers reverse one is what the planner knows of the column, not of the comparison.
        and not exists (
            select from ledger.transfer r where r.book_id = t.book_id and r.reverses = t.id and r.reverses is not null);

comment on view ledger.spent_voucher is 'A voucher that a claim took and that no reversal gave back.';

create view ledger.claim_share as
    select t.book_id, t.event_id as claim_id, t.id as transfer_id, t.debit as number, r.batch as batch_id, r.party as funder_id, o.cents, t.at
    from ledger.transfer t
    join ledger.transfer o on o.book_id = t.book_id and o.credit = t.debit and o.kind = 11
    left join ledger.account r on r.book_id = o.book_id and r.number = o.debit and r.kind <> 9
    where t.kind = 20;

comment on view ledger.claim_share is 'Who paid the vouchers of a claim, reversed or not: a row a voucher and funder.';

create view ledger.forfeited_voucher as
    select t.book_id, t.id as transfer_id, t.debit as number, f.party as funder_id, t.cents, t.at, t.event_id,
        t.kind = 12 as by_revocation, t.kind = 13 as by_expiry, t.kind in (22, 23, 24) as by_reversal, t.kind in (13, 23) as expired
    from ledger.transfer t
    left join ledger.account f on f.book_id = t.book_id and f.number = t.credit and f.kind <> 9
    where t.kind in (12, 13, 22, 23, 24);

comment on view ledger.forfeited_voucher is
    'What a voucher held and its funders got back, a row a funder: revoked, swept at the end (by_expiry), or its claim reversed when it must '
    'not be spent any more (by_reversal). Expired says by what it ended: its programme''s end, or else a revocation or its evidence''s disclosure.';

create view ledger.voucher_debit as
    select t.book_id, t.id as transfer_id, t.debit as number, t.cents, t.at
    from ledger.transfer t
    where t.kind in (12, 13, 20, 22, 23, 24);

comment on view ledger.voucher_debit is 'What took the value off a voucher: a claim, or its forfeit.';

create view ledger.settlement_record as
    select book_id, id as record_id, claim_id, payment_id, case kind when 61 then -cents else cents end as cents, at
    from ledger.record;

comment on view ledger.settlement_record is 'Which payment pays which claim, as it is sealed; negative where the payment takes back what was paid for a claim reversed since.';
