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

comment on column ledger.account_kind.side is 'Normal side: 1 credit, -1 debit, 0 either.';

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
    (13, 'charges', '627', 'Frais bancaires', -1),
    (14, 'fees', '706', 'Rémunération de l''opérateur', 1),
    (15, 'fee_receivable', '411', 'Rémunération à recevoir', -1),
    (16, 'vat', '4457', 'TVA collectée', 1);

-- Which service may post what: the numbers' tens are the ranges of the policies below.
create table ledger.transfer_kind (
    kind smallint not null,
    name text not null,
    label text not null,
    constraint transfer_kind_pk primary key (kind),
    constraint transfer_kind_name_unique unique (name)
);

insert into ledger.transfer_kind (kind, name, label) values
    (10, 'batch_funded', 'Lot financé'),
    (11, 'activated', 'Chèque activé'),
    (12, 'revoked', 'Chèque révoqué'),
    (13, 'expired', 'Chèque expiré'),
    (14, 'batch_expired', 'Réserve d''un lot libérée à l''échéance'),
    (15, 'batch_cancelled', 'Lot annulé'),
    (20, 'claimed', 'Encaissement'),
    (21, 'claim_reversed', 'Encaissement annulé'),
    (30, 'received', 'Versement reçu'),
    (31, 'mandated', 'Mandat public accepté'),
    (32, 'mandate_received', 'Mandat public encaissé'),
    (33, 'allocated', 'Versement affecté à un dispositif'),
    (34, 'settled', 'Contre-paiement envoyé'),
    (35, 'deducted', 'Trop-versé repris'),
    (36, 'paid', 'Virement débité'),
    (37, 'rejected', 'Virement rejeté ou revenu'),
    (38, 'given_back', 'Valeur non utilisée rendue au financeur'),
    (39, 'refund_sent', 'Remboursement envoyé'),
    (40, 'unexplained', 'Ligne de relevé à expliquer'),
    (41, 'explained', 'Ligne de relevé expliquée'),
    (42, 'true_up', 'Régularisation entre financeurs'),
    (43, 'bank_charge', 'Frais bancaires');

-- `number` carries the kind in its top 8 bits: a voucher's is kind, 16 zero bits, its series and its idx; the
-- others are derived from the account's name, so that whoever posts knows every number without asking.
create table ledger.account (
    book_id uuid not null,
    number bigint not null,
    kind smallint not null,
    party uuid,
    batch uuid,
    limit_cents bigint,
    debits_cents bigint not null default 0,
    credits_cents bigint not null default 0,
    constraint account_pk primary key (book_id, number),
    constraint account_kind_in_number check ((number >> 56) = kind),
    constraint account_voucher_limited check ((kind = 9) = (limit_cents is not null) and limit_cents > 0),
    constraint account_sums_grow check (debits_cents >= 0 and credits_cents >= 0),
    -- No voucher without money behind it, and no voucher spent twice: both are this line. The kinds are those of
    -- ledger.account_kind.side, repeated because a check cannot read another table.
    constraint account_within_bounds check (
        case when kind in (4, 6) then true
             when kind in (1, 2, 11, 13, 15) then debits_cents >= credits_cents
             else credits_cents - debits_cents between 0 and coalesce(limit_cents, 9223372036854775807) end)
);

-- A voucher is named by its number; every other account by its kind, party and batch.
create unique index account_name_unique on ledger.account (book_id, kind, party, batch) nulls not distinct
    where kind <> 9;

create table ledger.transfer (
    book_id uuid not null,
    id uuid not null,
    kind smallint not null,
    debit bigint not null,
    credit bigint not null,
    cents bigint not null,
    at timestamptz not null,
    grp uuid not null,
    reverses uuid,
    reference text not null default '',
    constraint transfer_pk primary key (book_id, id),
    constraint transfer_positive check (cents > 0),
    constraint transfer_two_sides check (debit <> credit)
);

-- Each index serves one question, and claims pay for three of them only.
create unique index transfer_reversed_once on ledger.transfer (book_id, reverses) where reverses is not null;
create index transfer_group on ledger.transfer (book_id, grp);
-- Who paid a voucher (kind 11 is activated); who spent it (kind 20 is claimed).
create index transfer_opening on ledger.transfer (book_id, credit) where kind = 11;
create index transfer_claim on ledger.transfer (book_id, debit) where kind = 20;

comment on column ledger.transfer.grp is 'Legs of one event share it: they were admitted together or not at all.';

-- One line a side, for people and exports.
create view ledger.entry as
    select t.book_id, t.id as transfer_id, t.kind, t.at, t.grp, t.reference, side.number, side.debit_cents, side.credit_cents
    from ledger.transfer t
    cross join lateral (values (t.debit, t.cents, 0::bigint), (t.credit, 0::bigint, t.cents))
        as side (number, debit_cents, credit_cents);

alter table ledger.transfer enable row level security;
create policy transfer_read on ledger.transfer for select using (true);
create policy transfer_by_issuer on ledger.transfer for insert to ccn_issuer with check (kind between 10 and 19);
create policy transfer_by_redemption on ledger.transfer for insert to ccn_redemption with check (kind between 20 and 29);
create policy transfer_by_funding on ledger.transfer for insert to ccn_funding with check (kind between 30 and 59);

-- Only the issuer opens vouchers; each service opens only the kinds of account that its transfers reach.
alter table ledger.account enable row level security;
create policy account_read on ledger.account for select using (true);
create policy account_sums on ledger.account for update to ccn_issuer, ccn_redemption, ccn_funding using (true);
create policy account_by_issuer on ledger.account for insert to ccn_issuer with check (kind in (7, 8, 9, 12));
create policy account_by_redemption on ledger.account for insert to ccn_redemption with check (kind in (10, 11, 12));
create policy account_by_funding on ledger.account for insert to ccn_funding with check (kind not in (8, 9));

grant usage on schema ledger to ccn_issuer, ccn_redemption, ccn_funding, ccn_audit;
grant select on ledger.account_kind, ledger.transfer_kind, ledger.account, ledger.transfer, ledger.entry
    to ccn_issuer, ccn_redemption, ccn_funding, ccn_audit;
grant insert on ledger.transfer to ccn_issuer, ccn_redemption, ccn_funding;
-- An account is only ever touched through its two sums. The issuer alone writes them with the row: a voucher is
-- stored with its opening, and never as a row to be updated at once.
grant insert (book_id, number, kind, party, batch, limit_cents) on ledger.account to ccn_redemption, ccn_funding;
grant insert on ledger.account to ccn_issuer;
grant update (debits_cents, credits_cents) on ledger.account to ccn_issuer, ccn_redemption, ccn_funding;
