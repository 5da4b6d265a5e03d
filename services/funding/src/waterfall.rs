//! The report that ends the "nobody had the same total" problem: per funder and programme, each figure in its own column.
//!
//! | column | from | note |
//! |---|---|---|
//! | announced | announcements, and conventions that carry none out | what has no programme yet stands in the row without programme |
//! | agreed | conventions | |
//! | called | calls for funds | |
//! | received | the books | see below |
//! | ordered | the issuer's batches, split by each batch's own plan | less cancelled batches and revocations |
//! | funded | available → reserved | less cancelled batches and revocations |
//! | activated | reserved → voucher | less revocations |
//! | handed over | the issuer's hand-overs, by who paid each voucher | spendable vouchers, less revocations |
//! | claimed | claims not reversed, by who paid each voucher | |
//! | paid | settlement lines of payments debited and not returned, by who paid each voucher | |
//! | expired | vouchers and reserves that went back past the last day | |
//! | returned | refunds debited at the bank and not come back | |
//! | free | available (and, without programme, deposited) | |
//! | at risk | activated, not handed over, and still spendable | claimed, revoked or swept past the last day: no more |
//! | owed | claimed − paid | negative when a claim was reversed after it was paid |
//! | revoked | what revocations gave back | already off the columns above |
//! | mandated | the part of *received* that is a public mandate whose money is awaited | by the mandate's programme, as far as allocated to it |
//!
//! **Received** is money on the bank account, and the bank knows no programme. A programme's part is what was allocated to
//! it, less what it gave back as a credit (that is the funder's free money again); what went back to the funder's own
//! bank account stays received here and is returned there. The rest stands in a row without programme («&nbsp;non
//! affecté&nbsp;»). So a funder's rows always sum to what the bank saw of it, and the row without programme has equal
//! *received* and *free*.
//!
//! All statements run in one snapshot; their number does not grow with the books.

mod csv;
mod outside;
mod row;

use std::collections::{BTreeMap, BTreeSet};

use access::{Caller, Role};
use ledger::{BookId, FunderFigures, PartyId};
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use standards::Cents;
use utoipa::ToSchema;
use web::Problem;

use crate::waterfall::outside::Outside;

pub use csv::csv;
pub use row::Row;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum WaterfallError {
    /// Not a reader of the report.
    #[error("forbidden")]
    Forbidden,
    /// More than 64 bits of cents.
    #[error("amounts add up to more than 64 bits")]
    Overflow,
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<WaterfallError> for Problem {
    fn from(error: WaterfallError) -> Self {
        match error {
            WaterfallError::Forbidden => Self::forbidden(
                "Cette action est réservée aux rôles « opérateur », « auditeur », « financeur » et « commanditaire ».",
            ),
            error => Self::internal(&error),
        }
    }
}

/// The whole report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Waterfall {
    /// By funder, then programme; money without programme last.
    pub rows: Vec<Row>,
    /// One a funder.
    pub totals: Vec<Row>,
}

/// The report as `who` may see it: all of it, a funder its own rows, a sponsor those of its programmes.
pub async fn waterfall(pool: &PgPool, who: &Caller) -> Result<Waterfall, WaterfallError> {
    let everything = who.has(Role::Operator) || who.has(Role::Auditor);
    if !everything && !who.has(Role::Funder) && !who.has(Role::Sponsor) {
        return Err(WaterfallError::Forbidden);
    }
    let mut snapshot = ledger::snapshot(pool).await?;
    let (mut rows, sponsored) = all_rows(&mut snapshot, Some(who)).await?;
    snapshot.rollback().await?;
    let me = PartyId::from_uuid(who.organisation().uuid());
    rows.retain(|row| {
        everything
            || (who.has(Role::Funder) && row.funder_id == me)
            || row.programme_id.is_some_and(|programme| sponsored.contains(&programme))
    });
    let totals = totals(&rows).ok_or(WaterfallError::Overflow)?;
    Ok(Waterfall { rows, totals })
}

/// The whole report, for who holds the database itself: the export.
pub async fn whole(pool: &PgPool) -> Result<Waterfall, WaterfallError> {
    let mut snapshot = ledger::snapshot(pool).await?;
    let (rows, _) = all_rows(&mut snapshot, None).await?;
    snapshot.rollback().await?;
    let totals = totals(&rows).ok_or(WaterfallError::Overflow)?;
    Ok(Waterfall { rows, totals })
}

/// Every row, and the programmes that `who` sponsors.
async fn all_rows(
    connection: &mut PgConnection,
    who: Option<&Caller>,
) -> Result<(Vec<Row>, BTreeSet<BookId>), WaterfallError> {
    let books = ledger::Figures::read(&mut *connection).await?.waterfall();
    let outside = outside::read(&mut *connection).await?;
    let at_large = outside::announced_at_large(&mut *connection).await?;
    let names = outside::names(connection).await?;
    let mut rows = programme_rows(&books, &outside).ok_or(WaterfallError::Overflow)?;
    rows.extend(unallocated(&books.funders, &rows, at_large).ok_or(WaterfallError::Overflow)?);
    for row in &mut rows {
        row.funder = names.funders.get(&row.funder_id).cloned().unwrap_or_default();
        row.programme = row
            .programme_id
            .and_then(|book| names.programmes.get(&book))
            .map(|(name, _)| name.clone());
    }
    rows.sort_by(|a, b| {
        let key = |row: &Row| {
            (
                row.funder.clone(),
                row.funder_id,
                row.programme.is_none(),
                row.programme.clone(),
            )
        };
        key(a).cmp(&key(b)).then(a.programme_id.cmp(&b.programme_id))
    });
    let sponsor = who
        .filter(|who| who.has(Role::Sponsor))
        .map(|who| who.organisation().uuid());
    let sponsored = names.programmes.iter().filter(|(_, (_, by))| Some(*by) == sponsor);
    let sponsored = sponsored.map(|(&book, _)| book).collect();
    Ok((rows, sponsored))
}

fn programme_rows(books: &ledger::Waterfall, outside: &BTreeMap<(BookId, PartyId), Outside>) -> Option<Vec<Row>> {
    let inside: BTreeMap<_, _> = books
        .programmes
        .iter()
        .map(|line| ((line.book, line.funder), line))
        .collect();
    let keys: BTreeSet<(BookId, PartyId)> = inside.keys().chain(outside.keys()).copied().collect();
    let nothing = Outside::default();
    let row = |key: (BookId, PartyId)| {
        Row::of_programme(key, inside.get(&key).copied(), outside.get(&key).unwrap_or(&nothing))
    };
    keys.into_iter().map(row).collect()
}

/// What of each funder's money, or of what it announced, has no programme.
fn unallocated(funders: &[FunderFigures], rows: &[Row], mut at_large: BTreeMap<PartyId, Cents>) -> Option<Vec<Row>> {
    let mut all = Vec::new();
    for funder in funders {
        let mine = rows.iter().filter(|row| row.funder_id == funder.funder);
        let placed = Cents::try_sum(mine.map(|row| row.received))?;
        let received = funder.received.checked_sub(placed)?;
        let mandated = Cents::try_sum(
            rows.iter()
                .filter(|row| row.funder_id == funder.funder)
                .map(|row| row.mandated),
        )?;
        let mandated = funder.mandated_not_received.checked_sub(mandated)?;
        let announced = at_large.remove(&funder.funder).unwrap_or_default();
        let any = [received, funder.deposited, mandated, announced]
            .iter()
            .any(|cents| !cents.is_zero());
        if any {
            all.push(Row {
                announced,
                received,
                mandated,
                free: funder.deposited,
                ..Row::empty(funder.funder)
            });
        }
    }
    all.extend(at_large.into_iter().map(|(funder, announced)| Row {
        announced,
        ..Row::empty(funder)
    }));
    Some(all)
}

fn totals(rows: &[Row]) -> Option<Vec<Row>> {
    let mut totals: Vec<Row> = Vec::new();
    for row in rows {
        match totals.last_mut() {
            Some(total) if total.funder_id == row.funder_id => total.add(row)?,
            _ => {
                let mut total = Row {
                    funder: row.funder.clone(),
                    ..Row::empty(row.funder_id)
                };
                total.add(row)?;
                totals.push(total);
            }
        }
    }
    Some(totals)
}
