-- Funders and what they promised, what the bank says, what was paid, what became of a programme's money at its end. Money is the
-- ledger's. In the order in which one points to another: promises, bank, contributions, fees, payments, breaks, end of a programme,
-- controls, reports.

-- Promises.

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

comment on table funding.funder is
    'A funder (financeur): puts money into the fund. Its id is also its access.organisation.id, and the party of its accounts in '
    'the ledger.';
comment on column funding.funder.siren is 'Its number in the national register of bodies: nine digits, unique.';
comment on column funding.funder.iban is 'The account that its transfers come from and its refunds go to.';

create table funding.announcement (
    id uuid not null,
    funder_id uuid not null,
    programme_id uuid,
    cents bigint not null,
    announced_on date not null,
    source text not null,
    recorded_at timestamptz not null,
    constraint announcement_pk primary key (id),
    constraint announcement_positive check (cents > 0),
    constraint announcement_source check (btrim(source) <> ''),
    constraint announcement_funder foreign key (funder_id) references funding.funder (id)
);

comment on table funding.announcement is 'Money that was announced (annonce) before anything was signed: a promise, in no book.';
comment on column funding.announcement.programme_id is 'For which programme: catalogue.programme.id. Null: nobody said.';
comment on column funding.announcement.cents is 'How much was announced, in euro cents.';
comment on column funding.announcement.source is 'Where it can be read: a deliberation, a press release, a letter.';

create table funding.convention (
    id uuid not null,
    funder_id uuid not null,
    programme_id uuid not null,
    announcement_id uuid,
    cents bigint not null,
    territory text,
    audience text,
    rate numeric(9, 8),
    cap_cents bigint,
    signed_on date not null,
    starts_on date not null,
    ends_on date not null,
    created_at timestamptz not null,
    constraint convention_pk primary key (id),
    constraint convention_positive check (cents > 0),
    constraint convention_rate check (rate > 0 and rate <= 1),
    constraint convention_cap check (cap_cents > 0),
    constraint convention_days_in_order check (starts_on <= ends_on),
    constraint convention_funder foreign key (funder_id) references funding.funder (id),
    constraint convention_announcement foreign key (announcement_id) references funding.announcement (id)
);

comment on table funding.convention is 'A convention (convention de financement): a funder''s signed promise for a programme.';
comment on column funding.convention.programme_id is 'For which programme: catalogue.programme.id.';
comment on column funding.convention.announcement_id is
    'What it carries out: announced money is not counted twice. Null: nothing was announced.';
comment on column funding.convention.cents is 'How much was promised, in euro cents.';
comment on column funding.convention.territory is 'COG, when it is for a part of the programme''s territory.';
comment on column funding.convention.audience is 'The audience that it is for: catalogue.audience.label. Null: everybody.';
comment on column funding.convention.rate is
    'Most of a voucher that the funder signed to pay: 0.5 is half. Null: nothing was signed.';
comment on column funding.convention.cap_cents is
    'Most that the funder signed to put behind vouchers, in euro cents. Null: nothing was signed.';

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

comment on table funding.call is 'A call for funds (appel de fonds): the request to pay what was promised.';
comment on column funding.call.cents is 'How much is called, in euro cents.';
comment on column funding.call.reference is 'What the funder writes on its transfer, and what finds it: AF-2026-7K3M9Q.';

create table funding.reminder (
    call_id uuid not null,
    days integer not null,
    missing_cents bigint not null,
    reminded_on date not null,
    at timestamptz not null,
    constraint reminder_pk primary key (call_id, days),
    constraint reminder_days check (days >= 1),
    constraint reminder_missing check (missing_cents > 0),
    constraint reminder_call foreign key (call_id) references funding.call (id)
);

comment on table funding.reminder is
    'A reminder (relance) of a call for funds: each once at each of its programme''s days after the due day.';
comment on column funding.reminder.days is 'How many days after the due day.';
comment on column funding.reminder.missing_cents is 'What of the call had not arrived, in euro cents.';

-- Bank: what it says happened.

create table funding.statement_file (
    sha256 bytea not null,
    raw bytea not null,
    loaded_at timestamptz not null,
    constraint statement_file_pk primary key (sha256)
);

comment on table funding.statement_file is
    'A file of one or more statements, as it came from the bank. Statements of other accounts in it were left out.';
comment on column funding.statement_file.sha256 is 'SHA-256 of raw.';
comment on column funding.statement_file.raw is 'The file as it came: camt.053 or CFONB 120.';

create table funding.statement (
    id uuid not null,
    sha256 bytea not null,
    part integer not null,
    identification text not null,
    sequence bigint,
    iban text not null,
    opening_cents bigint not null,
    closing_cents bigint not null,
    from_day date not null,
    to_day date not null,
    position integer not null,
    loaded_at timestamptz not null,
    constraint statement_pk primary key (id),
    -- The same statement in other bytes is known by its days, balances and movements: banks use their identifiers again.
    constraint statement_loaded_once unique (sha256, part),
    constraint statement_sequence_not_negative check (sequence >= 0),
    -- Two statements that claim the same place in the row of statements cannot both be loaded.
    constraint statement_position_unique unique (position),
    constraint statement_of_file foreign key (sha256) references funding.statement_file (sha256)
);

comment on table funding.statement is
    'A statement (relevé): what the bank says happened on the fund''s account, as it was loaded, once.';
comment on column funding.statement.sha256 is 'The file that it came in: funding.statement_file.sha256.';
comment on column funding.statement.part is 'Its place among the statements of the fund''s account in that file, from 1.';
comment on column funding.statement.identification is
    'The bank''s own name of the statement, from the file; the bank may use it again for another.';
comment on column funding.statement.sequence is
    'The bank''s running number of a statement (camt.053, ElctrncSeqNb): a gap means that one is missing, also where its balance '
    'does not tell. Null: the bank gives none.';
comment on column funding.statement.opening_cents is
    'Balance at its beginning, in euro cents: the closing balance of the statement before. Of the first statement it is line 0.';
comment on column funding.statement.closing_cents is 'Balance at its end, in euro cents.';
comment on column funding.statement.position is 'Place in the row of statements, from 1.';

create table funding.statement_line (
    statement_id uuid not null,
    line integer not null,
    booked_on date not null,
    cents bigint not null,
    end_to_end text,
    remittance text not null,
    bank_words text,
    entry_words text,
    other_texts text,
    counterparty text,
    counterparty_name text,
    file_id text,
    own_amount text,
    charges text,
    return_reason text,
    rule text,
    matched_kind text,
    matched_id uuid,
    constraint statement_line_pk primary key (statement_id, line),
    constraint statement_line_from_zero check (line >= 0),
    constraint statement_line_matched check ((rule is null) = (matched_kind is null)),
    constraint statement_line_kind_known
        check (matched_kind in ('call', 'payment', 'return', 'file', 'mandate')),
    constraint statement_line_statement foreign key (statement_id) references funding.statement (id)
);

comment on table funding.statement_line is
    'A statement line (ligne de relevé): one movement of the bank account, and what it was found to be. Line 0 is the balance of '
    'the account before the first statement, taken over for a person to explain.';
comment on column funding.statement_line.statement_id is 'With line: the statement line, funding.statement_line.';
comment on column funding.statement_line.cents is 'In euro cents, signed: positive is money in.';
comment on column funding.statement_line.end_to_end is 'The end-to-end id that the bank gives back: funding.payment.end_to_end.';
comment on column funding.statement_line.remittance is 'What the payer wrote.';
comment on column funding.statement_line.bank_words is 'The bank''s own words on this movement.';
comment on column funding.statement_line.entry_words is
    'The bank''s words on an entry of several transfers, of which this is one: they may speak of another. Only shown.';
comment on column funding.statement_line.other_texts is 'Further references, names and accounts that the bank gives.';
comment on column funding.statement_line.counterparty is 'IBAN of the other side, where the bank gives it.';
comment on column funding.statement_line.counterparty_name is 'Name of the other side: who paid, or was paid.';
comment on column funding.statement_line.file_id is 'The payment file that the bank booked as one movement, by the bank''s name of it.';
comment on column funding.statement_line.own_amount is
    'The transfer''s amount in the bank''s writing, where it is not what moved: before charges, or in another currency.';
comment on column funding.statement_line.charges is 'What the bank says that it kept, in its writing.';
comment on column funding.statement_line.return_reason is
    'Why a transfer came back: the bank''s ISO 20022 code. Null: nothing came back.';
comment on column funding.statement_line.rule is
    'The matching rule that took the line, by its name. Null: none did, and there is a break.';
comment on column funding.statement_line.matched_kind is
    'What the line is: call (a contribution), mandate, payment (it was debited), file (a whole payment file was), '
    'return (a payment came back). Null: no rule took it.';
comment on column funding.statement_line.matched_id is
    'By matched_kind: funding.call.id, funding.mandate.id, funding.payment.id (payment, return), or the '
    'settlement or refund of the file.';

-- Each of our items is matched by one line: a call may be paid in parts, a payment is debited once (alone or with its
-- whole file) and returned once. The other side is claimed by the primary key of payment_answer.
create unique index statement_line_item_once on funding.statement_line (matched_kind, matched_id)
    where matched_kind in ('payment', 'return', 'file');
create index statement_line_call on funding.statement_line (matched_id) where matched_kind = 'call';

-- Contributions.

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

comment on table funding.allocation is 'An allocation (affectation): deposited money given to a programme.';
comment on column funding.allocation.programme_id is 'To which programme: catalogue.programme.id.';
comment on column funding.allocation.cents is 'How much, in euro cents.';

create table funding.mandate (
    id uuid not null,
    convention_id uuid not null,
    call_id uuid,
    funder_id uuid not null,
    year integer not null,
    bordereau text,
    number text not null,
    number_plain text not null,
    reference text not null,
    cents bigint not null,
    issued_on date not null,
    accepted_at timestamptz not null,
    constraint mandate_pk primary key (id),
    constraint mandate_positive check (cents > 0),
    -- An accountant numbers its mandates by year, within a bordereau or not.
    constraint mandate_number_unique unique nulls not distinct (funder_id, year, bordereau, number_plain),
    constraint mandate_convention foreign key (convention_id) references funding.convention (id),
    constraint mandate_call foreign key (call_id) references funding.call (id),
    constraint mandate_funder foreign key (funder_id) references funding.funder (id)
);

comment on table funding.mandate is
    'A public mandate (mandat): money that a public accountant ordered to be paid, which counts before it arrives where the '
    'programme allows. How it stands is in funding.mandate_state.';
comment on column funding.mandate.number is 'As the accountant writes it.';
comment on column funding.mandate.number_plain is 'The number as it is compared: capitals, no punctuation, no leading zero.';
comment on column funding.mandate.reference is 'How statements and reports name it: year, bordereau and number.';
comment on column funding.mandate.cents is 'How much was ordered, in euro cents.';

create index mandate_of_convention on funding.mandate (convention_id);

create table funding.mandate_receipt (
    mandate_id uuid not null,
    statement_id uuid not null,
    line integer not null,
    cents bigint not null,
    rest_cents bigint not null,
    constraint mandate_receipt_pk primary key (statement_id, line, mandate_id),
    constraint mandate_receipt_positive check (cents > 0 and rest_cents >= 0),
    constraint mandate_receipt_mandate foreign key (mandate_id) references funding.mandate (id),
    constraint mandate_receipt_line foreign key (statement_id, line) references funding.statement_line (statement_id, line)
);

comment on table funding.mandate_receipt is
    'Money of mandates, line by line of the bank''s statements. One line may pay several mandates.';
comment on column funding.mandate_receipt.statement_id is 'With line: the statement line, funding.statement_line.';
comment on column funding.mandate_receipt.cents is 'What of the line is the mandate''s money, in euro cents.';
comment on column funding.mandate_receipt.rest_cents is 'What the line brought above the mandate, in euro cents.';

create index mandate_receipt_of_mandate on funding.mandate_receipt (mandate_id);

create table funding.mandate_cancellation (
    mandate_id uuid not null,
    cents bigint not null,
    deallocated_cents bigint not null,
    reason text not null,
    by_organisation uuid not null,
    at timestamptz not null,
    constraint mandate_cancellation_pk primary key (mandate_id),
    constraint mandate_cancellation_positive check (cents > 0 and deallocated_cents between 0 and cents),
    constraint mandate_cancellation_reason check (btrim(reason) <> ''),
    constraint mandate_cancellation_mandate foreign key (mandate_id) references funding.mandate (id)
);

comment on table funding.mandate_cancellation is 'What of a mandate will not come.';
comment on column funding.mandate_cancellation.cents is 'What will not come, in euro cents.';
comment on column funding.mandate_cancellation.deallocated_cents is 'What had to be taken back from its programme, in euro cents.';
comment on column funding.mandate_cancellation.reason is 'Why, in the words of who cancelled it.';
comment on column funding.mandate_cancellation.by_organisation is 'Who did it: access.organisation.id.';

-- Fees.

create table funding.invoice_seller (
    number integer not null,
    details jsonb not null,
    organisation_id uuid not null,
    at timestamptz not null,
    constraint invoice_seller_pk primary key (number),
    constraint invoice_seller_numbered check (number > 0)
);

comment on table funding.invoice_seller is
    'Who sells, on the operator''s invoices: what the law wants there and nothing else knows. The last row counts; the others say '
    'what was said before.';
comment on column funding.invoice_seller.details is
    '{name, legal_form, address, siret, vat_number, …}: written on paper as it was given, and never searched.';
comment on column funding.invoice_seller.organisation_id is 'Who did it: access.organisation.id.';

create table funding.invoice_buyer (
    sponsor_id uuid not null,
    number integer not null,
    details jsonb not null,
    organisation_id uuid not null,
    at timestamptz not null,
    constraint invoice_buyer_pk primary key (sponsor_id, number),
    constraint invoice_buyer_numbered check (number > 0)
);

comment on table funding.invoice_buyer is
    'Who buys, on the operator''s invoices, by sponsor. The last row of a sponsor counts; the others say what was said before.';
comment on column funding.invoice_buyer.sponsor_id is 'The sponsor that is invoiced: access.organisation.id.';
comment on column funding.invoice_buyer.details is
    '{name, address, siret, vat_number, public, …}: written on paper as it was given, and never searched.';
comment on column funding.invoice_buyer.organisation_id is 'Who did it: access.organisation.id.';

create table funding.fee (
    id uuid not null,
    programme_id uuid not null,
    batch_id uuid not null,
    sponsor_id uuid not null,
    service_code text,
    engagement text,
    year integer not null,
    sequence integer not null,
    number text not null,
    face_value_cents bigint not null,
    fee_rate numeric(9, 8) not null,
    net_cents bigint not null,
    vat_rate numeric(9, 8) not null,
    vat_cents bigint not null,
    invoiced_on date not null,
    at timestamptz not null,
    pdf bytea not null,
    sha256 bytea not null,
    constraint fee_pk primary key (id),
    constraint fee_order check (btrim(service_code) <> '' and btrim(engagement) <> ''),
    -- CGI, annexe II, art. 242 nonies A: one number an invoice, in a sequence without gap.
    constraint fee_sequence_unique unique (year, sequence),
    constraint fee_number_unique unique (number),
    constraint fee_number_said check (number = format('F-%s-%s', year, lpad(sequence::text, 5, '0'))),
    constraint fee_digest check (sha256 = sha256(pdf)),
    constraint fee_amounts check (face_value_cents > 0 and net_cents > 0 and vat_cents >= 0 and sequence >= 1)
);

comment on table funding.fee is
    'The operator''s own fee (rémunération) for a batch: an invoice with a number of its own, and the document that bears it. No '
    'account of the fund knows of it. How it stands is in funding.fee_state.';
comment on column funding.fee.programme_id is 'The programme: catalogue.programme.id.';
comment on column funding.fee.batch_id is 'The batch: issuer.batch.id in the programme.';
comment on column funding.fee.sponsor_id is 'Who is invoiced: access.organisation.id.';
comment on column funding.fee.service_code is 'Service of a public buyer''s order, when it gave one (Chorus Pro asks for it).';
comment on column funding.fee.engagement is 'Number of a public buyer''s order, when it gave one (Chorus Pro asks for it).';
comment on column funding.fee.sequence is 'From 1 in each year, without gaps.';
comment on column funding.fee.number is 'Number of the invoice, with its year and sequence.';
comment on column funding.fee.face_value_cents is 'Face value of the batch, in euro cents.';
comment on column funding.fee.fee_rate is 'Part of the face value that is the fee: 0.05 is 5 %.';
comment on column funding.fee.net_cents is 'The fee before VAT, in euro cents.';
comment on column funding.fee.vat_rate is 'VAT, as a part of the fee: 0.2 is 20 %.';
comment on column funding.fee.vat_cents is 'VAT on the fee, in euro cents.';
comment on column funding.fee.pdf is 'The invoice as it was issued: whatever changes later, the same bytes are served.';
comment on column funding.fee.sha256 is 'SHA-256 of pdf.';

-- Not unique: a batch whose invoice was credited whole may be invoiced again. Numbers are drawn under one lock, which looks at this.
create index fee_of_batch on funding.fee (programme_id, batch_id);

create table funding.fee_payment (
    id uuid not null,
    fee_id uuid not null,
    cents bigint not null,
    paid_on date not null,
    reference text,
    organisation_id uuid not null,
    at timestamptz not null,
    constraint fee_payment_pk primary key (id),
    constraint fee_payment_moves check (cents <> 0),
    constraint fee_payment_reference check (btrim(reference) <> ''),
    constraint fee_payment_fee foreign key (fee_id) references funding.fee (id)
);

comment on table funding.fee_payment is
    'What the operator says was paid of an invoice, on the account of its own that the invoice names. No statement of the fund''s account '
    'shows it.';
comment on column funding.fee_payment.cents is 'In euro cents; below zero: taken back, because it was given back or written by mistake.';
comment on column funding.fee_payment.paid_on is 'The bank''s day (Europe/Paris).';
comment on column funding.fee_payment.reference is 'By which the payment is found on the operator''s own statement, if it has one.';
comment on column funding.fee_payment.organisation_id is 'Who said so: access.organisation.id.';

create index fee_payment_of_fee on funding.fee_payment (fee_id);

create table funding.credit_note (
    id uuid not null,
    fee_id uuid not null,
    year integer not null,
    sequence integer not null,
    number text not null,
    reason text not null,
    net_cents bigint not null,
    vat_cents bigint not null,
    credited_on date not null,
    at timestamptz not null,
    pdf bytea not null,
    sha256 bytea not null,
    constraint credit_note_pk primary key (id),
    constraint credit_note_sequence_unique unique (year, sequence),
    constraint credit_note_number_unique unique (number),
    constraint credit_note_number_said check (number = format('A-%s-%s', year, lpad(sequence::text, 5, '0'))),
    constraint credit_note_digest check (sha256 = sha256(pdf)),
    constraint credit_note_amounts check (net_cents > 0 and vat_cents >= 0 and sequence >= 1),
    constraint credit_note_reason check (btrim(reason) <> ''),
    constraint credit_note_fee foreign key (fee_id) references funding.fee (id)
);

comment on table funding.credit_note is 'Credit notes (avoirs): what is taken off an invoice, with a number of their own.';
comment on column funding.credit_note.sequence is 'From 1 in each year, without gaps.';
comment on column funding.credit_note.reason is 'Why, as it is printed.';
comment on column funding.credit_note.net_cents is 'What is taken off before VAT, in euro cents.';
comment on column funding.credit_note.vat_cents is 'VAT that is taken off, in euro cents.';
comment on column funding.credit_note.pdf is 'The credit note as it was issued: the same bytes are served ever after.';
comment on column funding.credit_note.sha256 is 'SHA-256 of pdf.';

create index credit_note_of_fee on funding.credit_note (fee_id);

create table funding.credit_note_line (
    credit_note_id uuid not null,
    line integer not null,
    label text not null,
    net_cents bigint not null,
    constraint credit_note_line_pk primary key (credit_note_id, line),
    constraint credit_note_line_positive check (line >= 1 and net_cents > 0),
    constraint credit_note_line_label check (btrim(label) <> ''),
    constraint credit_note_line_note foreign key (credit_note_id) references funding.credit_note (id)
);

comment on table funding.credit_note_line is 'What a credit note takes off, line by line; their sum is its amount before VAT.';
comment on column funding.credit_note_line.label is 'As it is printed.';
comment on column funding.credit_note_line.net_cents is 'Before VAT, in euro cents.';

-- Payments.

-- The rule in force is the last one that needs no confirmation, or has it: whoever lets more pass without a second look
-- needs a second look for that.
create table funding.payment_rule (
    number integer not null,
    approval_above_cents bigint,
    delay_days integer not null,
    may_advance boolean not null default false,
    needs_confirmation boolean not null,
    set_by uuid not null,
    set_at timestamptz not null,
    constraint payment_rule_pk primary key (number),
    constraint payment_rule_number check (number >= 1),
    constraint payment_rule_amount check (approval_above_cents >= 0),
    constraint payment_rule_delay check (delay_days between 1 and 365),
    constraint payment_rule_setter_unique unique (number, set_by)
);

comment on table funding.payment_rule is
    'Above which amount a second person looks at money that leaves, and what the fund promises to structures.';
comment on column funding.payment_rule.approval_above_cents is
    'A settlement or refund above it, in euro cents, is approved by a second person. Null: never asked. Zero: always.';
comment on column funding.payment_rule.delay_days is
    'A structure is paid at most so many days after the end of the month of its claim.';
comment on column funding.payment_rule.may_advance is
    'Whether a claim is paid although the money of a funder of it is awaited: from what the others paid. Otherwise it is held '
    'until a mandate has become cash; and never is more paid than the bank account holds.';
comment on column funding.payment_rule.needs_confirmation is
    'Whether it lets more pass than the rule before: then it is in force once another person has confirmed it.';
comment on column funding.payment_rule.set_by is 'Who set it: access.api_key.id, that is one person, or one machine.';

create table funding.payment_rule_confirmation (
    number integer not null,
    set_by uuid not null,
    by_key uuid not null,
    at timestamptz not null,
    constraint payment_rule_confirmation_pk primary key (number),
    constraint payment_rule_confirmation_rule foreign key (number, set_by) references funding.payment_rule (number, set_by),
    constraint payment_rule_four_eyes check (by_key <> set_by)
);

comment on table funding.payment_rule_confirmation is 'The second look at a rule that lets more pass.';
comment on column funding.payment_rule_confirmation.set_by is 'Who set the rule, as there: confirmed by another.';
comment on column funding.payment_rule_confirmation.by_key is 'Who confirmed it: access.api_key.id.';

create table funding.settlement (
    id uuid not null,
    month date not null,
    execute_on date not null,
    message_id text not null,
    at timestamptz not null,
    constraint settlement_pk primary key (id),
    constraint settlement_month_is_first_day check (extract(day from month) = 1),
    constraint settlement_message_unique unique (message_id)
);

comment on table funding.settlement is
    'A settlement (contre-paiement): the monthly payment of claims, one transfer a structure, in one payment file.';
comment on column funding.settlement.month is 'The month whose claims it pays: its first day.';
comment on column funding.settlement.message_id is 'Name of the payment file (pain.001, MsgId).';

create table funding.refund (
    id uuid not null,
    funder_id uuid not null,
    programme_id uuid,
    cents bigint not null,
    unspent_cents bigint not null default 0,
    method text not null,
    execute_on date not null,
    message_id text not null,
    at timestamptz not null,
    constraint refund_pk primary key (id),
    constraint refund_positive check (cents > 0),
    constraint refund_unspent_part check (unspent_cents between 0 and cents),
    constraint refund_method_known check (method in ('bank', 'credit')),
    constraint refund_of_free_money check (programme_id is not null or (method = 'bank' and unspent_cents = 0)),
    constraint refund_message_unique unique (message_id),
    constraint refund_funder foreign key (funder_id) references funding.funder (id)
);

comment on table funding.refund is 'A refund (remboursement): value given back to a funder, by bank or as a credit.';
comment on column funding.refund.programme_id is
    'Out of which programme: catalogue.programme.id. Null: out of the free money of the funder.';
comment on column funding.refund.cents is 'How much, in euro cents.';
comment on column funding.refund.unspent_cents is 'Of cents: allocated to the programme and never put behind a batch.';
comment on column funding.refund.method is
    'bank: a transfer to the funder''s account; credit: into its free money, for any programme.';
comment on column funding.refund.message_id is 'Name of the payment file (pain.001, MsgId).';

create table funding.payment_proposal (
    order_id uuid not null,
    settlement_id uuid,
    refund_id uuid,
    cents bigint not null,
    above_cents bigint not null,
    proposed_by uuid not null,
    at timestamptz not null,
    constraint payment_proposal_pk primary key (order_id),
    constraint payment_proposal_of_one check (
        num_nonnulls(settlement_id, refund_id) = 1 and order_id = coalesce(settlement_id, refund_id)),
    constraint payment_proposal_above check (cents > above_cents),
    constraint payment_proposal_proposer_unique unique (order_id, proposed_by),
    constraint payment_proposal_settlement foreign key (settlement_id) references funding.settlement (id),
    constraint payment_proposal_refund foreign key (refund_id) references funding.refund (id)
);

comment on table funding.payment_proposal is
    'A payment order (a settlement or a refund) above the amount in force when it was made, which waits for a second person. An '
    'order that is not here needs nobody.';
comment on column funding.payment_proposal.order_id is 'The settlement or the refund.';
comment on column funding.payment_proposal.cents is 'Amount of the order, in euro cents.';
comment on column funding.payment_proposal.above_cents is
    'The amount above which a second person looks, in euro cents, as it was in force.';
comment on column funding.payment_proposal.proposed_by is 'Who proposed it: access.api_key.id.';

create table funding.payment_decision (
    order_id uuid not null,
    proposed_by uuid not null,
    decision text not null,
    reason text,
    by_key uuid not null,
    at timestamptz not null,
    constraint payment_decision_pk primary key (order_id),
    constraint payment_decision_known check (decision in ('approved', 'rejected')),
    constraint payment_decision_reason check ((decision = 'rejected') = (reason is not null)),
    constraint payment_decision_four_eyes check (decision = 'rejected' or by_key <> proposed_by),
    constraint payment_decision_proposal foreign key (order_id, proposed_by)
        references funding.payment_proposal (order_id, proposed_by)
);

comment on table funding.payment_decision is
    'The approval (accord) of a payment order, or its rejection. Decided once. Whoever proposed may still withdraw.';
comment on column funding.payment_decision.proposed_by is 'Who proposed the order, as there: approved by another.';
comment on column funding.payment_decision.decision is
    'approved: the payment file goes to the bank; rejected: its payments go back to what they paid.';
comment on column funding.payment_decision.reason is 'Why it was rejected. Null: it was approved.';
comment on column funding.payment_decision.by_key is 'Who decided: access.api_key.id.';

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
    constraint payment_of_one_file check ((settlement_id is null) <> (refund_id is null)),
    constraint payment_end_to_end_unique unique (end_to_end),
    constraint payment_positive check (cents > 0),
    constraint payment_settlement foreign key (settlement_id) references funding.settlement (id),
    constraint payment_refund foreign key (refund_id) references funding.refund (id)
);

comment on table funding.payment is
    'A payment (virement): one transfer, to a structure (from a settlement) or back to a funder (a refund). How it stands is in '
    'funding.payment_state.';
comment on column funding.payment.party_id is 'To whom: redemption.structure.id of a settlement, funding.funder.id of a refund.';
comment on column funding.payment.end_to_end is 'The payment''s id as 32 hexadecimal digits: what the bank gives back.';
comment on column funding.payment.cents is 'How much, in euro cents: of a settlement, the sum of its lines.';

create unique index payment_one_a_structure on funding.payment (settlement_id, party_id) where settlement_id is not null;
create unique index payment_one_a_refund on funding.payment (refund_id) where refund_id is not null;
-- The last payment to somebody: did it come back, and from which account?
create index payment_party on funding.payment (party_id, at);

create table funding.settlement_line (
    book_id uuid not null,
    claim_id uuid not null,
    payment_id uuid not null,
    structure_id uuid not null,
    cents bigint not null,
    constraint settlement_line_pk primary key (book_id, claim_id, payment_id),
    constraint settlement_line_moves_money check (cents <> 0)
);

comment on table funding.settlement_line is
    'Settlement lines and deductions (lignes de contre-paiement, déductions): which claims a payment covers, the evidence behind '
    '"paid". A claim that was reversed after it was paid is a negative line of the next payment, so that a payment is always the '
    'sum of its lines.';
comment on column funding.settlement_line.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column funding.settlement_line.claim_id is 'The claim: redemption.claim.id in the book.';
comment on column funding.settlement_line.payment_id is
    'The payment: funding.payment.id. No foreign key: this table is distributed, that one is not.';
comment on column funding.settlement_line.structure_id is 'Who claimed and is paid: redemption.structure.id.';
comment on column funding.settlement_line.cents is
    'What the payment covers of the claim, in euro cents; negative where it takes it back.';

create index settlement_line_payment on funding.settlement_line (payment_id, book_id);

create table funding.hold (
    settlement_id uuid not null,
    structure_id uuid not null,
    reason text not null,
    cents bigint not null,
    constraint hold_pk primary key (settlement_id, structure_id, reason),
    constraint hold_reason_known check (
        reason in ('no_bank_details', 'returned_by_bank', 'deductions', 'money_awaited', 'bank_short', 'evidence')),
    constraint hold_settlement foreign key (settlement_id) references funding.settlement (id)
);

comment on table funding.hold is 'A hold (mise en attente): who was not paid in a settlement, and why. Held, not lost.';
comment on column funding.hold.structure_id is 'The structure: redemption.structure.id.';
comment on column funding.hold.reason is
    'no_bank_details: none are known; returned_by_bank: the last payment came back; deductions: it owes as much as it is owed; '
    'money_awaited: a funder''s mandate has not become cash; bank_short: the bank account holds less; '
    'evidence: nothing proves that the vouchers were presented.';
comment on column funding.hold.cents is 'How much, in euro cents.';

-- What is held of a structure, and since when: as it sees its money.
create index hold_structure on funding.hold (structure_id);

create table funding.hold_awaits (
    settlement_id uuid not null,
    structure_id uuid not null,
    reason text not null,
    funder_id uuid not null,
    cents bigint not null,
    mandate_id uuid,
    constraint hold_awaits_pk primary key (settlement_id, structure_id, funder_id),
    constraint hold_awaits_reason check (reason = 'money_awaited'),
    constraint hold_awaits_positive check (cents > 0),
    constraint hold_awaits_hold foreign key (settlement_id, structure_id, reason)
        references funding.hold (settlement_id, structure_id, reason),
    constraint hold_awaits_funder foreign key (funder_id) references funding.funder (id),
    constraint hold_awaits_mandate foreign key (mandate_id) references funding.mandate (id)
);

comment on table funding.hold_awaits is
    'Whose money a hold waits for: a funder''s shares of the claims held, and the oldest of its mandates that was awaited.';
comment on column funding.hold_awaits.structure_id is 'The structure that is held.';
comment on column funding.hold_awaits.reason is 'money_awaited: the only kind of hold that waits for a funder.';
comment on column funding.hold_awaits.cents is 'The funder''s shares of the claims held, in euro cents.';

create table funding.payment_report_file (
    sha256 bytea not null,
    raw bytea not null,
    loaded_at timestamptz not null,
    constraint payment_report_file_pk primary key (sha256)
);

comment on table funding.payment_report_file is 'A file of one or more reports on payment files, as it came from the bank.';
comment on column funding.payment_report_file.sha256 is 'SHA-256 of raw.';
comment on column funding.payment_report_file.raw is 'The file as it came: pain.002.';

create table funding.payment_report (
    id uuid not null,
    sha256 bytea not null,
    part integer not null,
    identification text not null,
    original_message_id text not null,
    created_at timestamptz,
    original_created_at timestamptz,
    loaded_at timestamptz not null,
    constraint payment_report_pk primary key (id),
    -- The same report in other bytes is known by what it says: banks use their identifiers again.
    constraint payment_report_loaded_once unique (sha256, part),
    constraint payment_report_part check (part >= 1),
    constraint payment_report_of_file foreign key (sha256) references funding.payment_report_file (sha256)
);

comment on table funding.payment_report is
    'What the bank says of a payment file before any debit (pain.002), as it was loaded, once.';
comment on column funding.payment_report.sha256 is 'In which file it came: funding.payment_report_file.';
comment on column funding.payment_report.part is 'Its place in that file, from 1.';
comment on column funding.payment_report.identification is
    'The bank''s own name of the report, from the file; the bank may use it again for another.';
comment on column funding.payment_report.original_message_id is
    'Which payment file it is about: message_id of funding.settlement or funding.refund.';
comment on column funding.payment_report.created_at is 'As the bank dates its report; in Paris time where it names no zone.';
comment on column funding.payment_report.original_created_at is 'As the bank says that the payment file was dated.';

create table funding.payment_report_line (
    report_id uuid not null,
    line integer not null,
    end_to_end text,
    status text,
    reason text,
    own_reason boolean,
    accepted_at timestamptz,
    payment_id uuid,
    outcome text not null,
    constraint payment_report_line_pk primary key (report_id, line),
    constraint payment_report_line_outcome_known
        check (outcome in ('recorded', 'rejected', 'unknown', 'amount_differs', 'too_late')),
    constraint payment_report_line_report foreign key (report_id) references funding.payment_report (id),
    constraint payment_report_line_payment foreign key (payment_id) references funding.payment (id)
);

comment on table funding.payment_report_line is 'What a report says of one payment, and what was done about it.';
comment on column funding.payment_report_line.end_to_end is 'The end-to-end id that the bank names: funding.payment.end_to_end.';
comment on column funding.payment_report_line.status is
    'The bank''s ISO 20022 code, of the payment or else of its file: ACSC, RJCT and others.';
comment on column funding.payment_report_line.reason is 'Why it was rejected: the bank''s ISO 20022 code.';
comment on column funding.payment_report_line.own_reason is
    'Whether the bank gave its reason to the payment itself, or to the whole file: only the former may speak of the payee''s '
    'account.';
comment on column funding.payment_report_line.accepted_at is 'When the bank took the payment into execution, where it says so.';
comment on column funding.payment_report_line.outcome is
    'recorded: nothing to do; rejected: went back; unknown, amount_differs, too_late (already debited): for a person.';

create index payment_report_line_payment on funding.payment_report_line (payment_id);

create table funding.payment_answer (
    payment_id uuid not null,
    answer text not null,
    reason text,
    statement_id uuid,
    report_id uuid,
    line integer,
    decided_order_id uuid,
    at timestamptz not null,
    constraint payment_answer_pk primary key (payment_id, answer),
    constraint payment_answer_known check (answer in ('debited', 'returned', 'rejected')),
    -- The line of a statement, or of a report, or a decision, and never two of them.
    constraint payment_answer_evidence check (
        num_nonnulls(statement_id, report_id, decided_order_id) = 1
        and (line is null) = (decided_order_id is not null)
        and (answer = 'rejected') = (statement_id is null)),
    constraint payment_answer_payment foreign key (payment_id) references funding.payment (id),
    constraint payment_answer_report foreign key (report_id) references funding.payment_report (id),
    constraint payment_answer_decision foreign key (decided_order_id) references funding.payment_decision (order_id)
);

comment on table funding.payment_answer is
    'What became of a payment: it was debited, it came back, or it was rejected, by the bank or by who decided on its order. A '
    'payment without a row is under way.';
comment on column funding.payment_answer.answer is
    'debited: the bank account paid it; returned: it came back after that; rejected: it never left, and went back to what it paid.';
comment on column funding.payment_answer.reason is
    'The bank''s ISO 20022 code, or why the order was rejected. Null: it was debited.';
comment on column funding.payment_answer.statement_id is 'With line, what shows it: a statement line.';
comment on column funding.payment_answer.report_id is 'With line, what shows it: a line of a payment report.';
comment on column funding.payment_answer.decided_order_id is 'What shows it: the order was rejected by a person.';

-- A payment leaves or is rejected, never both.
create unique index payment_answer_leaves_or_not on funding.payment_answer (payment_id)
    where answer in ('debited', 'rejected');

-- Breaks: what the bank and the books do not agree on, until somebody has said why.

create table funding.break (
    id uuid not null,
    kind text not null,
    cents bigint not null,
    statement_id uuid,
    report_id uuid,
    line integer,
    payment_id uuid,
    call_id uuid,
    opened_on date not null,
    constraint break_pk primary key (id),
    constraint break_kind_known
        check (kind in ('missing', 'unexpected', 'amount_differs', 'duplicate', 'late', 'returned')),
    constraint break_shows_somewhere check (num_nonnulls(statement_id, report_id, payment_id, call_id) = 1),
    constraint break_line_of_file check ((line is null) = (statement_id is null and report_id is null)),
    constraint break_statement_line_once unique (statement_id, line),
    constraint break_report_line_once unique (report_id, line),
    constraint break_payment_once unique (payment_id),
    constraint break_call_once unique (call_id),
    constraint break_statement_line foreign key (statement_id, line) references funding.statement_line (statement_id, line),
    constraint break_report_line foreign key (report_id, line) references funding.payment_report_line (report_id, line),
    constraint break_payment foreign key (payment_id) references funding.payment (id),
    constraint break_call foreign key (call_id) references funding.call (id)
);

comment on table funding.break is
    'A break (écart): a line that matches nothing, or something that no line shows, until somebody has said why.';
comment on column funding.break.kind is
    'missing: a payment that the bank does not show; unexpected: a line that matches nothing; amount_differs; duplicate: answered '
    'twice; late: a call that is not paid; returned: a transfer of which nothing is known came back.';
comment on column funding.break.cents is 'In euro cents, signed: positive is money in, or expected in.';
comment on column funding.break.statement_id is
    'With line, where it shows: a statement line. Of statement_id, report_id, payment_id and call_id one is given.';
comment on column funding.break.report_id is 'With line, where it shows: a line of a payment report.';
comment on column funding.break.payment_id is 'A payment that no line shows.';
comment on column funding.break.call_id is 'A call for funds that is not paid.';

create index break_opened on funding.break (opened_on, id);

create table funding.break_step (
    break_id uuid not null,
    number integer not null,
    state text not null,
    owner text,
    why text not null,
    organisation_id uuid not null,
    at timestamptz not null,
    constraint break_step_pk primary key (break_id, number),
    constraint break_step_state_known check (state in ('open', 'explained', 'closed')),
    constraint break_step_why check (why <> ''),
    constraint break_step_break foreign key (break_id) references funding.break (id)
);

comment on table funding.break_step is 'The life of a break; the last step says how it stands.';
comment on column funding.break_step.number is 'From 1 in each break.';
comment on column funding.break_step.state is
    'open: nobody has said why; explained: somebody has, and it is not settled; closed: it is.';
comment on column funding.break_step.owner is 'Who looks into it, in the operator''s words. Null: nobody.';
comment on column funding.break_step.why is 'What was said.';
comment on column funding.break_step.organisation_id is 'Who did it: access.organisation.id.';

create table funding.explanation (
    id uuid not null,
    why text not null,
    at timestamptz not null,
    constraint explanation_pk primary key (id),
    constraint explanation_why check (why <> '')
);

comment on table funding.explanation is
    'What a person said that lines were which no rule knew: some lines together are some parts together, and the sums agree.';
comment on column funding.explanation.why is 'What was said.';

create table funding.explained_line (
    statement_id uuid not null,
    line integer not null,
    explanation_id uuid not null,
    constraint explained_line_pk primary key (statement_id, line),
    constraint explained_line_line foreign key (statement_id, line) references funding.statement_line (statement_id, line),
    constraint explained_line_explanation foreign key (explanation_id) references funding.explanation (id)
);

comment on table funding.explained_line is 'A line that an explanation is of. Each line is explained once.';
comment on column funding.explained_line.statement_id is 'With line: the statement line, funding.statement_line.';

create index explained_line_of on funding.explained_line (explanation_id);

create table funding.explanation_part (
    explanation_id uuid not null,
    part integer not null,
    what text not null,
    cents bigint not null,
    funder_id uuid,
    call_id uuid,
    mandate_id uuid,
    payment_id uuid,
    reference text not null,
    constraint explanation_part_pk primary key (explanation_id, part),
    constraint explanation_part_what_known
        check (what in ('contribution', 'call', 'mandate', 'bank_charge', 'payment', 'returned')),
    constraint explanation_part_moves_money check (cents <> 0),
    constraint explanation_part_of_whom
        check ((what = 'contribution') = (funder_id is not null) and (what = 'call') = (call_id is not null)
            and (what = 'mandate') = (mandate_id is not null)
            and (what in ('payment', 'returned')) = (payment_id is not null)),
    constraint explanation_part_payment_once unique (payment_id, what),
    constraint explanation_part_reference_unique unique (reference, what),
    constraint explanation_part_explanation foreign key (explanation_id) references funding.explanation (id),
    constraint explanation_part_funder foreign key (funder_id) references funding.funder (id),
    constraint explanation_part_call foreign key (call_id) references funding.call (id),
    constraint explanation_part_mandate foreign key (mandate_id) references funding.mandate (id),
    constraint explanation_part_payment foreign key (payment_id) references funding.payment (id)
);

comment on table funding.explanation_part is
    'A part of an explanation: what some of the money was. Its transfers bear its reference. A payment is named once by what '
    'leaves and once by what comes back.';
comment on column funding.explanation_part.what is
    'What the money was: contribution (of a funder), call, mandate, bank_charge, payment (that was debited), returned (a payment '
    'came back).';
comment on column funding.explanation_part.cents is 'In euro cents, signed: positive is money in.';

create index explanation_part_call on funding.explanation_part (call_id) where call_id is not null;

create table funding.tolerance (
    number integer not null,
    cents bigint not null,
    why text not null,
    organisation_id uuid not null,
    at timestamptz not null,
    constraint tolerance_pk primary key (number),
    constraint tolerance_numbered check (number > 0),
    constraint tolerance_small check (cents between 0 and 500),
    constraint tolerance_why check (why <> '')
);

comment on table funding.tolerance is
    'What the operator lets a bank take beyond a payment, booked as a charge that everybody sees; nothing while no row is here. '
    'The last row counts, the others say what was when.';
comment on column funding.tolerance.cents is 'In euro cents, at most 5 € a payment.';
comment on column funding.tolerance.why is 'Why, in the operator''s words.';
comment on column funding.tolerance.organisation_id is 'Who did it: access.organisation.id.';

-- End of a programme.

create table funding.true_up (
    programme_id uuid not null,
    number integer not null,
    id uuid not null,
    computation jsonb not null,
    by_organisation uuid not null,
    at timestamptz not null,
    constraint true_up_pk primary key (programme_id, number),
    constraint true_up_number check (number >= 1),
    constraint true_up_id_unique unique (id)
);

comment on table funding.true_up is
    'A true-up (régularisation) at the end of a programme: what its funders owe one another once it is known what was used. A '
    'claim that is reversed later changes what was used: a further true-up settles the difference, and only that.';
comment on column funding.true_up.programme_id is 'The programme: catalogue.programme.id.';
comment on column funding.true_up.number is 'From 1 in each programme, without gaps: each settles what differs from those before.';
comment on column funding.true_up.computation is
    'The whole computation, so that anybody can do it again: {steps, parts, payments}, amounts as "40.00".';
comment on column funding.true_up.by_organisation is 'Who did it: access.organisation.id.';

create table funding.true_up_payment (
    programme_id uuid not null,
    number integer not null,
    from_funder uuid not null,
    to_funder uuid not null,
    cents bigint not null,
    constraint true_up_payment_pk primary key (programme_id, number, from_funder, to_funder),
    constraint true_up_payment_between_two check (from_funder <> to_funder),
    constraint true_up_payment_positive check (cents > 0),
    constraint true_up_payment_true_up foreign key (programme_id, number) references funding.true_up (programme_id, number)
);

comment on table funding.true_up_payment is 'Who pays whom in a true-up, out of what both have in the programme.';
comment on column funding.true_up_payment.from_funder is 'Who pays: funding.funder.id.';
comment on column funding.true_up_payment.to_funder is 'Who gets it: funding.funder.id.';
comment on column funding.true_up_payment.cents is 'How much, in euro cents.';

create table funding.expiry_statement (
    programme_id uuid not null,
    issued_at timestamptz not null,
    due_on date not null,
    late boolean not null,
    contest_until date not null,
    data bytea not null,
    data_sha256 bytea not null,
    csv bytea not null,
    csv_sha256 bytea not null,
    pdf bytea not null,
    pdf_sha256 bytea not null,
    constraint expiry_statement_pk primary key (programme_id),
    constraint expiry_statement_digests
        check (data_sha256 = sha256(data) and csv_sha256 = sha256(csv) and pdf_sha256 = sha256(pdf))
);

comment on table funding.expiry_statement is
    'The adversarial statement (état contradictoire) of a programme''s end: the files as they were issued, once. It is never '
    'written again.';
comment on column funding.expiry_statement.programme_id is 'The programme: catalogue.programme.id.';
comment on column funding.expiry_statement.late is 'Issued on a later day than it should have been.';
comment on column funding.expiry_statement.data is
    'Canonical JSON (RFC 8785), as bytes, since jsonb would not keep them: {format: "ccn-etat-contradictoire/1", programme, '
    'contest, steps, funders, batches, total, …}.';
comment on column funding.expiry_statement.data_sha256 is 'SHA-256 of data.';
comment on column funding.expiry_statement.csv is 'The same figures as a table.';
comment on column funding.expiry_statement.csv_sha256 is 'SHA-256 of csv.';
comment on column funding.expiry_statement.pdf is 'The same on paper. Signed; it names the digests of the two others.';
comment on column funding.expiry_statement.pdf_sha256 is 'SHA-256 of pdf.';

create table funding.expiry_party (
    programme_id uuid not null,
    organisation_id uuid not null,
    funds boolean not null,
    constraint expiry_party_pk primary key (programme_id, organisation_id),
    constraint expiry_party_statement foreign key (programme_id) references funding.expiry_statement (programme_id)
);

comment on table funding.expiry_party is
    'Who may contest a statement: the sponsor and the funders that it names; a funder also chooses what becomes of its part.';
comment on column funding.expiry_party.organisation_id is 'The sponsor or the funder: access.organisation.id.';
comment on column funding.expiry_party.funds is 'Whether it is a funder.';

create table funding.expiry_response (
    programme_id uuid not null,
    id uuid not null,
    organisation_id uuid not null,
    answer text not null,
    reasons text,
    at timestamptz not null,
    constraint expiry_response_pk primary key (programme_id, id),
    constraint expiry_response_answer_known check (answer in ('accepted', 'contested')),
    constraint expiry_response_contested_with_reasons check (answer <> 'contested' or btrim(coalesce(reasons, '')) <> ''),
    constraint expiry_response_party foreign key (programme_id, organisation_id)
        references funding.expiry_party (programme_id, organisation_id)
);

comment on table funding.expiry_response is
    'What was answered to a statement. All answers are kept; the last one of each party counts.';
comment on column funding.expiry_response.organisation_id is 'Who did it: access.organisation.id.';
comment on column funding.expiry_response.answer is 'accepted or contested.';
comment on column funding.expiry_response.reasons is 'Why it is contested, in the party''s words.';

create table funding.expiry_choice (
    programme_id uuid not null,
    id uuid not null,
    funder_id uuid not null,
    method text not null,
    at timestamptz not null,
    constraint expiry_choice_pk primary key (programme_id, id),
    constraint expiry_choice_method_known check (method in ('credit', 'bank')),
    constraint expiry_choice_statement foreign key (programme_id) references funding.expiry_statement (programme_id),
    constraint expiry_choice_funder foreign key (funder_id) references funding.funder (id)
);

comment on table funding.expiry_choice is
    'What a funder chose for its unused value. All choices are kept; the last one of each funder counts.';
comment on column funding.expiry_choice.method is 'credit: it stays in the fund for the funder; bank: a transfer to the funder.';

create table funding.unused_value_refund (
    programme_id uuid not null,
    funder_id uuid not null,
    round integer not null,
    method text not null,
    chosen_by text not null,
    cents bigint not null,
    unspent_cents bigint not null default 0,
    refund_id uuid,
    by_organisation uuid,
    override_reason text,
    at timestamptz not null,
    constraint unused_value_refund_pk primary key (programme_id, funder_id, round),
    constraint unused_value_refund_round check (round = 1 or (round > 1 and cents > 0)),
    constraint unused_value_refund_method_known check (method in ('credit', 'bank')),
    constraint unused_value_refund_chosen_by_known check (chosen_by in ('funder', 'sponsor', 'default')),
    constraint unused_value_refund_unspent_part check (unspent_cents between 0 and cents),
    constraint unused_value_refund_by_refund check (cents >= 0 and (refund_id is null) = (cents = 0)),
    constraint unused_value_refund_override_by_somebody check (override_reason is null or by_organisation is not null),
    constraint unused_value_refund_statement foreign key (programme_id) references funding.expiry_statement (programme_id),
    constraint unused_value_refund_funder foreign key (funder_id) references funding.funder (id),
    constraint unused_value_refund_refund foreign key (refund_id) references funding.refund (id)
);

comment on table funding.unused_value_refund is
    'Unused value that was given back because of a statement, once a funder and round. Money that never stood behind a batch goes '
    'back with it; and so does what comes back later, when a claim is reversed after a funder was served.';
comment on column funding.unused_value_refund.round is 'From 1 for each funder; a further one gives back what came since.';
comment on column funding.unused_value_refund.method is 'credit: into the funder''s free money; bank: a transfer to the funder.';
comment on column funding.unused_value_refund.chosen_by is
    'Who chose the method: the funder, the sponsor (in the programme''s settings), or nobody (default).';
comment on column funding.unused_value_refund.cents is
    'How much, in euro cents. Zero: nothing was left, since a refund came before.';
comment on column funding.unused_value_refund.unspent_cents is 'Of cents: allocated to the programme and never put behind a batch.';
comment on column funding.unused_value_refund.by_organisation is 'Who did it: access.organisation.id. Absent when the clock did it.';
comment on column funding.unused_value_refund.override_reason is 'Why, although the statement was contested.';

-- Controls.

create table funding.reconciliation (
    id uuid not null,
    number integer not null,
    at timestamptz not null,
    occasion text not null,
    organisation_id uuid,
    night date,
    statements integer not null,
    all_hold boolean not null,
    failing integer not null,
    open_breaks integer not null,
    old_breaks integer not null,
    document bytea not null,
    sha256 bytea not null,
    signature text not null,
    constraint reconciliation_pk primary key (id),
    constraint reconciliation_number_unique unique (number),
    constraint reconciliation_numbered check (number > 0),
    constraint reconciliation_occasion_known check (occasion in ('request', 'night', 'command')),
    constraint reconciliation_of_whom
        check ((occasion = 'request') = (organisation_id is not null) and (occasion = 'night') = (night is not null)),
    -- Several instances may try: one of them runs a night.
    constraint reconciliation_night_once unique (night),
    constraint reconciliation_verdict check (all_hold = (failing = 0) and old_breaks <= open_breaks),
    constraint reconciliation_digest check (sha256 = sha256(document))
);

comment on table funding.reconciliation is
    'A reconciliation run: what was compared, every invariant of the books with both sides, every break, signed. A run names the '
    'one before by its digest, so that none can be taken out unseen.';
comment on column funding.reconciliation.number is 'From 1, without gaps.';
comment on column funding.reconciliation.occasion is
    'Why it was run. request: an organisation asked for it; night: the nightly run; command: by the command line.';
comment on column funding.reconciliation.organisation_id is
    'Who asked for it: access.organisation.id. Null: nobody, it was the night''s or a command''s.';
comment on column funding.reconciliation.night is 'The night that it is the run of, as a date in Paris.';
comment on column funding.reconciliation.statements is
    'Position of the last statement that it covers; the next run lists those after it.';
comment on column funding.reconciliation.all_hold is 'Whether all invariants hold.';
comment on column funding.reconciliation.failing is 'How many do not.';
comment on column funding.reconciliation.open_breaks is 'Breaks that are not closed.';
comment on column funding.reconciliation.old_breaks is 'Of these, those older than they may be.';
comment on column funding.reconciliation.document is
    'Canonical JSON (RFC 8785), kept as it was signed: {format: "ccn-reconciliation/1", number, previous, verdict, invariants, '
    'breaks, statements, ledger, …}.';
comment on column funding.reconciliation.sha256 is 'SHA-256 of document.';
comment on column funding.reconciliation.signature is
    'Signature lines of a C2SP signed note whose text is the document and a newline.';

-- Reports.

-- A structure's id is made from its public SIRET: whoever has the national register finds it again. The secret stands here and not with
-- the keys: whoever reads this table reads the structures' names beside it.
create table funding.pseudonym_secret (
    number integer not null,
    secret bytea not null,
    constraint pseudonym_secret_pk primary key (number),
    constraint pseudonym_secret_alone check (number = 1),
    constraint pseudonym_secret_size check (octet_length(secret) = 32)
);

comment on table funding.pseudonym_secret is
    'What turns a structure into a pseudonym in a funder''s report. One row, saved and restored with the rest, so that a structure '
    'keeps its pseudonym.';
comment on column funding.pseudonym_secret.secret is '32 random bytes: the key of the pseudonyms.';

-- 244 bits of PostgreSQL's strong random source.
insert into funding.pseudonym_secret (number, secret)
values (1, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
