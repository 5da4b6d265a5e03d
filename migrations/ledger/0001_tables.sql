-- The books: accounts whose balance cannot leave its bounds, and transfers that nobody can change.
-- Rows of one programme share `book_id`, first in every key, so that the tables can be distributed by it.

create table ledger.account_kind (
    kind smallint not null,
    name text not null,
    compte_num text not null,
    label text not null,
    side smallint not null,
    constraint account_kind_pk primary key (kind),
    constraint account_kind_name_unique unique (name),
    constraint account_kind_side check (side in (-1, 0, 1))
);

comment on table ledger.account_kind is
    'What an account holds: names and numbers of the chart of accounts. The program''s own list is the same; a test compares.';
comment on column ledger.account_kind.kind is
    'The number that accounts bear; it is in the top 8 bits of ledger.account.number too.';
comment on column ledger.account_kind.name is 'As it is named in exports and leaves.';
comment on column ledger.account_kind.compte_num is 'Number in the French general chart of accounts: the FEC''s CompteNum.';
comment on column ledger.account_kind.label is 'In French, for people.';
comment on column ledger.account_kind.side is 'Normal side, on which the balance grows: 1 credit, -1 debit, 0 either.';

insert into ledger.account_kind (kind, name, compte_num, label, side) values
    (1, 'bank', '512', 'Banque, compte cantonné du fonds', -1),
    (2, 'receivable', '441', 'Mandats publics à recevoir', -1),
    (3, 'deposited', '4670', 'Versements reçus non affectés', 1),
    (4, 'suspense', '471', 'Lignes de relevé à expliquer', 0),
    (5, 'in_transit', '4675', 'Virements en cours', 1),
    (6, 'clearing', '581', 'Virements internes entre livres', 0),
    (7, 'available', '4671', 'Financements affectés disponibles', 1),
    (8, 'reserved', '4672', 'Financements réservés à un lot', 1),
    (9, 'voucher', '4673', 'Chèques en circulation', 1),
    (10, 'payable', '4674', 'Structures à payer', 1),
    (11, 'recoverable', '4679', 'Trop-versé à reprendre', -1),
    (12, 'refundable', '4676', 'Valeur non utilisée due aux financeurs', 1),
    (13, 'charges_owed', '4678', 'Frais bancaires à la charge de l''opérateur', -1);

create table ledger.transfer_kind (
    kind smallint not null,
    name text not null,
    label text not null,
    constraint transfer_kind_pk primary key (kind),
    constraint transfer_kind_name_unique unique (name)
);

comment on table ledger.transfer_kind is
    'Why money moved. The numbers'' tens say which service may post it: 10 to 19 the issuer, 20 to 29 redemption, 30 to 59 funding '
    '(the policies on ledger.transfer). The program''s own list is the same; a test compares.';
comment on column ledger.transfer_kind.kind is 'The number that transfers bear.';
comment on column ledger.transfer_kind.name is 'As it is named in exports and leaves.';
comment on column ledger.transfer_kind.label is 'In French, for people.';

insert into ledger.transfer_kind (kind, name, label) values
    (10, 'batch_funded', 'Lot financé'),
    (11, 'activated', 'Chèque activé'),
    (12, 'revoked', 'Chèque révoqué'),
    (13, 'expired', 'Chèque expiré'),
    (14, 'batch_expired', 'Réserve d''un lot libérée à l''échéance'),
    (15, 'batch_cancelled', 'Lot annulé'),
    (20, 'claimed', 'Encaissement'),
    (21, 'claim_reversed', 'Encaissement annulé'),
    -- Where the value of a voucher that must not be spent again goes when its claim is undone.
    (22, 'reversed_revoked', 'Encaissement annulé d''un chèque révoqué'),
    (23, 'reversed_expired', 'Encaissement annulé d''un chèque expiré'),
    (24, 'reversed_disclosed', 'Encaissement annulé d''un chèque dont la preuve est sortie'),
    (30, 'received', 'Versement reçu'),
    (31, 'mandated', 'Mandat public accepté'),
    (32, 'mandate_received', 'Mandat public encaissé'),
    (33, 'allocated', 'Versement affecté à un dispositif'),
    (34, 'settled', 'Contre-paiement envoyé'),
    (35, 'deducted', 'Trop-versé repris'),
    (36, 'paid', 'Virement débité'),
    (37, 'rejected', 'Virement rejeté ou revenu'),
    (38, 'refunded', 'Valeur non utilisée rendue au financeur'),
    (39, 'refund_sent', 'Remboursement envoyé'),
    (40, 'unexplained', 'Ligne de relevé à expliquer'),
    (41, 'explained', 'Ligne de relevé expliquée'),
    (42, 'true_up', 'Régularisation entre financeurs'),
    (43, 'bank_charge', 'Frais bancaires'),
    -- A mandate that is not honoured.
    (44, 'mandate_cancelled', 'Mandat public annulé'),
    (45, 'deallocated', 'Affectation retirée');

create table ledger.record_kind (
    kind smallint not null,
    name text not null,
    label text not null,
    constraint record_kind_pk primary key (kind),
    constraint record_kind_name_unique unique (name)
);

comment on table ledger.record_kind is 'What a record proves. The program''s own list is the same; a test compares.';
comment on column ledger.record_kind.kind is 'The number that records bear: from 60, never one of a transfer.';
comment on column ledger.record_kind.name is 'As it is named in exports and leaves.';
comment on column ledger.record_kind.label is 'In French, for people.';

insert into ledger.record_kind (kind, name, label) values
    (60, 'settlement_line', 'Encaissement payé par un virement'),
    (61, 'settlement_deduction', 'Encaissement annulé après paiement, déduit d''un virement');

create table ledger.account (
    book_id uuid not null,
    number bigint not null,
    kind smallint not null,
    party uuid,
    batch uuid,
    limit_cents bigint,
    debits_cents bigint not null default 0,
    credits_cents bigint not null default 0,
    nonce bytea,
    commitment bytea,
    constraint account_pk primary key (book_id, number),
    constraint account_kind_in_number check ((number >> 56) = kind),
    constraint account_voucher_limited check ((kind = 9) = (limit_cents is not null) and limit_cents > 0),
    -- What a voucher's paper must open. `is distinct from` for each: a check that comes out null would pass.
    constraint account_voucher_committed check (
        (octet_length(nonce) is not distinct from 16) = (kind = 9) and (octet_length(commitment) is not distinct from 32) = (kind = 9)
        and (kind = 9 or (nonce is null and commitment is null))),
    constraint account_sums_grow check (debits_cents >= 0 and credits_cents >= 0),
    -- No voucher without money behind it, and no voucher spent twice: both are this line. The kinds are those of
    -- ledger.account_kind.side, repeated because a check cannot read another table.
    constraint account_within_bounds check (
        case when kind in (4, 6) then true
             when kind in (1, 2, 11, 13, 15) then debits_cents >= credits_cents
             else credits_cents - debits_cents between 0 and coalesce(limit_cents, 9223372036854775807) end)
);

comment on table ledger.account is
    'An account of a book: a programme''s, or the fund''s own. Both sums only grow; the balance never leaves its bounds. A '
    'spendable voucher is an account that cannot go below zero nor above its face value.';
comment on column ledger.account.book_id is 'The book: catalogue.programme.id, or the fund''s own id.';
comment on column ledger.account.number is
    'Its kind in the top 8 bits. Of a voucher, then 16 zero bits, its series and its place in the series; of any other account, '
    'derived from its kind, party and batch, so that whoever posts knows every number without asking.';
comment on column ledger.account.kind is 'What it holds: ledger.account_kind.';
comment on column ledger.account.party is
    'Whose it is: a funder (funding.funder.id) or a structure (redemption.structure.id), as the kind asks. Null: the book''s own, '
    'or a voucher''s.';
comment on column ledger.account.batch is 'The batch whose money it holds: issuer.batch.id. Null: for every kind but reserved.';
comment on column ledger.account.limit_cents is
    'Most that it may hold, in euro cents: a voucher''s face value. Null: no limit, for every other kind.';
comment on column ledger.account.debits_cents is 'Sum of the transfers that debit it, in euro cents.';
comment on column ledger.account.credits_cents is 'Sum of the transfers that credit it, in euro cents.';
comment on column ledger.account.nonce is 'Of a voucher: 16 random bytes that its commitment is made with. Null: for every other kind.';
comment on column ledger.account.commitment is
    'Of a voucher: SHA-256 over its nonce and its token''s first 22 bytes. A claim is admitted only for the paper that opens it. Null: for every other kind.';

-- A voucher is named by its number; every other account by its kind, party and batch.
create unique index account_name_unique on ledger.account (book_id, kind, party, batch) nulls not distinct
    where kind <> 9;

-- Who keeps something in step with the books (the status lists of redemption) asks for the vouchers touched by transfers of the
-- transactions from some number on: `xact`. It is the transaction's number, written by PostgreSQL itself when the row is inserted,
-- because nothing else has an end that can be known: a sequence or an instant is drawn before the commit, and commits come in
-- another order, so a reader that remembers the highest one it saw misses whoever drew earlier and commits later. Of transaction
-- numbers PostgreSQL tells the lowest one still under way (the snapshot's xmin): all below are finished, for ever.
create table ledger.transfer (
    book_id uuid not null,
    id uuid not null,
    kind smallint not null,
    debit bigint not null,
    credit bigint not null,
    cents bigint not null,
    at timestamptz not null,
    event_id uuid not null,
    reverses uuid,
    reference text not null default '',
    presented smallint,
    evidence bytea,
    xact bigint not null default (pg_current_xact_id()::text::bigint),
    constraint transfer_pk primary key (book_id, id),
    constraint transfer_positive check (cents > 0),
    constraint transfer_two_sides check (debit <> credit),
    -- A claim bears evidence of what was presented, and nothing else does.
    constraint transfer_evidence check (
        (kind = 20) = (presented is not null) and (kind = 20) = (evidence is not null) and presented in (1, 2) and octet_length(evidence) = 32),
    -- PostgreSQL's timestamps know infinity; the log's leaves, and whoever reads them, do not.
    constraint transfer_at_finite check (isfinite(at))
);

comment on table ledger.transfer is
    'A double entry: cents move from the account that is debited to the one that is credited, in one book. Never changed, never '
    'deleted.';
comment on column ledger.transfer.book_id is 'The book: catalogue.programme.id, or the fund''s own id.';
comment on column ledger.transfer.id is 'UUID v5 of what it does, so that doing it again is the same transfer.';
comment on column ledger.transfer.kind is 'Why money moved: ledger.transfer_kind.';
comment on column ledger.transfer.debit is 'The account debited: ledger.account.number.';
comment on column ledger.transfer.credit is 'The account credited: ledger.account.number.';
comment on column ledger.transfer.cents is 'How much, in euro cents; always positive.';
comment on column ledger.transfer.at is 'The instant of what happened; the day on which it is booked is ledger.leaf.booked_on.';
comment on column ledger.transfer.event_id is
    'The event, an id derived from what happened: its legs share it, and were admitted together or not at all. Leaves and exports '
    'call it event.';
comment on column ledger.transfer.reverses is
    'The transfer that this one undoes, once: ledger.transfer.id in the same book. Null: it undoes none.';
comment on column ledger.transfer.reference is
    'What people find it by: a mandate, a statement line, a payment. Empty: nothing to say.';
comment on column ledger.transfer.presented is
    'How the voucher of a claim was presented: 1 its QR code was scanned, 2 its code was typed. Null: no claim.';
comment on column ledger.transfer.evidence is
    'Of a claim: SHA-256 over the claim and what was presented (redemption.claim.evidence, sealed there). Null: no claim.';
comment on column ledger.transfer.xact is
    'Number of the transaction that wrote the row; means something only in the cluster that wrote it.';

-- Each index serves one question, and claims pay for three of them only.
create unique index transfer_reversed_once on ledger.transfer (book_id, reverses) where reverses is not null;
create index transfer_event on ledger.transfer (book_id, event_id);
-- Who paid a voucher (kind 11 is activated); who spent it (kind 20 is claimed).
create index transfer_opening on ledger.transfer (book_id, credit) where kind = 11;
create index transfer_claim on ledger.transfer (book_id, debit) where kind = 20;
-- The invariants ask a dozen questions about these few transfers, each of which would read all that vouchers ever moved. A claim does not
-- touch the index.
create index transfer_of_fund on ledger.transfer (book_id, kind) where kind >= 30;
-- The order in which transfers are sealed, and what changed since a transaction. The whole triple, so that a chunk begins exactly
-- where the last one ended: a batch may have tens of thousands with one number. A btree, although BRIN would be smaller: rows past
-- the last summarised range of a BRIN are read one by one, and that is where both questions look. Numbers only grow, so insertions
-- go to the rightmost page.
create index transfer_sealing on ledger.transfer (xact, book_id, id);

create table ledger.record (
    book_id uuid not null,
    id uuid not null,
    kind smallint not null,
    account bigint not null,
    cents bigint not null,
    at timestamptz not null,
    event_id uuid not null,
    claim_id uuid not null,
    payment_id uuid not null,
    reference text not null default '',
    xact bigint not null default (pg_current_xact_id()::text::bigint),
    constraint record_pk primary key (book_id, id),
    constraint record_positive check (cents > 0),
    constraint record_at_finite check (isfinite(at))
);

comment on table ledger.record is
    'What is proven beside the transfers and moves no money: that a payment covers a claim (paid per funder follows from it). A '
    'record stands on one account, is written in the transaction of what it is about, and is sealed in the same log.';
comment on column ledger.record.book_id is 'The book: catalogue.programme.id.';
comment on column ledger.record.id is 'UUID v5 of (payment, claim) and the kind.';
comment on column ledger.record.kind is 'What it proves: ledger.record_kind.';
comment on column ledger.record.account is 'What the structure was owed on: payable.';
comment on column ledger.record.cents is 'How much of the claim the payment covers, or takes back, in euro cents; always positive.';
comment on column ledger.record.event_id is 'The event whose transfers were booked with it: the payment.';
comment on column ledger.record.claim_id is 'The claim: redemption.claim.id in the same book.';
comment on column ledger.record.payment_id is 'The payment: funding.payment.id.';
comment on column ledger.record.xact is
    'Number of the transaction that wrote the row; means something only in the cluster that wrote it.';

-- Which payment paid a claim; what a payment covers.
create index record_claim on ledger.record (book_id, claim_id);
create index record_event on ledger.record (book_id, event_id);
create index record_sealing on ledger.record (xact, book_id, id);

create table ledger.audit_digest (
    book_id uuid not null,
    id uuid not null,
    digest bytea not null,
    at timestamptz not null,
    xact bigint not null default (pg_current_xact_id()::text::bigint),
    constraint audit_digest_pk primary key (book_id, id),
    constraint audit_digest_is_sha256 check (octet_length(digest) = 32),
    constraint audit_digest_at_finite check (isfinite(at))
);

comment on table ledger.audit_digest is
    'That a line of the audit trail was written, and what it said, as far as the log says it: written in the transaction of the line, sealed '
    'like a transfer, never changed, never deleted. It stays when the line and its salt are erased.';
comment on column ledger.audit_digest.book_id is 'The fund''s own book.';
comment on column ledger.audit_digest.id is 'The line: access.audit.id.';
comment on column ledger.audit_digest.digest is 'SHA-256 over the line''s salt and the line (docs/PROOF.md).';
comment on column ledger.audit_digest.at is 'The instant of what was done, as the line says it.';
comment on column ledger.audit_digest.xact is
    'Number of the transaction that wrote the row; means something only in the cluster that wrote it.';

create index audit_digest_sealing on ledger.audit_digest (xact, book_id, id);

-- The proof: one RFC 9162 Merkle tree over all transfers, records and audit lines, in one order that never changes. Nobody may update or delete
-- a row of these tables; what is written twice or out of order meets a key.
--
-- Undistributed on purpose: the order is one for the whole fund. So no foreign key leads to the (distributable) transfers; a
-- sealed entry that is gone or changed is found by whoever compares the hash, which every export and every proof does.

create table ledger.leaf (
    seq bigint not null,
    book_id uuid not null,
    entry_id uuid not null,
    booked_on date not null,
    hash bytea not null,
    constraint leaf_pk primary key (seq),
    constraint leaf_of_one_entry unique (entry_id, book_id),
    constraint leaf_seq_from_zero check (seq >= 0),
    constraint leaf_hash_is_sha256 check (octet_length(hash) = 32)
);

comment on table ledger.leaf is
    'A place in the log: which transfer, record or audit line is the seq-th entry of the fund, and the day on which it is booked.';
comment on column ledger.leaf.seq is 'Place in the log, from 0, without gaps.';
comment on column ledger.leaf.book_id is 'The book of the entry: catalogue.programme.id, or the fund''s own id.';
comment on column ledger.leaf.entry_id is
    'The transfer, the record or the audit line: ledger.transfer.id, ledger.record.id or ledger.audit_digest.id in the book.';
comment on column ledger.leaf.booked_on is 'Day of the entry in Paris; never decreases with seq.';
comment on column ledger.leaf.hash is
    'RFC 9162 §2.1.1: SHA-256 of a zero byte and the leaf''s bytes, which are made again from the transfer or record, never '
    'stored.';

create table ledger.tile (
    level smallint not null,
    n bigint not null,
    hashes bytea not null,
    root bytea not null,
    constraint tile_pk primary key (level, n),
    constraint tile_level check (level between 0 and 7),
    constraint tile_n_from_zero check (n >= 0),
    constraint tile_is_full check (octet_length(hashes) = 8192),
    constraint tile_root_is_sha256 check (octet_length(root) = 32)
);

comment on table ledger.tile is
    'Hashes of the tree by the 256 (C2SP tlog-tiles), full tiles only: each hash is the root of 256^level leaves. A partial tile '
    'is made from the level below.';
comment on column ledger.tile.level is 'Height of the tile in the tree: hashes of level 0 are leaves''.';
comment on column ledger.tile.n is 'Place of the tile in its level, from 0.';
comment on column ledger.tile.hashes is '256 hashes of 32 bytes, one after the other.';
comment on column ledger.tile.root is 'RFC 9162 root of the 256 hashes: one hash of the level above.';

create table ledger.checkpoint (
    size bigint not null,
    root bytea not null,
    note text not null,
    verifier text not null,
    at timestamptz not null,
    cluster bigint not null,
    sealed_below bigint not null,
    constraint checkpoint_pk primary key (size),
    constraint checkpoint_of_something check (size > 0),
    constraint checkpoint_root_is_sha256 check (octet_length(root) = 32)
);

comment on table ledger.checkpoint is
    'The log at a moment: its size and root, in one signed line of text that fixes every entry before it (C2SP tlog-checkpoint).';
comment on column ledger.checkpoint.size is 'Leaves of the log.';
comment on column ledger.checkpoint.root is 'RFC 9162 root hash of the first size leaves.';
comment on column ledger.checkpoint.note is 'The signed note, as it is served.';
comment on column ledger.checkpoint.verifier is
    'Verifier key in signed-note form: for convenience, since who doubts the database has it from elsewhere.';
comment on column ledger.checkpoint.cluster is
    'The PostgreSQL cluster in which sealed_below means something: pg_control_system().system_identifier.';
comment on column ledger.checkpoint.sealed_below is 'In this cluster every transaction with a lower number is sealed.';

create table ledger.close (
    month date not null,
    at timestamptz not null,
    closed_by uuid not null,
    size bigint not null,
    root bytea not null,
    note text not null,
    verifier text not null,
    constraint close_pk primary key (month),
    constraint close_month_is_first_day check (extract(day from month) = 1),
    -- No month is closed that is not over: compared in UTC, so with an hour or two to spare; the program compares in Paris.
    constraint close_after_its_end check (at > month + interval '27 days'),
    constraint close_of_something check (size > 0),
    constraint close_root_is_sha256 check (octet_length(root) = 32)
);

comment on table ledger.close is
    'Months that are closed (clôture): nothing is booked into them any more. One row a month, in order, for ever: no right to '
    'change it is given.';
comment on column ledger.close.month is 'Its first day.';
comment on column ledger.close.closed_by is 'The organisation that asked for it: access.organisation.id.';
comment on column ledger.close.size is 'Leaves of the log when it was closed; later ones are booked in later months.';
comment on column ledger.close.root is 'RFC 9162 root hash of these leaves.';
comment on column ledger.close.note is 'A checkpoint of its own that names the month, signed.';
comment on column ledger.close.verifier is 'Verifier key in signed-note form of who signed it.';

create table ledger.cosigner (
    verifier text not null,
    party uuid not null,
    registered_at timestamptz not null,
    registered_by uuid not null,
    constraint cosigner_pk primary key (verifier)
);

comment on table ledger.cosigner is
    'Keys of those who say that they saw a checkpoint, and that it extended the one that they saw before (C2SP tlog-cosignature).';
comment on column ledger.cosigner.verifier is 'Verifier key in signed-note form, type 0x04.';
comment on column ledger.cosigner.party is 'Whose key it is, a funder or another witness: access.organisation.id.';
comment on column ledger.cosigner.registered_by is 'The organisation that registered it: access.organisation.id.';

create table ledger.cosigner_retirement (
    verifier text not null,
    from_at timestamptz not null,
    reason text not null,
    retired_at timestamptz not null,
    retired_by uuid not null,
    constraint cosigner_retirement_pk primary key (verifier),
    constraint cosigner_retirement_reason check (btrim(reason) <> ''),
    -- Nothing that was taken becomes bad afterwards.
    constraint cosigner_retirement_not_backdated check (from_at >= retired_at),
    constraint cosigner_retirement_key_registered foreign key (verifier) references ledger.cosigner (verifier)
);

comment on table ledger.cosigner_retirement is
    'A cosigner''s key that is not used any more. What it signed before stays good and shown; a line that comes from then on is '
    'refused.';
comment on column ledger.cosigner_retirement.from_at is
    'Lines that arrive at this instant or later are refused, whatever time they bear.';
comment on column ledger.cosigner_retirement.reason is 'Why, in the words of who retired it.';
comment on column ledger.cosigner_retirement.retired_at is 'When this was said.';
comment on column ledger.cosigner_retirement.retired_by is
    'The organisation that said it, the key''s own or the operator: access.organisation.id.';

create table ledger.cosignature (
    size bigint not null,
    verifier text not null,
    text_sha256 bytea not null,
    line text not null,
    at timestamptz not null,
    constraint cosignature_pk primary key (size, text_sha256, verifier),
    constraint cosignature_key_registered foreign key (verifier) references ledger.cosigner (verifier)
);

comment on table ledger.cosignature is 'What a cosigner signed below a checkpoint.';
comment on column ledger.cosignature.size is 'Leaves of the checkpoint: ledger.checkpoint.size, or ledger.close.size.';
comment on column ledger.cosignature.text_sha256 is
    'SHA-256 of the text that was signed: a close has a checkpoint of its own, of the same size as another.';
comment on column ledger.cosignature.line is 'The signature line as it is served below the note.';
