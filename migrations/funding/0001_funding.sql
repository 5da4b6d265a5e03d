-- Funders and what they promised, what the bank says, what was paid. Money is the ledger's.

create table funding.funder (
    id uuid not null,
    siren text not null,
    name text not null,
    iban text not null,
    bic text,
    created_at timestamptz not null,
    constraint funder_pk primary key (id),
    constraint funder_siren_unique unique (siren),
    constraint funder_siren_shape check (siren ~ '^[0-9]{9}$')
);

create table funding.convention (
    id uuid not null,
    funder_id uuid not null,
    programme_id uuid not null,
    cents bigint not null,
    signed_on date not null,
    starts_on date not null,
    ends_on date not null,
    created_at timestamptz not null,
    constraint convention_pk primary key (id),
    constraint convention_positive check (cents > 0),
    constraint convention_days_in_order check (starts_on <= ends_on),
    constraint convention_funder foreign key (funder_id) references funding.funder (id)
);

-- A call for funds; its reference is what the funder writes on its transfer.
create table funding.call (
    id uuid not null,
    convention_id uuid not null,
    cents bigint not null,
    reference text not null,
    called_at timestamptz not null,
    due_on date not null,
    constraint call_pk primary key (id),
    constraint call_reference_unique unique (reference),
    constraint call_positive check (cents > 0),
    constraint call_convention foreign key (convention_id) references funding.convention (id)
);

create table funding.allocation (
    id uuid not null,
    funder_id uuid not null,
    programme_id uuid not null,
    cents bigint not null,
    at timestamptz not null,
    constraint allocation_pk primary key (id),
    constraint allocation_positive check (cents > 0),
    constraint allocation_funder foreign key (funder_id) references funding.funder (id)
);

create table funding.settlement (
    id uuid not null,
    month date not null,
    at timestamptz not null,
    execute_on date not null,
    message_id text not null,
    constraint settlement_pk primary key (id),
    constraint settlement_message_unique unique (message_id),
    constraint settlement_month_is_first_day check (extract(day from month) = 1)
);

create table funding.refund (
    id uuid not null,
    funder_id uuid not null,
    programme_id uuid not null,
    cents bigint not null,
    way text not null,
    execute_on date not null,
    at timestamptz not null,
    message_id text not null,
    constraint refund_pk primary key (id),
    constraint refund_positive check (cents > 0),
    constraint refund_way_known check (way in ('bank', 'credit')),
    constraint refund_message_unique unique (message_id),
    constraint refund_funder foreign key (funder_id) references funding.funder (id)
);

-- One transfer: to a structure (from a settlement) or back to a funder (a refund).
create table funding.payment (
    id uuid not null,
    settlement_id uuid,
    refund_id uuid,
    party_id uuid not null,
    end_to_end text not null,
    holder text not null,
    iban text not null,
    bic text,
    cents bigint not null,
    at timestamptz not null,
    constraint payment_pk primary key (id),
    constraint payment_end_to_end_unique unique (end_to_end),
    constraint payment_positive check (cents > 0),
    constraint payment_of_one_file check ((settlement_id is null) <> (refund_id is null)),
    constraint payment_settlement foreign key (settlement_id) references funding.settlement (id),
    constraint payment_refund foreign key (refund_id) references funding.refund (id)
);

create unique index payment_one_a_structure on funding.payment (settlement_id, party_id) where settlement_id is not null;
create unique index payment_one_a_refund on funding.payment (refund_id) where refund_id is not null;
-- The last payment to somebody: did it come back, and from which account?
create index payment_party on funding.payment (party_id, at);

-- A payment that is sent and not answered is under way; the bank's answer is a row.
create table funding.payment_answer (
    payment_id uuid not null,
    answer text not null,
    reason text,
    statement_id uuid not null,
    line integer not null,
    at timestamptz not null,
    constraint payment_answer_pk primary key (payment_id, answer),
    constraint payment_answer_known check (answer in ('debited', 'returned')),
    constraint payment_answer_payment foreign key (payment_id) references funding.payment (id)
);

-- Which claims a payment covers: the evidence behind "paid". A claim that was reversed after it was paid is a negative
-- line of the next payment, so that a payment is always the sum of its lines.
create table funding.settlement_line (
    book_id uuid not null,
    claim_id uuid not null,
    payment_id uuid not null,
    structure_id uuid not null,
    cents bigint not null,
    constraint settlement_line_pk primary key (book_id, claim_id, payment_id),
    constraint settlement_line_moves_money check (cents <> 0)
);

create index settlement_line_payment on funding.settlement_line (payment_id, book_id);

-- Held, not lost: who was not paid in a settlement, and why.
create table funding.hold (
    settlement_id uuid not null,
    structure_id uuid not null,
    cents bigint not null,
    reason text not null,
    constraint hold_pk primary key (settlement_id, structure_id),
    constraint hold_reason_known check (reason in ('no_bank_details', 'returned_by_bank', 'deductions')),
    constraint hold_settlement foreign key (settlement_id) references funding.settlement (id)
);

create table funding.statement (
    id uuid not null,
    sha256 bytea not null,
    raw bytea not null,
    identification text not null,
    iban text not null,
    opening_cents bigint not null,
    closing_cents bigint not null,
    from_day date not null,
    to_day date not null,
    position integer not null,
    loaded_at timestamptz not null,
    constraint statement_pk primary key (id),
    constraint statement_loaded_once unique (sha256),
    -- The same statement in other bytes (a bank's second download) is the same statement.
    constraint statement_identification_unique unique (identification),
    -- Two statements that claim the same place in the row of statements cannot both be loaded.
    constraint statement_position_unique unique (position)
);

create table funding.statement_line (
    statement_id uuid not null,
    line integer not null,
    booked_on date not null,
    cents bigint not null,
    end_to_end text,
    remittance text not null,
    counterparty text,
    return_reason text,
    rule text,
    matched_kind text,
    matched_id uuid,
    constraint statement_line_pk primary key (statement_id, line),
    constraint statement_line_matched check ((rule is null) = (matched_kind is null)),
    constraint statement_line_kind_known check (matched_kind in ('call', 'payment', 'return', 'file')),
    constraint statement_line_statement foreign key (statement_id) references funding.statement (id)
);

-- Each of our items is matched by one line: a call may be paid in parts, a payment is debited once (alone or with its
-- whole file) and returned once. The other side is claimed by the primary key of payment_answer.
create unique index statement_line_item_once on funding.statement_line (matched_kind, matched_id)
    where matched_kind in ('payment', 'return', 'file');

comment on column funding.statement_line.cents is 'Signed: positive is money in.';

-- What redemption needs to know when it reverses a claim, and the issuer when it tells a voucher's state.
create view funding.settled_claim as
    select l.book_id, l.claim_id
    from funding.settlement_line l
    where not exists (
        select from funding.payment_answer a where a.payment_id = l.payment_id and a.answer = 'returned')
    group by l.book_id, l.claim_id
    having sum(l.cents) > 0;

grant usage on schema funding to ccn_funding, ccn_redemption, ccn_issuer;
-- By name: not the table in which migrations are recorded.
grant select, insert on funding.funder, funding.convention, funding.call, funding.allocation, funding.settlement,
    funding.refund, funding.payment, funding.payment_answer, funding.settlement_line, funding.hold, funding.statement,
    funding.statement_line to ccn_funding;
grant select on funding.settled_claim to ccn_funding;
grant select on funding.settled_claim to ccn_redemption, ccn_issuer;
