//! Finding a booklet from its number, or from the code of its cover: a person comes with a cover, or with a number on a scrap of paper.

use access::Caller;
use catalogue::Programme;
use chrono::{DateTime, Utc};
use ledger::BatchId;
use serde::Serialize;
use sqlx::{PgConnection, PgExecutor};
use utoipa::ToSchema;
use voucher::{CoverCode, CoverCodeError};
use web::Problem;

use crate::HandOverId;
use crate::batches::batch::{self, stored};

/// A booklet, as who may act on it has to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Booklet {
    pub programme_id: catalogue::ProgrammeId,
    pub batch_id: BatchId,
    /// Its number in the programme, as it is printed.
    pub booklet: u32,
    /// As it is printed on the cover.
    #[schema(example = "COUV-1-42-20")]
    pub cover_code: String,
    /// Serial number in the batch of its first voucher.
    pub first_serial: u32,
    /// And of its last one.
    pub last_serial: u32,
    /// When it was given to a person; nothing while nobody holds it.
    pub handed_over_at: Option<DateTime<Utc>>,
    /// The hand-over, for the prescriber whose it is: what a replacement names.
    pub hand_over_id: Option<HandOverId>,
    /// How many of its vouchers are blocked.
    pub revoked: u32,
}

/// What a cover's code does not say.
#[derive(Debug)]
pub struct NoCover(pub CoverCodeError);

impl From<NoCover> for Problem {
    fn from(NoCover(error): NoCover) -> Self {
        Self::refused("cover-code", "Ce n'est pas le code d'une couverture.").detail(format!(
            "{error} Il est écrit sur la couverture du carnet ; ceux des chèques ne se cherchent pas."
        ))
    }
}

/// The booklet with this number in the programme; nothing when no batch has it.
pub(crate) async fn find_booklet(
    db: &mut PgConnection,
    who: &Caller,
    programme: &Programme,
    booklet: u32,
) -> Result<Option<Booklet>, sqlx::Error> {
    let Some(id) = batch_of(&mut *db, programme, booklet).await? else {
        return Ok(None);
    };
    let Some(batch) = batch::find(&mut *db, programme.id, id).await? else {
        return Ok(None);
    };
    let (Some(serials), Some(code)) = (batch.serials_of(booklet), CoverCode::new(batch.series, booklet)) else {
        return Ok(None);
    };
    let handed_over = sqlx::query!(
        r#"select id as "id: HandOverId", at, prescriber_id from issuer.hand_over where book_id = $1 and booklet = $2"#,
        programme.id.uuid(),
        stored(booklet),
    )
    .fetch_optional(&mut *db)
    .await?;
    let revoked = sqlx::query_scalar!(
        r#"select count(*) as "revoked!" from issuer.voucher v
           join issuer.revocation r on r.book_id = v.book_id and r.number = v.number
           where v.book_id = $1 and v.batch_id = $2 and v.serial between $3 and $4"#,
        programme.id.uuid(),
        id.uuid(),
        stored(*serials.start()),
        stored(*serials.end()),
    )
    .fetch_one(&mut *db)
    .await?;
    let own = handed_over
        .as_ref()
        .filter(|given| given.prescriber_id == who.organisation().uuid());
    Ok(Some(Booklet {
        programme_id: programme.id,
        batch_id: id,
        booklet,
        cover_code: code.to_string(),
        first_serial: *serials.start(),
        last_serial: *serials.end(),
        hand_over_id: own.map(|given| given.id),
        handed_over_at: handed_over.as_ref().map(|given| given.at),
        revoked: u32::try_from(revoked).expect("a booklet is small"),
    }))
}

/// The batch that this booklet is of: batches follow one another in the programme's series.
async fn batch_of(
    db: impl PgExecutor<'_>,
    programme: &Programme,
    booklet: u32,
) -> Result<Option<BatchId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select id as "id: BatchId" from issuer.batch
           where book_id = $1 and series_position / booklet_size < $2 and $2 <= series_position / booklet_size + booklets"#,
        programme.id.uuid(),
        i64::from(booklet),
    )
    .fetch_optional(db)
    .await
}
