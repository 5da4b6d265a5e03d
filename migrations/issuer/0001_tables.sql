-- Beneficiaries, batches, booklets, vouchers as printed, hand-overs and blocks; what the paper says and shows; the steps of a
-- programme's end. Money is the ledger's.
-- `book_id` is the programme's id, first in every key, so that the tables can be distributed by it.

create table issuer.programme_prescriber (
    book_id uuid not null,
    prescriber_id uuid not null,
    since timestamptz not null,
    constraint programme_prescriber_pk primary key (book_id, prescriber_id)
);

comment on table issuer.programme_prescriber is
    'Prescribers (prescripteurs): who hands vouchers over in a programme. Its sponsor says so; nobody else sees the programme''s '
    'batches or acts on it.';
comment on column issuer.programme_prescriber.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.programme_prescriber.prescriber_id is 'The prescriber: access.organisation.id.';

create table issuer.beneficiary (
    book_id uuid not null,
    id uuid not null,
    prescriber_id uuid not null,
    external_id text not null,
    identity_hash bytea not null,
    audience text not null,
    residence text not null,
    booklets integer not null,
    import_id uuid not null,
    registered_at timestamptz not null,
    constraint beneficiary_pk primary key (book_id, id),
    constraint beneficiary_identity_unique unique (book_id, identity_hash),
    constraint beneficiary_external_unique unique (book_id, prescriber_id, external_id),
    constraint beneficiary_hash_length check (octet_length(identity_hash) = 32),
    constraint beneficiary_booklets check (booklets >= 1)
);

comment on table issuer.beneficiary is
    'A person to be helped, pseudonymous: nothing here says who it is. Stays for as long as the books do.';
comment on column issuer.beneficiary.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.beneficiary.prescriber_id is 'Who registered the person: access.organisation.id.';
comment on column issuer.beneficiary.external_id is 'The prescriber''s own number for the person.';
comment on column issuer.beneficiary.identity_hash is
    'HMAC-SHA-256 of the normalised identity (birth name, first names, date and place of birth), under a key that is not in the '
    'database: finds the same person across organisations without showing anybody.';
comment on column issuer.beneficiary.audience is 'Whom the person counts as: catalogue.audience.label.';
comment on column issuer.beneficiary.residence is 'COG code of the commune where the person lives.';
comment on column issuer.beneficiary.booklets is 'How many booklets the prescriber granted: at most the programme''s cap.';
comment on column issuer.beneficiary.import_id is 'The file that brought the person: issuer.import.id.';

create table issuer.identity (
    book_id uuid not null,
    beneficiary_id uuid not null,
    birth_name text not null,
    first_names text not null,
    birth_date date not null,
    sex text not null,
    birth_place text not null,
    phone text,
    email text,
    last_contact date not null,
    constraint identity_pk primary key (book_id, beneficiary_id)
);

comment on table issuer.identity is 'Who a beneficiary is. Erased 2 years after the last contact, without touching anything else.';
comment on column issuer.identity.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.identity.last_contact is 'The day from which the 2 years count.';

create table issuer.import (
    book_id uuid not null,
    id uuid not null,
    prescriber_id uuid not null,
    file_name text not null,
    sha256 bytea not null,
    report jsonb not null,
    committed_at timestamptz not null,
    constraint import_pk primary key (book_id, id)
);

comment on table issuer.import is 'A file of beneficiaries that a prescriber loaded, once.';
comment on column issuer.import.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.import.prescriber_id is 'Who loaded it: access.organisation.id.';
comment on column issuer.import.sha256 is 'SHA-256 of the file''s bytes. The file itself is not kept.';
comment on column issuer.import.report is
    'What the import did, as {digest, rows, accepted, unchanged, problems, notices, refused: [{line, column, problem, remedy, '
    'same_as_line}], duplicates: [the same]}: counts, lines and columns only, no value of a refused line is kept.';

create table issuer.batch (
    book_id uuid not null,
    id uuid not null,
    plan_id uuid not null,
    series integer not null,
    series_position bigint not null,
    booklets integer not null,
    booklet_size integer not null,
    face_value_cents bigint not null,
    last_day date not null,
    ordered_by uuid not null,
    ordered_at timestamptz not null,
    minted_at timestamptz,
    funded_at timestamptz,
    activated_at timestamptz,
    activated_vouchers integer not null default 0,
    cancelled_at timestamptz,
    cancelled_reason text,
    constraint batch_pk primary key (book_id, id),
    constraint batch_position check (series_position >= 0),
    constraint batch_sizes check (booklets > 0 and booklet_size > 0 and face_value_cents > 0),
    constraint batch_cancelled_with_reason check ((cancelled_at is null) = (cancelled_reason is null))
);

comment on table issuer.batch is
    'A batch (lot): the booklets of one order, minted, funded and printed together. How it stands is read from its instants: '
    'ordered, minted, funded, activated; or cancelled.';
comment on column issuer.batch.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.batch.plan_id is 'The funding plan under which it was ordered: catalogue.plan.id.';
comment on column issuer.batch.series is 'The series of its vouchers: catalogue.series.series.';
comment on column issuer.batch.series_position is
    'Vouchers of earlier batches in the series: tells the shard of the status list that this batch draws from.';
comment on column issuer.batch.face_value_cents is 'Face value of one voucher, in euro cents.';
comment on column issuer.batch.last_day is 'Last day on which a structure may claim, in every token of the batch.';
comment on column issuer.batch.ordered_by is 'Who ordered it: access.organisation.id.';
comment on column issuer.batch.activated_vouchers is
    'How many of its vouchers are worth something: activated with the batch, or at the hand-over of their booklets.';
comment on column issuer.batch.cancelled_reason is 'Why, in the words of who cancelled it. Null: it is not cancelled.';

create table issuer.batch_share (
    book_id uuid not null,
    batch_id uuid not null,
    rank integer not null,
    funder_id uuid not null,
    rate numeric(9, 8) not null,
    constraint batch_share_pk primary key (book_id, batch_id, rank),
    constraint batch_share_funder_unique unique (book_id, batch_id, funder_id),
    constraint batch_share_rate check (rate > 0 and rate <= 1)
);

comment on table issuer.batch_share is
    'What a batch''s plan became when it was funded, if a limit acted: the shares that each of its vouchers is split by. A batch '
    'without rows here splits by the plan that it was ordered under.';
comment on column issuer.batch_share.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.batch_share.batch_id is 'The batch: issuer.batch.id.';
comment on column issuer.batch_share.rank is 'Place in the plan''s order of priority, from 1.';
comment on column issuer.batch_share.funder_id is 'Who pays: funding.funder.id.';
comment on column issuer.batch_share.rate is 'Its part of every voucher: 0.3339 is 33.39 %.';

create table issuer.voucher (
    book_id uuid not null,
    number bigint not null,
    batch_id uuid not null,
    serial integer not null,
    nonce bytea not null,
    commitment bytea not null,
    code_digest bytea not null,
    id_key bytea not null,
    code_key bytea not null,
    kid bytea not null,
    constraint voucher_pk primary key (book_id, number),
    constraint voucher_serial_unique unique (book_id, batch_id, serial),
    -- The digest first: a typed code is looked for without knowing its programme.
    constraint voucher_code_digest_unique unique (code_digest, book_id),
    constraint voucher_sizes check (
        octet_length(nonce) = 16 and octet_length(commitment) = 32 and octet_length(code_digest) = 16
        and octet_length(id_key) = 4 and octet_length(code_key) = 4 and octet_length(kid) = 4 and serial >= 1)
);

comment on table issuer.voucher is
    'A voucher printed. Its serial in the batch (from 1) gives its booklet and, with the batch''s plan, its shares. Its state is '
    'stored nowhere: it is read from the ledger and from blocks. The token itself is stored nowhere either: it is signed again, '
    'always the same.';
comment on column issuer.voucher.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.voucher.number is
    'Its account in the ledger: ledger.account.number of the book, and with it the series and the place in the series.';
comment on column issuer.voucher.nonce is
    '16 random bytes: half of its id, which names it in its token and makes its short code. The other half is a key that no database holds.';
comment on column issuer.voucher.commitment is
    'SHA-256 over the nonce and what its token says before the signature: whoever presents it must open this. The ledger''s account repeats it.';
comment on column issuer.voucher.code_digest is 'HMAC of its id, by which a typed code is found; the key is in no database.';
comment on column issuer.voucher.id_key is 'The key that its id is made with: issuer.secret_in_use.key_check.';
comment on column issuer.voucher.code_key is 'The key that its code is found by: issuer.secret_in_use.key_check.';
comment on column issuer.voucher.kid is 'The key that signs its token: catalogue.signing_key.kid.';

create table issuer.secret_in_use (
    purpose text not null,
    key_check bytea not null,
    first_used_at timestamptz not null,
    constraint secret_in_use_pk primary key (purpose, key_check),
    constraint secret_in_use_purpose_known check (purpose in ('id', 'code')),
    constraint secret_in_use_check_length check (octet_length(key_check) = 4)
);

comment on table issuer.secret_in_use is
    'Keys that vouchers were minted with, none of which is in any database: a process that has not all of them does not start.';
comment on column issuer.secret_in_use.purpose is 'id: makes ids of nonces. code: finds typed codes.';
comment on column issuer.secret_in_use.key_check is 'Four bytes of SHA-256 over the purpose and the key: they name it, and do not give it away.';

create table issuer.hand_over (
    book_id uuid not null,
    id uuid not null,
    batch_id uuid not null,
    booklet integer not null,
    beneficiary_id uuid not null,
    prescriber_id uuid not null,
    replaces uuid,
    at timestamptz not null,
    constraint hand_over_pk primary key (book_id, id),
    constraint hand_over_booklet_once unique (book_id, booklet),
    constraint hand_over_replaces_once unique (book_id, replaces)
);

comment on table issuer.hand_over is 'A hand-over (remise): a prescriber gives a booklet to a person.';
comment on column issuer.hand_over.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.hand_over.booklet is 'Which booklet of the batch, from 1.';
comment on column issuer.hand_over.prescriber_id is 'Who gave it: access.organisation.id.';
comment on column issuer.hand_over.replaces is 'The hand-over of the lost booklet that this one replaces. Null: it replaces none.';

create index hand_over_beneficiary on issuer.hand_over (book_id, beneficiary_id);

-- Blocks.

create table issuer.revocation_act (
    book_id uuid not null,
    id uuid not null,
    batch_id uuid not null,
    first_serial integer not null,
    last_serial integer not null,
    reason text not null,
    by_organisation uuid not null,
    revoked integer not null,
    already_claimed integer not null,
    returned_cents bigint not null,
    at timestamptz not null,
    constraint revocation_act_pk primary key (book_id, id),
    constraint revocation_act_serials check (first_serial between 1 and last_serial),
    constraint revocation_act_reason_known check (reason in ('lost', 'stolen', 'death', 'ineligible', 'fraud'))
);

comment on table issuer.revocation_act is
    'A request to block vouchers for good (opposition), and what came of it, so that the same request gets the same answer.';
comment on column issuer.revocation_act.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.revocation_act.first_serial is 'The vouchers, by their serials in the batch: the first one.';
comment on column issuer.revocation_act.last_serial is 'The last one.';
comment on column issuer.revocation_act.reason is
    'Why the vouchers must not be spent any more: lost, stolen, death (of the person), ineligible (the person), fraud.';
comment on column issuer.revocation_act.by_organisation is 'Who did it: access.organisation.id.';
comment on column issuer.revocation_act.revoked is
    'Vouchers that this act blocked; those that were blocked before are not counted.';
comment on column issuer.revocation_act.already_claimed is
    'Of these, vouchers that a structure had claimed: they are paid, and stay blocked should the claim be reversed.';
comment on column issuer.revocation_act.returned_cents is 'What went back to the funders'' side, in euro cents.';

-- A block is a row of its own: a claimed voucher moves no money when revoked, and must not come back to life when
-- its claim is reversed.
create table issuer.revocation (
    book_id uuid not null,
    number bigint not null,
    act_id uuid not null,
    at timestamptz not null,
    xact bigint not null default (pg_current_xact_id()::text::bigint),
    constraint revocation_pk primary key (book_id, number)
);

comment on table issuer.revocation is 'A voucher that is blocked.';
comment on column issuer.revocation.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.revocation.number is 'The voucher: issuer.voucher.number.';
comment on column issuer.revocation.xact is
    'Number of the transaction that blocked it, as ledger.transfer.xact and for the same reasons: blocking what was never '
    'activated, or is claimed, moves no money, so the ledger does not tell of it.';

create index revocation_of_act on issuer.revocation (book_id, act_id);
create index revocation_changes on issuer.revocation (xact);

create table issuer.expiry (
    book_id uuid not null,
    id uuid not null,
    at timestamptz not null,
    constraint expiry_pk primary key (book_id)
);

comment on table issuer.expiry is 'The end of a programme was declared: unused value went back to the funders'' side.';
comment on column issuer.expiry.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';

create table issuer.expiry_step (
    book_id uuid not null,
    step text not null,
    act_id uuid,
    due_on date not null,
    done_at timestamptz not null,
    by_organisation uuid,
    late boolean not null,
    data jsonb not null,
    constraint expiry_step_pk primary key (book_id, step),
    constraint expiry_step_known check (step in ('alert', 'block', 'acceptance', 'sweep')),
    constraint expiry_step_act_of_somebody check (act_id is null or by_organisation is not null)
);

comment on table issuer.expiry_step is
    'The steps of a programme''s end as they were done, each once. Their days are catalogue''s to derive; what is kept here is what '
    'happened and what was counted then.';
comment on column issuer.expiry_step.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.expiry_step.step is
    'alert: the sponsor is warned; block: hand-overs stop, or go on as decided; acceptance: the sponsor accepts the counts, or '
    'its silence does; sweep: unused value goes back.';
comment on column issuer.expiry_step.act_id is 'The act, an id made by who did it over the interface; absent when the clock did.';
comment on column issuer.expiry_step.by_organisation is 'Who did it: access.organisation.id. Absent when the clock did it.';
comment on column issuer.expiry_step.late is 'Done on a later day than it should have been.';
comment on column issuer.expiry_step.data is
    'What was counted, by step, of booklets and never of persons. alert: {sums, revoked_in_stock, batches, points}; block: the '
    'same, with stopped and decision; acceptance: {tacit, sums}; sweep: what was given back. A sum is {booklets, face_value}.';

create table issuer.distribution_decision (
    book_id uuid not null,
    id uuid not null,
    decision text not null,
    reason text not null,
    by_organisation uuid not null,
    at timestamptz not null,
    constraint distribution_decision_pk primary key (book_id, id),
    constraint distribution_decision_known check (decision in ('continue', 'stop')),
    constraint distribution_decision_reason_given check (btrim(reason) <> '')
);

comment on table issuer.distribution_decision is 'What the sponsor decided about hand-overs near the end; the last one counts.';
comment on column issuer.distribution_decision.book_id is
    'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.distribution_decision.decision is
    'Whether booklets are handed over after the day of the block: continue or stop.';
comment on column issuer.distribution_decision.reason is 'Why, in the sponsor''s words.';
comment on column issuer.distribution_decision.by_organisation is 'Who did it: access.organisation.id.';

-- What a programme's paper says and shows, its proofs, its prints, and the booklets whose paper must be refused.

create table issuer.paper (
    book_id uuid not null,
    phone text,
    web_page text,
    address text,
    changed_at timestamptz not null,
    constraint paper_pk primary key (book_id)
);

comment on table issuer.paper is 'Where to ask, as printed on the cover of the vouchers. One row a programme.';
comment on column issuer.paper.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';

create table issuer.logo (
    book_id uuid not null,
    organisation_id uuid not null,
    png bytea not null,
    width integer not null,
    height integer not null,
    sha256 bytea not null,
    at timestamptz not null,
    constraint logo_pk primary key (book_id, organisation_id),
    constraint logo_size check (width between 1 and 1000 and height between 1 and 500 and octet_length(png) <= 4194304),
    constraint logo_digest_length check (octet_length(sha256) = 32)
);

comment on table issuer.logo is 'Logos on the vouchers, at most one an organisation. Drawn anew by the issuer whatever came in.';
comment on column issuer.logo.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.logo.organisation_id is 'Whose logo it is: access.organisation.id.';
comment on column issuer.logo.png is 'The picture, as it is printed.';
comment on column issuer.logo.sha256 is 'SHA-256 of png.';

create table issuer.proof (
    book_id uuid not null,
    id uuid not null,
    batch_id uuid,
    format text not null,
    settings_sha256 bytea not null,
    made_at timestamptz not null,
    approved_at timestamptz,
    constraint proof_pk primary key (book_id, id),
    constraint proof_format_known check (format in ('sheet', 'large_print')),
    constraint proof_digest_length check (octet_length(settings_sha256) = 32)
);

comment on table issuer.proof is 'A proof (bon à tirer) of one state of the settings of the paper; approved by the sponsor or not.';
comment on column issuer.proof.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.proof.batch_id is 'The batch whose funders it shows; the current plan''s when absent.';
comment on column issuer.proof.format is 'Layout: sheet (several vouchers a page) or large_print.';
comment on column issuer.proof.settings_sha256 is
    'SHA-256 of all that is the same on every page: version of the layout, format, name, face value, printed day and size of '
    'booklets of the programme, where to ask, names and logos. Two equal ones print the same.';
comment on column issuer.proof.approved_at is 'When the sponsor approved it. Null: it did not.';

create index proof_settings on issuer.proof (book_id, settings_sha256);

create table issuer.print (
    book_id uuid not null,
    id uuid not null,
    batch_id uuid not null,
    first_booklet integer not null,
    last_booklet integer not null,
    kind text not null,
    format text not null,
    reason text,
    settings_sha256 bytea,
    by_organisation uuid not null,
    at timestamptz not null,
    constraint print_pk primary key (book_id, id),
    constraint print_booklets check (first_booklet between 1 and last_booklet),
    constraint print_kind_known check (kind in ('booklets', 'printer_file')),
    constraint print_format_known check (format in ('sheet', 'large_print')),
    constraint print_reason_known
        check (reason in ('damaged', 'misprinted', 'lost_in_transit', 'other_format', 'reissued', 'interrupted'))
);

comment on table issuer.print is 'Which booklets were printed, for which purpose; a second print of one says why.';
comment on column issuer.print.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.print.kind is 'booklets: pages for an office printer; printer_file: the archive for a print shop.';
comment on column issuer.print.format is 'Layout: sheet (several vouchers a page) or large_print.';
comment on column issuer.print.reason is 'Why they are printed again. Null: for the first time.';
comment on column issuer.print.settings_sha256 is
    'For a print shop, the settings that were approved: as issuer.proof.settings_sha256. Null: pages for an office printer need '
    'no approval.';
comment on column issuer.print.by_organisation is 'Who did it: access.organisation.id.';

create index print_batch on issuer.print (book_id, batch_id);

create table issuer.reissue (
    book_id uuid not null,
    id uuid not null,
    batch_id uuid not null,
    first_booklet integer not null,
    last_booklet integer not null,
    reason text not null,
    vouchers integer not null,
    by_organisation uuid not null,
    at timestamptz not null,
    constraint reissue_pk primary key (book_id, id),
    constraint reissue_booklets check (first_booklet between 1 and last_booklet),
    constraint reissue_reason_known check (reason in ('stolen', 'lost_in_transit', 'disclosed', 'misprinted'))
);

comment on table issuer.reissue is
    'A reissue (réédition): booklets whose paper must be refused and which get new numbers; the old ones stay known, and blocked.';
comment on column issuer.reissue.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.reissue.reason is 'Why the paper must be refused: stolen, lost_in_transit, disclosed, misprinted.';
comment on column issuer.reissue.vouchers is 'How many numbers were withdrawn, and as many given.';
comment on column issuer.reissue.by_organisation is 'Who did it: access.organisation.id.';

create table issuer.withdrawn_voucher (
    book_id uuid not null,
    number bigint not null,
    batch_id uuid not null,
    serial integer not null,
    code_digest bytea not null,
    kid bytea not null,
    reissue_id uuid not null,
    at timestamptz not null,
    xact bigint not null default (pg_current_xact_id()::text::bigint),
    constraint withdrawn_voucher_pk primary key (book_id, number),
    constraint withdrawn_voucher_code_digest_unique unique (code_digest, book_id)
);

comment on table issuer.withdrawn_voucher is
    'A voucher as it was before its booklet was reissued. Its number is never given again: the signature on the old paper stays '
    'valid for ever. It was never activated.';
comment on column issuer.withdrawn_voucher.book_id is 'The programme, which is also the ledger''s book: catalogue.programme.id.';
comment on column issuer.withdrawn_voucher.number is 'The number that is refused, as issuer.voucher.number.';
comment on column issuer.withdrawn_voucher.code_digest is 'What its typed code is still found by, as issuer.voucher.code_digest.';
comment on column issuer.withdrawn_voucher.kid is 'The key that signs its token: catalogue.signing_key.kid.';
comment on column issuer.withdrawn_voucher.xact is 'Number of the transaction that withdrew it, as ledger.transfer.xact.';

create index withdrawn_voucher_reissue on issuer.withdrawn_voucher (book_id, reissue_id);
create index withdrawn_voucher_changes on issuer.withdrawn_voucher (xact);
