//! Minting: every voucher of a batch gets a serial number (1 to n), a place in its series' status list, and the random half of its id.
//!
//! **The invariant.** A voucher row is never drawn twice and never changed: serial numbers are unique in the batch, places in the
//! series and codes in the book, each by a constraint. What is minted is worth nothing: no account exists, and the rows alone make
//! neither a token nor a code.
//!
//! **Two halves.** A row holds a nonce; the id is made of it by a key that is in no database ([`VoucherSecrets`]). From the id come the
//! row's other two: the *commitment* over everything that the token will say but its signature, which the voucher's account and its
//! leaves repeat when it opens and which a claim must open; and the digest that its typed code is found by. The private half of the signing
//! key is not needed: minting chooses a published key, and printing signs.
//!
//! **Chunks.** Each transaction locks the batch's row, looks how far the serial numbers go, and adds up to
//! [`MINT_CHUNK_VOUCHERS`]. A crash or a time-out leaves whole chunks; repeating the request goes on after the last one, and
//! two requests at once take turns. `minted_at` is set with the last chunk.
//!
//! **Where in the status list.** The 2²⁴ places of a series are 16 shards of 2²⁰, published one by one. A batch draws from the shard
//! that its position among the series' batches tells, at random inside it, so a place says nothing about the booklet. Only 3/4 of
//! a shard is ever planned: a draw meets a taken place at most three times in four at the very end and is then drawn again.
//!
//! | round trips per chunk | |
//! |---|---|
//! | lock and look | 1 |
//! | the published keys | 1 |
//! | insert by arrays, skipping places that are taken | 1, and a few small ones for what was skipped |
//!
//! **Rejected.** Encrypting a counter instead of drawing: the shard would be guessable to whoever learns the key. Storing tokens or ids: a
//! copy of the database would be money.

use access::{Caller, audit};
use catalogue::Programme;
use chrono::{DateTime, Utc};
use database::{NamedLock, Rejection, UseCaseError};
use ledger::{AccountNumber, BatchId, Commitment};
use sqlx::{PgPool, PgTransaction};
use voucher::{Idx, Kid, LastDay, NONCE_BYTES, Terms, VoucherId};
use web::Problem;

use crate::batches::batch::{self, Batch, BatchRow, stored};
use crate::keys::public_keys::choice::{NoKey, VouchersToMint, choose};
use crate::keys::signers::Signers;
use crate::keys::voucher_keys::{VoucherKeys, VoucherSecrets};

/// Vouchers added by one transaction.
pub const MINT_CHUNK_VOUCHERS: u32 = 5_000;

/// Places in a shard of the status list (docs/STATUS-LIST.md).
const SHARD_PLACES: u32 = 1 << 20;

/// Shards in a series.
const SHARDS: i64 = 16;

/// Vouchers that are planned for one shard: 3/4 of it, so that a random place is soon a free one.
const SHARD_VOUCHERS_PLANNED: i64 = 786_432;

/// Vouchers that are planned for one series.
pub(crate) const SERIES_VOUCHERS_PLANNED_MAX: i64 = SHARD_VOUCHERS_PLANNED * SHARDS;

/// Draws for one chunk before giving up: at 3/4 full, each leaves at most 3/4 of what is missing, so 200 draws all failing for one
/// of 5,000 vouchers has a probability below 10⁻²⁰.
const DRAWS_MAX: u32 = 200;

#[derive(Debug)]
pub enum MintRejection {
    NoBatch,
    Cancelled,
    NoKey(NoKey),
}

impl Rejection for MintRejection {}

type MintError = UseCaseError<MintRejection>;

impl From<MintRejection> for Problem {
    fn from(rejection: MintRejection) -> Self {
        match rejection {
            MintRejection::NoBatch => Self::not_found("Ce lot"),
            MintRejection::Cancelled => Self::refused("batch-cancelled", "Ce lot est annulé."),
            MintRejection::NoKey(none) => none.into(),
        }
    }
}

/// Mints what is missing of a batch; repeating it changes nothing. Each chunk is minted for the key that is the one to use at that
/// moment: a key that is withdrawn meanwhile signs no further chunk. The first chunk that this request adds carries its line in the trail.
pub async fn mint(
    pool: &PgPool,
    who: &Caller,
    programme: &Programme,
    id: BatchId,
    keys: &VoucherKeys,
    at: DateTime<Utc>,
) -> Result<Batch, MintError> {
    let mut audited = false;
    loop {
        let batch = database::transaction(pool, "mint_chunk", |tx| {
            let (who, programme, keys) = (who.clone(), programme.id, keys.clone());
            Box::pin(async move {
                lock(tx, programme, id).await?;
                lock_places(tx, programme, Places::Draw).await?;
                let batch = batch::find(&mut **tx, programme, id)
                    .await?
                    .ok_or(MintRejection::NoBatch)?;
                if batch.cancelled_at.is_some() {
                    return Err(MintRejection::Cancelled.into());
                }
                if batch.minted_at.is_none() {
                    let kid = key_for(tx, &batch, &keys.signers, at)
                        .await
                        .map_err(|error| error.map_rejection(MintRejection::NoKey))?;
                    add_chunk(tx, &batch, (kid, &keys.secrets), at).await?;
                    if !audited {
                        audit(tx, &who, at, "batch.mint", Some(id.uuid()), ()).await?;
                    }
                }
                Ok::<_, MintError>(batch)
            })
        })
        .await?;
        audited = true;
        if batch.minted_at.is_some() {
            return Ok(batch.view());
        }
    }
}

/// The key for which vouchers of this batch are drawn now.
pub(crate) async fn key_for(
    tx: &mut PgTransaction<'_>,
    batch: &BatchRow,
    signers: &Signers,
    at: DateTime<Utc>,
) -> Result<Kid, UseCaseError<NoKey>> {
    let published = catalogue::published_keys(&mut **tx).await?;
    let kept = "the catalogue keeps face values and last days within the token's 16 bits";
    let wanted = VouchersToMint {
        series: batch.series,
        cents: u16::try_from(batch.face_value.get()).expect(kept),
        last_day: LastDay::from_date(batch.last_day).expect(kept),
    };
    Ok(choose(&published, signers, wanted, at)?)
}

async fn lock(tx: &mut PgTransaction<'_>, programme: catalogue::ProgrammeId, id: BatchId) -> Result<(), sqlx::Error> {
    sqlx::query_scalar!(
        "select id from issuer.batch where book_id = $1 and id = $2 for update",
        programme.uuid(),
        id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await
    .map(drop)
}

async fn add_chunk(
    tx: &mut PgTransaction<'_>,
    batch: &BatchRow,
    with: (Kid, &VoucherSecrets),
    at: DateTime<Utc>,
) -> Result<(), MintError> {
    let done = sqlx::query_scalar!(
        r#"select coalesce(max(serial), 0) as "done!" from issuer.voucher where book_id = $1 and batch_id = $2"#,
        batch.book().uuid(),
        batch.id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?;
    let first = u32::try_from(done).expect("serial numbers are positive") + 1;
    let last = batch.vouchers().min(first.saturating_add(MINT_CHUNK_VOUCHERS - 1));
    draw_all(tx, batch, with, at, (first..=last).collect()).await?;
    if last == batch.vouchers() {
        sqlx::query!(
            "update issuer.batch set minted_at = $3 where book_id = $1 and id = $2",
            batch.book().uuid(),
            batch.id.uuid(),
            at,
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// What is done with places of the status list.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Places {
    /// Free ones are taken.
    Draw,
    /// Taken ones are given up, for ever.
    Withdraw,
}

/// Draws go side by side; a withdrawal waits for them and they for it. So the statement that draws, which comes after, sees every
/// place that was withdrawn.
pub(crate) async fn lock_places(
    tx: &mut PgTransaction<'_>,
    programme: catalogue::ProgrammeId,
    places: Places,
) -> Result<(), sqlx::Error> {
    let lock = NamedLock::StatusPlaces(programme.uuid());
    match places {
        Places::Draw => lock.take_shared(tx).await,
        Places::Withdraw => lock.take(tx).await,
    }
}

/// Draws until each serial number has a place, for the key `kid`.
pub(crate) async fn draw_all<R>(
    tx: &mut PgTransaction<'_>,
    batch: &BatchRow,
    (kid, secrets): (Kid, &VoucherSecrets),
    at: DateTime<Utc>,
    mut missing: Vec<u32>,
) -> Result<(), UseCaseError<R>> {
    secrets.note_use(tx, at).await?;
    for _ in 0..DRAWS_MAX {
        if missing.is_empty() {
            return Ok(());
        }
        missing = draw(tx, batch, (kid, secrets), missing).await?;
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(UseCaseError::failed("no free place in the shard"))
    }
}

/// Draws a place and a nonce for each serial number; returns those whose draw was taken.
async fn draw<R>(
    tx: &mut PgTransaction<'_>,
    batch: &BatchRow,
    (kid, secrets): (Kid, &VoucherSecrets),
    serials: Vec<u32>,
) -> Result<Vec<u32>, UseCaseError<R>> {
    let mut random = vec![[0; 4 + NONCE_BYTES]; serials.len()];
    getrandom::fill(random.as_flattened_mut()).map_err(UseCaseError::failed)?;
    let mut drawn = Columns::default();
    for (serial, bytes) in serials.iter().zip(random) {
        let (place, nonce) = bytes
            .split_first_chunk()
            .expect("4 bytes for the place, 16 for the nonce");
        let number = number(batch, *serial, u32::from_be_bytes(*place));
        drawn.add(batch, (kid, secrets), number, nonce.try_into().expect("16 bytes"));
    }
    let stored_serials: Vec<i32> = serials.iter().map(|&serial| stored(serial)).collect();
    let (id_key, code_key) = secrets.current();
    let written = sqlx::query_scalar!(
        "insert into issuer.voucher (book_id, number, batch_id, serial, nonce, commitment, code_digest, id_key, code_key, kid)
         select $1, drawn.number, $2, drawn.serial, drawn.nonce, drawn.commitment, drawn.code_digest, $8, $9, $3
         from unnest($4::bigint[], $5::int[], $6::bytea[], $7::bytea[], $10::bytea[])
             as drawn (number, serial, nonce, commitment, code_digest)
         where not exists (select from issuer.withdrawn_voucher w where w.book_id = $1 and w.number = drawn.number)
             and not exists (select from issuer.withdrawn_voucher w where w.book_id = $1 and w.code_digest = drawn.code_digest)
         on conflict do nothing returning serial",
        batch.book().uuid(),
        batch.id.uuid(),
        &kid.to_bytes(),
        &drawn.numbers,
        &stored_serials,
        &drawn.nonces,
        &drawn.commitments,
        &id_key.to_bytes(),
        &code_key.to_bytes(),
        &drawn.code_digests,
    )
    .fetch_all(&mut **tx)
    .await?;
    let written: std::collections::HashSet<i32> = written.into_iter().collect();
    Ok(serials
        .into_iter()
        .filter(|&serial| !written.contains(&stored(serial)))
        .collect())
}

/// What is drawn, as columns.
#[derive(Default)]
struct Columns {
    numbers: Vec<i64>,
    nonces: Vec<Vec<u8>>,
    commitments: Vec<Vec<u8>>,
    code_digests: Vec<Vec<u8>>,
}

impl Columns {
    fn add(
        &mut self,
        batch: &BatchRow,
        (kid, secrets): (Kid, &VoucherSecrets),
        number: AccountNumber,
        nonce: [u8; NONCE_BYTES],
    ) {
        let (series, idx) = number.as_voucher().expect("made as a voucher's number");
        let idx = Idx::new(idx).expect("a voucher number holds 24 bits of idx");
        let (id, code_digest) = secrets.draw(&nonce, series, idx);
        let commitment = Commitment::to(nonce, &terms(batch, series, idx, id).to_bytes(kid));
        self.numbers.push(number.get());
        self.nonces.push(nonce.to_vec());
        self.commitments.push(commitment.digest.to_vec());
        self.code_digests.push(code_digest.to_vec());
    }
}

/// What the token of a voucher of this batch says.
pub(crate) fn terms(batch: &BatchRow, series: u16, idx: Idx, id: VoucherId) -> Terms {
    let kept = "the catalogue keeps face values and last days within the token's 16 bits";
    Terms {
        series,
        idx,
        cents: u16::try_from(batch.face_value.get()).expect(kept),
        day: LastDay::from_date(batch.last_day).expect(kept),
        id,
    }
}

/// The account number of a voucher whose place in its shard is `random` (its low 20 bits).
fn number(batch: &BatchRow, serial: u32, random: u32) -> AccountNumber {
    let position = batch.series_position + i64::from(serial) - 1;
    let shard = u32::try_from(position / SHARD_VOUCHERS_PLANNED).expect("an order fits its series");
    AccountNumber::voucher(batch.series, shard * SHARD_PLACES + random % SHARD_PLACES)
}
