use access::{Caller, OrganisationId, audit};
use bounds::NumberKind;
use catalogue::{PlanId, Programme};
use chrono::{DateTime, Utc};
use database::{Rejection, UseCaseError};
use ledger::BatchId;
use serde::Deserialize;
use sqlx::PgTransaction;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::batches::batch::{self, Batch, BatchRow, stored};
use crate::batches::mint::SERIES_VOUCHERS_PLANNED_MAX;

bounds::number_kind! {
    /// Booklets in one order: at least what the programme says; a million vouchers at most, so that amounts and serial numbers stay
    /// small. More is another order.
    pub struct OrderBooklets: 0..=100_000;
}

/// An order of booklets.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// Made by the caller.
    pub id: BatchId,
    /// How many booklets.
    #[schema(value_type = OrderBooklets)]
    pub booklets: u32,
}

#[derive(Debug)]
pub enum OrderRejection {
    /// The programme's minimum.
    TooFew(u32),
    TooMany,
    NoPlan,
    ProgrammeOver,
    SeriesFull,
}

impl Rejection for OrderRejection {}

impl From<OrderRejection> for Problem {
    fn from(rejection: OrderRejection) -> Self {
        let refused = |kind| Self::refused(kind, "Cette commande n'est pas possible.");
        match rejection {
            OrderRejection::TooFew(least) => refused("order-too-small").detail(format!(
                "« booklets » : commandez au moins {least} carnets, le minimum de ce dispositif."
            )),
            OrderRejection::TooMany => refused("order-too-large").detail(format!(
                "« booklets » : une commande compte au plus {} carnets ; partagez-la.",
                OrderBooklets::MAX
            )),
            OrderRejection::NoPlan => refused("no-plan")
                .detail("Ce dispositif n'a pas encore de plan de financement : convenez-en avec ses financeurs."),
            OrderRejection::ProgrammeOver => {
                refused("programme-over").detail("Le dernier jour de ce dispositif est passé.")
            }
            OrderRejection::SeriesFull => refused("series-full").detail(
                "La série de ce dispositif ne peut plus accueillir autant de chèques : créez un nouveau dispositif.",
            ),
        }
    }
}

/// Orders booklets: a memo that keeps the newest funding plan, the face value and the last day. Nothing moves.
pub async fn order(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    new: &NewOrder,
    at: DateTime<Utc>,
) -> Result<Created<Batch>, UseCaseError<OrderRejection>> {
    // Opening the series also puts orders in a row: the positions read below cannot be taken twice.
    let series = catalogue::open_series(tx, programme.id, at).await?;
    if let Some(known) = batch::find(&mut **tx, programme.id, new.id).await? {
        return if known.booklets == new.booklets {
            Ok(Created::Existing(known.view()))
        } else {
            Err(UseCaseError::IdReused)
        };
    }
    check(programme, new, at)?;
    let plan = catalogue::current_plan(tx, programme.id)
        .await?
        .ok_or(OrderRejection::NoPlan)?;
    let position = next_position(tx, programme, series).await?;
    let batch = BatchRow {
        id: new.id,
        programme: programme.id,
        plan: plan.id,
        series,
        series_position: position,
        booklets: new.booklets,
        booklet_size: programme.booklet_size.into(),
        face_value: programme.face_value,
        last_day: programme.last_day,
        minted_at: None,
        funded_at: None,
        activated_at: None,
        cancelled_at: None,
    };
    let end = position.saturating_add(batch.vouchers().into());
    if end > SERIES_VOUCHERS_PLANNED_MAX {
        return Err(OrderRejection::SeriesFull.into());
    }
    insert(tx, &batch, plan.id, who.organisation(), at).await?;
    audit(tx, who, at, "batch.order", Some(new.id.uuid()), new.booklets).await?;
    Ok(Created::New(batch.view()))
}

fn check(programme: &Programme, new: &NewOrder, at: DateTime<Utc>) -> Result<(), OrderRejection> {
    if new.booklets < programme.booklets_min {
        return Err(OrderRejection::TooFew(programme.booklets_min));
    }
    if i64::from(new.booklets) > OrderBooklets::MAX {
        return Err(OrderRejection::TooMany);
    }
    if standards::calendar::paris_date(at) > programme.last_day {
        return Err(OrderRejection::ProgrammeOver);
    }
    Ok(())
}

/// Where the next batch starts in the series, counting cancelled batches too: there is room.
async fn next_position(tx: &mut PgTransaction<'_>, programme: &Programme, series: u16) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select coalesce(max(series_position + booklets::bigint * booklet_size), 0) as "position!"
           from issuer.batch where book_id = $1 and series = $2"#,
        programme.id.uuid(),
        i32::from(series),
    )
    .fetch_one(&mut **tx)
    .await
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    batch: &BatchRow,
    plan: PlanId,
    sponsor: OrganisationId,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into issuer.batch (book_id, id, plan_id, series, series_position, booklets, booklet_size, face_value_cents,
             last_day, ordered_by, ordered_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        batch.book().uuid(),
        batch.id.uuid(),
        plan.uuid(),
        i32::from(batch.series),
        batch.series_position,
        stored(batch.booklets),
        stored(batch.booklet_size),
        batch.face_value.get(),
        batch.last_day,
        sponsor.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
