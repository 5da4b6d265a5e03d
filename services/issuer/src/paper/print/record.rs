//! Which booklets were printed, and why again.

use std::ops::RangeInclusive;

use access::Caller;
use chrono::{DateTime, Utc};
use sqlx::PgTransaction;

use super::{PrintError, PrintRejection, ReprintReason};
use crate::batches::batch::{BatchRow, stored};
use crate::{PrintId, paper::booklets::PaperFormat};

/// What is printed.
pub(crate) struct NewPrint<'p> {
    pub id: PrintId,
    pub booklets: &'p RangeInclusive<u32>,
    pub kind: &'static str,
    pub format: PaperFormat,
    pub reason: Option<ReprintReason>,
    pub settings: Option<[u8; 32]>,
}

/// Makes prints of one batch take turns.
pub(crate) async fn lock(tx: &mut PgTransaction<'_>, batch: &BatchRow) -> Result<(), sqlx::Error> {
    sqlx::query_scalar!(
        "select id from issuer.batch where book_id = $1 and id = $2 for update",
        batch.book().uuid(),
        batch.id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await
    .map(drop)
}

/// Records a print; refused without a reason when one of the booklets was printed before. The batch is [locked](lock()).
pub(crate) async fn add(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    batch: &BatchRow,
    new: &NewPrint<'_>,
    at: DateTime<Utc>,
) -> Result<(), PrintError> {
    if new.reason.is_none() {
        let before = sqlx::query_scalar!(
            "select max(at) from issuer.print
             where book_id = $1 and batch_id = $2 and first_booklet <= $4 and last_booklet >= $3",
            batch.book().uuid(),
            batch.id.uuid(),
            stored(*new.booklets.start()),
            stored(*new.booklets.end()),
        )
        .fetch_one(&mut **tx)
        .await?;
        if let Some(on) = before {
            return Err(PrintRejection::PrintedBefore(standards::calendar::paris_date(on)).into());
        }
    }
    sqlx::query!(
        "insert into issuer.print (book_id, id, batch_id, first_booklet, last_booklet, kind, format, reason, settings_sha256,
             by_organisation, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        batch.book().uuid(),
        new.id.uuid(),
        batch.id.uuid(),
        stored(*new.booklets.start()),
        stored(*new.booklets.end()),
        new.kind,
        new.format.word(),
        new.reason.map(ReprintReason::word),
        new.settings.as_ref().map(<[u8; 32]>::as_slice),
        who.organisation().uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
