use access::OrganisationId;
use catalogue::ProgrammeId;
use ledger::BatchId;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgTransaction};
use standards::Cents;
use utoipa::ToSchema;

/// Booklets, and what they are worth when nothing of them is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sum {
    /// How many booklets.
    pub booklets: i64,
    /// Their face value.
    pub face_value: Cents,
}

/// The four sums of the alert. `issued` is `handed_over` and `never_handed_over` together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BookletSums {
    /// Of batches that were minted and not cancelled.
    pub issued: Sum,
    /// Given to a person, those lost and replaced among them.
    pub handed_over: Sum,
    /// Still in a drawer, or revoked there.
    pub never_handed_over: Sum,
    /// At least one voucher used, and its claim not reversed.
    pub started: Sum,
}

/// A batch's sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchSums {
    pub batch_id: BatchId,
    #[serde(flatten)]
    pub sums: BookletSums,
}

/// The sums of a distribution point, which is a prescriber. Nothing says how many booklets it was sent, so only what it gave is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PointSums {
    /// The prescriber.
    pub prescriber_id: OrganisationId,
    pub name: String,
    pub handed_over: Sum,
    /// Of those, started.
    pub started: Sum,
}

/// Where the booklets of a programme are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BookletCount {
    /// Of the programme.
    pub sums: BookletSums,
    /// Of `never_handed_over`, those revoked whole: they cannot be given any more.
    pub revoked_in_stock: Sum,
    /// By batch, in order of its order.
    pub batches: Vec<BatchSums>,
    /// By distribution point, in order of name.
    pub points: Vec<PointSums>,
}

/// Counts the booklets of a programme as the transaction sees them.
pub(crate) async fn count(tx: &mut PgTransaction<'_>, programme: ProgrammeId) -> Result<BookletCount, sqlx::Error> {
    // On the day a batch is minted PostgreSQL's statistics still say that the tables are empty; see `ledger::read::snapshot`.
    sqlx::query!("set local enable_nestloop = off")
        .execute(&mut **tx)
        .await?;
    let batches = by_batch(&mut *tx, programme).await?;
    let points = by_point(&mut *tx, programme).await?;
    sqlx::query!("set local enable_nestloop = on")
        .execute(&mut **tx)
        .await?;
    let mut count = BookletCount {
        points,
        ..BookletCount::default()
    };
    for (batch, revoked) in batches {
        count.revoked_in_stock.add(revoked)?;
        for (sum, of_batch) in count.sums.each_mut().into_iter().zip(batch.sums.each()) {
            sum.add(of_batch)?;
        }
        count.batches.push(batch);
    }
    Ok(count)
}

impl Sum {
    fn new(booklets: i64, booklet: Cents) -> Result<Self, sqlx::Error> {
        Ok(Self {
            booklets,
            face_value: booklet.checked_mul(booklets).ok_or_else(too_much)?,
        })
    }

    fn add(&mut self, other: Self) -> Result<(), sqlx::Error> {
        self.booklets = self.booklets.checked_add(other.booklets).ok_or_else(too_much)?;
        self.face_value = self.face_value.checked_add(other.face_value).ok_or_else(too_much)?;
        Ok(())
    }
}

impl BookletSums {
    const fn each(&self) -> [Sum; 4] {
        [self.issued, self.handed_over, self.never_handed_over, self.started]
    }

    const fn each_mut(&mut self) -> [&mut Sum; 4] {
        [
            &mut self.issued,
            &mut self.handed_over,
            &mut self.never_handed_over,
            &mut self.started,
        ]
    }

    /// The four counts, as they are accepted.
    pub(super) fn booklets(&self) -> [i64; 4] {
        self.each().map(|sum| sum.booklets)
    }
}

fn too_much() -> sqlx::Error {
    sqlx::Error::Decode("the booklets of a programme are worth more than 64 bits of cents".into())
}

async fn by_batch(connection: &mut PgConnection, programme: ProgrammeId) -> Result<Vec<(BatchSums, Sum)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with started as (
               select v.batch_id, count(distinct (v.serial - 1) / b.booklet_size) as booklets
               from ledger.spent_voucher s
               join issuer.voucher v on v.book_id = $1 and v.number = s.number
               join issuer.batch b on b.book_id = $1 and b.id = v.batch_id
               where s.book_id = $1
               group by v.batch_id),
           given as (
               select h.batch_id, count(*) as booklets from issuer.hand_over h where h.book_id = $1 group by h.batch_id),
           whole as (
               select v.batch_id, (b.series_position + v.serial - 1) / b.booklet_size + 1 as booklet
               from issuer.revocation r
               join issuer.voucher v on v.book_id = $1 and v.number = r.number
               join issuer.batch b on b.book_id = $1 and b.id = v.batch_id
               where r.book_id = $1
               group by v.batch_id, booklet, b.booklet_size
               having count(*) = b.booklet_size),
           in_stock as (
               select w.batch_id, count(*) as booklets from whole w
               where not exists (
                   select from issuer.hand_over h where h.book_id = $1 and h.batch_id = w.batch_id and h.booklet = w.booklet)
               group by w.batch_id)
           select b.id as "id!: BatchId", b.booklets::bigint as "issued!", b.booklet_size::bigint as "booklet_size!",
               b.face_value_cents as "face_value!: Cents", coalesce(g.booklets, 0) as "handed_over!",
               coalesce(s.booklets, 0) as "started!", coalesce(i.booklets, 0) as "revoked!"
           from issuer.batch b
           left join given g on g.batch_id = b.id
           left join started s on s.batch_id = b.id
           left join in_stock i on i.batch_id = b.id
           where b.book_id = $1 and b.minted_at is not null and b.cancelled_at is null
           order by b.ordered_at, b.id"#,
        programme.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let booklet = row.face_value.checked_mul(row.booklet_size).ok_or_else(too_much)?;
            let sums = BookletSums {
                issued: Sum::new(row.issued, booklet)?,
                handed_over: Sum::new(row.handed_over, booklet)?,
                never_handed_over: Sum::new(row.issued - row.handed_over, booklet)?,
                started: Sum::new(row.started, booklet)?,
            };
            let batch = BatchSums { batch_id: row.id, sums };
            Ok((batch, Sum::new(row.revoked, booklet)?))
        })
        .collect()
}

async fn by_point(connection: &mut PgConnection, programme: ProgrammeId) -> Result<Vec<PointSums>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with started as (
               select distinct v.batch_id, (b.series_position + v.serial - 1) / b.booklet_size + 1 as booklet
               from ledger.spent_voucher s
               join issuer.voucher v on v.book_id = $1 and v.number = s.number
               join issuer.batch b on b.book_id = $1 and b.id = v.batch_id
               where s.book_id = $1)
           select h.prescriber_id as "prescriber!: OrganisationId", coalesce(o.name, '') as "name!",
               count(*) as "handed_over!", count(s.booklet) as "started!",
               sum(b.face_value_cents * b.booklet_size)::bigint as "handed_over_cents!: Cents",
               coalesce(sum(b.face_value_cents * b.booklet_size) filter (where s.booklet is not null), 0)::bigint
                   as "started_cents!: Cents"
           from issuer.hand_over h
           join issuer.batch b on b.book_id = $1 and b.id = h.batch_id
           left join started s on s.batch_id = h.batch_id and s.booklet = h.booklet
           left join access.organisation o on o.id = h.prescriber_id
           where h.book_id = $1
           group by h.prescriber_id, o.name
           order by o.name, h.prescriber_id"#,
        programme.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let sum = |booklets, face_value| Sum { booklets, face_value };
    Ok(rows
        .into_iter()
        .map(|row| PointSums {
            prescriber_id: row.prescriber,
            name: row.name,
            handed_over: sum(row.handed_over, row.handed_over_cents),
            started: sum(row.started, row.started_cents),
        })
        .collect())
}
