//! Claims as they stand: the receipt that every repetition of a claim gets again.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use ledger::{AccountNumber, BookId};
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use standards::Cents;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Page;

use catalogue::ProgrammeId;

use crate::{ids::ClaimId, ids::ClaimRequestId, ids::StructureId};

/// A voucher on a receipt. Its place in its series names it; nobody can spend it with that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClaimedVoucher {
    pub series: u16,
    /// Its place in the series.
    pub idx: u32,
    /// What it was worth.
    pub value: Cents,
}

/// What a structure keeps of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Receipt {
    /// The id that the phone made.
    pub id: ClaimRequestId,
    /// The claim's id in the books.
    pub claim_id: ClaimId,
    /// The programme that pays.
    pub programme_id: ProgrammeId,
    pub structure_id: StructureId,
    /// Code of the service given.
    pub service: String,
    /// Day on which it was given.
    pub date: NaiveDate,
    /// What the structure is owed for it.
    pub total: Cents,
    /// The vouchers spent, by series and place.
    pub vouchers: Vec<ClaimedVoucher>,
    /// When it was claimed.
    pub at: DateTime<Utc>,
    /// When what the phone knew of the vouchers was true, if it had a status list: the list's `iat`.
    pub status_list_at: Option<DateTime<Utc>>,
    /// When it was undone, if it was.
    pub reversed_at: Option<DateTime<Utc>>,
}

impl ClaimId {
    /// The claim that a phone's id stands for in a programme.
    #[must_use]
    pub fn of(programme: ProgrammeId, request: ClaimRequestId) -> Self {
        Self::derive(b"claim", &[programme.uuid().as_bytes(), request.uuid().as_bytes()])
    }
}

/// The claims of these ids.
pub(crate) async fn receipts(
    connection: &mut PgConnection,
    book: BookId,
    ids: &[Uuid],
) -> Result<HashMap<ClaimId, Receipt>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select c.id, c.request_id, c.structure_id, c.service, c.service_date, c.cents, c.numbers, c.face_values, c.at,
             c.status_list_at, r.at as \"reversed_at?\"
         from redemption.claim c
         left join redemption.reversal r on r.book_id = $1 and r.claim_id = c.id
         where c.book_id = $1 and c.id = any($2)",
        book.uuid(),
        ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| row.receipt(book))
        .map(|receipt| (receipt.claim_id, receipt))
        .collect())
}

/// One claim, by the phone's id or the books'; `structure` sees only its own.
pub async fn get(
    pool: &PgPool,
    programme: ProgrammeId,
    id: Uuid,
    structure: Option<StructureId>,
) -> Result<Option<Receipt>, sqlx::Error> {
    let by_request = ClaimId::of(programme, ClaimRequestId::from_uuid(id)).uuid();
    let mut connection = pool.acquire().await?;
    let found = receipts(&mut connection, programme.book(), &[id, by_request]).await?;
    Ok(found
        .into_values()
        .find(|receipt| structure.is_none_or(|structure| receipt.structure_id == structure)))
}

/// A programme's claims in order of time, after the cursor `after`; `structure` sees only its own.
pub async fn list(
    pool: &PgPool,
    programme: ProgrammeId,
    structure: Option<StructureId>,
    after: Option<ClaimCursor>,
    limit: i64,
) -> Result<Page<Receipt>, sqlx::Error> {
    let after = after.unwrap_or(ClaimCursor {
        at: DateTime::UNIX_EPOCH,
        id: Uuid::nil(),
    });
    let book = programme.book();
    let rows = sqlx::query_as!(
        Row,
        "select c.id, c.request_id, c.structure_id, c.service, c.service_date, c.cents, c.numbers, c.face_values, c.at,
             c.status_list_at, r.at as \"reversed_at?\"
         from redemption.claim c
         left join redemption.reversal r on r.book_id = $1 and r.claim_id = c.id
         where c.book_id = $1 and ($2::uuid is null or c.structure_id = $2) and (c.at, c.id) > ($3, $4)
         order by c.at, c.id limit $5",
        book.uuid(),
        structure.map(StructureId::uuid),
        after.at,
        after.id,
        limit + 1,
    )
    .fetch_all(pool)
    .await?;
    let page = Page::new(rows, limit, |last| ClaimCursor {
        at: last.at,
        id: last.id,
    });
    Ok(page.map(|row| row.receipt(book)))
}

/// Where a page ended: `<microseconds>.<claim>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimCursor {
    at: DateTime<Utc>,
    id: Uuid,
}

/// The text is no cursor of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct NotACursor;

impl std::fmt::Display for ClaimCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at.timestamp_micros(), self.id)
    }
}

impl std::str::FromStr for ClaimCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (micros, id) = text.split_once('.').ok_or(NotACursor)?;
        let at = micros
            .parse()
            .ok()
            .and_then(DateTime::from_timestamp_micros)
            .ok_or(NotACursor)?;
        Ok(Self {
            at,
            id: id.parse().map_err(|_| NotACursor)?,
        })
    }
}

struct Row {
    id: Uuid,
    request_id: Uuid,
    structure_id: Uuid,
    service: String,
    service_date: NaiveDate,
    cents: i64,
    numbers: Vec<i64>,
    face_values: Vec<i64>,
    at: DateTime<Utc>,
    status_list_at: Option<DateTime<Utc>>,
    reversed_at: Option<DateTime<Utc>>,
}

impl Row {
    fn receipt(self, book: BookId) -> Receipt {
        let voucher = |(number, cents)| {
            let (series, idx) = AccountNumber::new(number)
                .as_voucher()
                .expect("only vouchers are claimed");
            ClaimedVoucher {
                series,
                idx,
                value: Cents::new(cents),
            }
        };
        Receipt {
            id: ClaimRequestId::from_uuid(self.request_id),
            claim_id: ClaimId::from_uuid(self.id),
            programme_id: book.into(),
            structure_id: StructureId::from_uuid(self.structure_id),
            service: self.service,
            date: self.service_date,
            total: Cents::new(self.cents),
            vouchers: self.numbers.into_iter().zip(self.face_values).map(voucher).collect(),
            at: self.at,
            status_list_at: self.status_list_at,
            reversed_at: self.reversed_at,
        }
    }
}
