use std::ops::RangeInclusive;

use catalogue::{PlanId, Programme, ProgrammeId};
use chrono::{DateTime, NaiveDate, Utc};
use ledger::{AccountNumber, BatchId, BookId, Commitment};
use serde::Serialize;
use sqlx::{PgConnection, PgExecutor};
use standards::Cents;
use utoipa::ToSchema;
use voucher::KeyCheck;
use web::Page;

/// How far a batch is; the farthest word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// A memo: nothing moved.
    Ordered,
    /// Vouchers have numbers and can be printed; worth nothing.
    Minted,
    /// Money is reserved behind it.
    Funded,
    /// All of it is spendable (programmes that activate whole batches).
    Activated,
    /// Given up; its money is owed back.
    Cancelled,
}

/// A batch as its sponsor sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Batch {
    pub id: BatchId,
    pub programme_id: ProgrammeId,
    /// The version of the funding plan that it keeps.
    pub plan_id: PlanId,
    /// The series of its tokens.
    pub series: u16,
    /// Booklets ordered.
    pub booklets: u32,
    /// The number of the first one. A booklet's number is its own in the whole programme: each batch counts on from the one before.
    pub first_booklet: u32,
    /// Vouchers in all.
    pub vouchers: u32,
    /// Value of one voucher.
    pub face_value: Cents,
    pub total: Cents,
    pub state: BatchState,
    /// Whether its vouchers have numbers.
    pub minted: bool,
    /// Whether money is reserved behind it.
    pub funded: bool,
}

/// A batch as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct BatchRow {
    pub id: BatchId,
    pub programme: ProgrammeId,
    pub plan: PlanId,
    pub series: u16,
    pub series_position: i64,
    pub booklets: u32,
    pub booklet_size: u32,
    pub face_value: Cents,
    pub last_day: NaiveDate,
    pub minted_at: Option<DateTime<Utc>>,
    pub funded_at: Option<DateTime<Utc>>,
    pub activated_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
}

/// A voucher as it is printed: its account's number, its place in the batch, and what its token is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printed {
    pub number: AccountNumber,
    pub serial: u32,
    pub nonce: [u8; 16],
    pub commitment: [u8; 32],
    /// The key that its id is made with.
    pub id_key: KeyCheck,
    pub kid: [u8; 4],
}

impl Printed {
    /// What its account is opened with.
    pub(crate) const fn commitment(&self) -> Commitment {
        Commitment {
            nonce: self.nonce,
            digest: self.commitment,
        }
    }
}

impl BatchRow {
    pub(crate) const fn book(&self) -> BookId {
        self.programme.book()
    }

    /// [`order`](crate::batches::order::order()) keeps the product within 32 bits.
    pub(crate) const fn vouchers(&self) -> u32 {
        self.booklets * self.booklet_size
    }

    /// Numbers of its booklets, unique in the programme: batches follow one another in the programme's series without sharing a
    /// place, and every booklet of a programme has the same size.
    pub(crate) fn booklet_numbers(&self) -> RangeInclusive<u32> {
        let before = self.series_position / i64::from(self.booklet_size);
        let before = u32::try_from(before).expect("a series has fewer than 2^32 places");
        before + 1..=before + self.booklets
    }

    /// Serial numbers in the batch (from 1) of a booklet by its number; nothing when the booklet is of another batch.
    pub(crate) fn serials_of(&self, booklet: u32) -> Option<RangeInclusive<u32>> {
        let numbers = self.booklet_numbers();
        let before = numbers.contains(&booklet).then(|| booklet - numbers.start())? * self.booklet_size;
        Some(before + 1..=before + self.booklet_size)
    }

    /// The number of the booklet that a voucher of the batch is in.
    pub(crate) fn booklet_of(&self, serial: u32) -> u32 {
        self.booklet_numbers().start() + (serial - 1) / self.booklet_size
    }

    pub(crate) fn view(&self) -> Batch {
        let total = self.face_value.checked_mul(self.vouchers().into());
        Batch {
            id: self.id,
            programme_id: self.programme,
            plan_id: self.plan,
            series: self.series,
            booklets: self.booklets,
            first_booklet: *self.booklet_numbers().start(),
            vouchers: self.vouchers(),
            face_value: self.face_value,
            total: total.expect("32 bits of vouchers of 16 bits of cents fit 64 bits"),
            state: self.state(),
            minted: self.minted_at.is_some(),
            funded: self.funded_at.is_some(),
        }
    }

    fn state(&self) -> BatchState {
        match self {
            Self {
                cancelled_at: Some(_), ..
            } => BatchState::Cancelled,
            Self {
                activated_at: Some(_), ..
            } => BatchState::Activated,
            Self { funded_at: Some(_), .. } => BatchState::Funded,
            Self { minted_at: Some(_), .. } => BatchState::Minted,
            _ => BatchState::Ordered,
        }
    }
}

/// A page of a programme's batches, in order of id.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    programme: ProgrammeId,
    after: Option<BatchId>,
    limit: i64,
) -> Result<Page<Batch>, sqlx::Error> {
    let rows = read(db, programme, None, after, limit + 1).await?;
    Ok(Page::new(rows, limit, |last| last.id).map(|row| row.view()))
}

/// Batches of a programme in order of id: one, or all after a cursor.
async fn read(
    db: impl PgExecutor<'_>,
    programme: ProgrammeId,
    only: Option<BatchId>,
    after: Option<BatchId>,
    rows_max: i64,
) -> Result<Vec<BatchRow>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id: BatchId", plan_id as "plan_id: PlanId", series, series_position, booklets, booklet_size,
               face_value_cents as "face_value: Cents", last_day, minted_at, funded_at, activated_at, cancelled_at
           from issuer.batch
           where book_id = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or id > $3)
           order by id limit $4"#,
        programme.uuid(),
        only.map(BatchId::uuid),
        after.map(BatchId::uuid),
        rows_max,
    )
    .fetch_all(db)
    .await?;
    let kept = "the constraints of issuer.batch and catalogue.series keep it in range";
    let row = rows.into_iter().map(|row| BatchRow {
        id: row.id,
        programme,
        plan: row.plan_id,
        series: u16::try_from(row.series).expect(kept),
        series_position: row.series_position,
        booklets: u32::try_from(row.booklets).expect(kept),
        booklet_size: u32::try_from(row.booklet_size).expect(kept),
        face_value: row.face_value,
        last_day: row.last_day,
        minted_at: row.minted_at,
        funded_at: row.funded_at,
        activated_at: row.activated_at,
        cancelled_at: row.cancelled_at,
    });
    Ok(row.collect())
}

pub(crate) async fn find(
    db: impl PgExecutor<'_>,
    programme: ProgrammeId,
    id: BatchId,
) -> Result<Option<BatchRow>, sqlx::Error> {
    Ok(read(db, programme, Some(id), None, 1).await?.pop())
}

/// Vouchers of a batch in order of serial number; fewer than asked for when they are not minted.
pub(crate) async fn vouchers(
    db: impl PgExecutor<'_>,
    batch: &BatchRow,
    serials: &RangeInclusive<u32>,
) -> Result<Vec<Printed>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select number as "number: AccountNumber", serial, nonce, commitment, id_key, kid from issuer.voucher
           where book_id = $1 and batch_id = $2 and serial between $3 and $4 order by serial"#,
        batch.book().uuid(),
        batch.id.uuid(),
        stored(*serials.start()),
        stored(*serials.end()),
    )
    .fetch_all(db)
    .await?;
    let kept = "voucher_sizes keeps it";
    let printed = rows.into_iter().map(|row| Printed {
        number: row.number,
        serial: u32::try_from(row.serial).expect(kept),
        nonce: row.nonce.try_into().expect(kept),
        commitment: row.commitment.try_into().expect(kept),
        id_key: KeyCheck::new(row.id_key.try_into().expect(kept)),
        kid: row.kid.try_into().expect(kept),
    });
    Ok(printed.collect())
}

/// A count or serial number as PostgreSQL stores it; beyond 31 bits nothing is ever found.
pub(crate) fn stored(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Whether the programme's end was declared: from then on nothing is handed over, funded or activated.
pub(crate) async fn is_over(connection: &mut PgConnection, programme: &Programme) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from issuer.expiry where book_id = $1) as "over!""#,
        programme.id.uuid()
    )
    .fetch_one(connection)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booklets_are_numbered_on_from_the_batch_before_and_share_its_serials_without_gap() {
        let batch = BatchRow {
            id: BatchId::from_uuid(uuid::Uuid::nil()),
            programme: ProgrammeId::from_uuid(uuid::Uuid::nil()),
            plan: PlanId::from_uuid(uuid::Uuid::nil()),
            series: 1,
            series_position: 70,
            booklets: 3,
            booklet_size: 10,
            face_value: Cents::new(1000),
            last_day: NaiveDate::MAX,
            minted_at: None,
            funded_at: None,
            activated_at: None,
            cancelled_at: None,
        };
        let serials: Vec<u32> = (8..=10)
            .flat_map(|booklet| batch.serials_of(booklet).unwrap())
            .collect();
        assert_eq!(serials, (1..=30).collect::<Vec<_>>());
        assert!(
            serials
                .iter()
                .all(|&serial| batch.serials_of(batch.booklet_of(serial)).unwrap().contains(&serial))
        );
        assert_eq!((batch.serials_of(7), batch.serials_of(11)), (None, None));
        assert_eq!(batch.view().total.to_string(), "300.00");
    }
}
