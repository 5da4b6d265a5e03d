-- The proof: one RFC 9162 Merkle tree over all transfers and records (0006), in one order that never changes. Nobody may update or delete a row
-- of these tables; what is written twice or out of order meets a key.
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

comment on column ledger.leaf.hash is 'RFC 9162 §2.1.1: SHA-256 of a zero byte and the leaf''s bytes, which are made again from the transfer or record, never stored.';
comment on column ledger.leaf.entry_id is 'The transfer, or the record.';
comment on column ledger.leaf.booked_on is 'Day of the entry in Paris; never decreases with seq.';

-- Full tiles only (C2SP tlog-tiles): 256 hashes, each the root of 256^level leaves. A partial tile is made from the level below.
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

comment on column ledger.checkpoint.note is 'The signed note, as it is served.';
comment on column ledger.checkpoint.verifier is 'Verifier key in signed-note form: for convenience, since who doubts the database has it from elsewhere.';
comment on column ledger.checkpoint.sealed_below is 'In this cluster every transaction with a lower number is sealed.';

-- Belts and braces beside the missing rights: whoever is granted too much one day still meets a policy.
alter table ledger.leaf enable row level security;
alter table ledger.tile enable row level security;
alter table ledger.checkpoint enable row level security;
create policy leaf_read on ledger.leaf for select using (true);
create policy tile_read on ledger.tile for select using (true);
create policy checkpoint_read on ledger.checkpoint for select using (true);
create policy leaf_by_sealer on ledger.leaf for insert to ccn_funding with check (true);
create policy tile_by_sealer on ledger.tile for insert to ccn_funding with check (true);
create policy checkpoint_by_sealer on ledger.checkpoint for insert to ccn_funding with check (true);

grant select on ledger.leaf, ledger.tile, ledger.checkpoint to ccn_issuer, ccn_redemption, ccn_funding, ccn_audit;
grant insert on ledger.leaf, ledger.tile, ledger.checkpoint to ccn_funding;
