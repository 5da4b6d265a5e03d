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
//! | returned | refunds debited at the bank and not come back; without programme, those of free money, and contributions that the bank took back | |
//! | free | available (and, without programme, deposited) | |
//! | at risk | activated, not handed over, and still spendable | claimed, revoked or swept past the last day: no more |
//! | owed | claimed − paid | negative when a claim was reversed after it was paid |
//! | revoked | what revocations gave back | already off the columns above |
//! | mandated | the part of *received* that is a public mandate whose money is awaited | by the mandate's programme, as far as allocated to it |
//! | cash | received − mandated − paid − returned, with what closes moved between funders | negative: advanced by the other funders |
//!
//! **Received** is money on the bank account, and the bank knows no programme. A programme's part is what was allocated to
//! it, less what it gave back as a credit (that is the funder's free money again); what went back to the funder's own
//! bank account stays received here and is returned there. The rest stands in a row without programme («&nbsp;non
//! affecté&nbsp;»). So a funder's rows always sum to what the bank saw of it, and the row without programme has equal
//! *received* and *free*, but for what went back to the bank from there, which is *returned*, and what is on its way.
//!
//! **A period** has two kinds of column. *Mandated*, *free*, *at risk*, *owed* and *cash* are how things stood at its end; each other one is what
//! happened in it: the column as it stood at the end, less the column as it stood at the beginning. So periods that follow one another add up.
//! How things stood at an instant is worked out from the transfers up to it ([`ledger::read::Figures::read_at`]); how they stand now is also what
//! the accounts' sums say, and the invariants compare the two.
//!
//! All statements run in one snapshot; their number does not grow with the books.

mod asked;
mod csv;
mod french;
mod off_ledger;
mod pdf;
mod row;
mod xlsx;

use std::collections::{BTreeMap, BTreeSet};

use access::{ReportReader, Role};
use chrono::{DateTime, Utc};
use database::UseCaseError;
use ledger::read::FunderFigures;
use ledger::{BookId, PartyId};
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use standards::Cents;
use utoipa::ToSchema;

use crate::reports::waterfall::asked::TurnedRound;
use crate::reports::waterfall::off_ledger::OffLedgerFigures;
use crate::support::overflow;

pub(crate) use asked::WaterfallFilter;
pub use csv::csv;
pub use pdf::pdf;
pub use row::WaterfallRow;
pub use xlsx::xlsx;

/// The whole report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Waterfall {
    /// By funder, then programme; money without programme last.
    pub rows: Vec<WaterfallRow>,
    pub totals: Vec<WaterfallRow>,
    /// Charges that the bank took from the fund's account and the operator has not paid back: nobody's money above is less for them.
    pub bank_charges_owed: Cents,
}

/// The report as `who` may see it (all of it, a funder its own rows, a sponsor those of its programmes), and of that what is
/// `asked` for.
pub async fn waterfall(
    pool: &PgPool,
    who: &ReportReader,
    asked: WaterfallFilter,
) -> Result<Waterfall, UseCaseError<TurnedRound>> {
    let everything = who.has(Role::Operator) || who.has(Role::Auditor);
    let (from, until) = asked.instants()?;
    let mut snapshot = ledger::read::snapshot(pool).await?;
    let programmes = off_ledger::programmes(&mut snapshot).await?;
    let (mut rows, charges) = rows_at(&mut snapshot, until).await?;
    if from.is_some() {
        let (before, _) = rows_at(&mut snapshot, from).await?;
        rows = happened_between(&before, rows).ok_or_else(overflow)?;
    }
    snapshot.rollback().await?;
    let me = who.organisation().uuid();
    rows.retain(|row| {
        let programme = row.programme_id.and_then(|book| programmes.get(&book));
        let seen = everything
            || (who.has(Role::Funder) && row.funder_id.uuid() == me)
            || (who.has(Role::Sponsor) && programme.is_some_and(|programme| programme.sponsor == me));
        seen && asked.wants(row, programme.and_then(|programme| programme.territory))
    });
    Ok(Waterfall::of(rows, charges)?)
}

/// The whole report, for who holds the database itself: the export. In a [`ledger::read::snapshot`], or the books move meanwhile.
pub async fn whole(snapshot: &mut PgConnection) -> Result<Waterfall, sqlx::Error> {
    let (rows, charges) = rows_at(snapshot, None).await?;
    Waterfall::of(rows, charges)
}

impl Waterfall {
    fn of(rows: Vec<WaterfallRow>, bank_charges_owed: Cents) -> Result<Self, sqlx::Error> {
        let totals = totals(&rows).ok_or_else(overflow)?;
        Ok(Self {
            rows,
            totals,
            bank_charges_owed,
        })
    }

    /// In French, what of the bank account is in no row; nothing when all is.
    fn of_the_operator(&self) -> Option<String> {
        self.bank_charges_owed.is_positive().then(|| {
            format!(
                "À la charge de l'opérateur : {} de frais que la banque a prélevés sur le compte du fonds, à y rembourser. L'argent des \
                 financeurs n'en est pas diminué.",
                self.bank_charges_owed.to_french()
            )
        })
    }
}

/// Every row, as it stood at the instant `until`, or as it stands; and what the operator owed of the bank's charges.
async fn rows_at(
    connection: &mut PgConnection,
    until: Option<DateTime<Utc>>,
) -> Result<(Vec<WaterfallRow>, Cents), sqlx::Error> {
    let figures = match until {
        None => ledger::read::Figures::read(&mut *connection).await?,
        Some(until) => ledger::read::Figures::read_at(&mut *connection, until).await?,
    };
    let books = figures.waterfall();
    let off_ledger = off_ledger::read(&mut *connection, until).await?;
    let at_large = off_ledger::announced_at_large(&mut *connection, until).await?;
    let funders = off_ledger::funders(&mut *connection).await?;
    let programmes = off_ledger::programmes(connection).await?;
    let mut rows = programme_rows(&books, &off_ledger).ok_or_else(overflow)?;
    rows.extend(unallocated(&books.funders, &rows, at_large).ok_or_else(overflow)?);
    for row in &mut rows {
        row.funder = funders.get(&row.funder_id).cloned().unwrap_or_default();
        row.programme = row
            .programme_id
            .and_then(|book| programmes.get(&book))
            .map(|programme| programme.name.clone());
    }
    rows.sort_by_cached_key(WaterfallRow::place);
    Ok((rows, figures.charges_owed()))
}

/// What of `rows` happened since they stood as `before`; `None` beyond 64 bits. Money without programme that found one leaves a row
/// behind: what went from there.
fn happened_between(before: &[WaterfallRow], mut rows: Vec<WaterfallRow>) -> Option<Vec<WaterfallRow>> {
    let key = |row: &WaterfallRow| (row.funder_id, row.programme_id);
    let there: BTreeSet<_> = rows.iter().map(key).collect();
    let left = before.iter().filter(|row| !there.contains(&key(row)));
    rows.extend(left.map(|row| WaterfallRow {
        funder: row.funder.clone(),
        programme_id: row.programme_id,
        programme: row.programme.clone(),
        ..WaterfallRow::empty(row.funder_id)
    }));
    let before: BTreeMap<_, _> = before.iter().map(|row| (key(row), row)).collect();
    for row in &mut rows {
        if let Some(earlier) = before.get(&key(row)) {
            row.happened_since(earlier)?;
        }
    }
    rows.sort_by_cached_key(WaterfallRow::place);
    Some(rows)
}

fn programme_rows(
    books: &ledger::read::Waterfall,
    off_ledger: &BTreeMap<(BookId, PartyId), OffLedgerFigures>,
) -> Option<Vec<WaterfallRow>> {
    let inside: BTreeMap<_, _> = books
        .programmes
        .iter()
        .map(|line| ((line.book, line.funder), line))
        .collect();
    let keys: BTreeSet<(BookId, PartyId)> = inside.keys().chain(off_ledger.keys()).copied().collect();
    let nothing = OffLedgerFigures::default();
    let row = |key: (BookId, PartyId)| {
        WaterfallRow::of_programme(key, inside.get(&key).copied(), off_ledger.get(&key).unwrap_or(&nothing))
    };
    keys.into_iter().map(row).collect()
}

/// What of each funder's money, or of what it announced, has no programme.
fn unallocated(
    funders: &[FunderFigures],
    rows: &[WaterfallRow],
    mut at_large: BTreeMap<PartyId, Cents>,
) -> Option<Vec<WaterfallRow>> {
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
        // Other refunds are their programmes'; what is left is of free money, and contributions that the bank took back.
        let mine = rows.iter().filter(|row| row.funder_id == funder.funder);
        let refunded = Cents::try_sum(mine.map(|row| row.returned))?;
        let returned = funder.returned.checked_sub(refunded)?;
        let announced = at_large.remove(&funder.funder).unwrap_or_default();
        let any = [received, funder.deposited, mandated, announced]
            .iter()
            .any(|cents| !cents.is_zero());
        if any {
            all.push(WaterfallRow {
                announced,
                received,
                mandated,
                returned,
                free: funder.deposited,
                cash: received.checked_sub(mandated)?.checked_sub(returned)?,
                ..WaterfallRow::empty(funder.funder)
            });
        }
    }
    all.extend(at_large.into_iter().map(|(funder, announced)| WaterfallRow {
        announced,
        ..WaterfallRow::empty(funder)
    }));
    Some(all)
}

fn totals(rows: &[WaterfallRow]) -> Option<Vec<WaterfallRow>> {
    let mut totals: Vec<WaterfallRow> = Vec::new();
    for row in rows {
        match totals.last_mut() {
            Some(total) if total.funder_id == row.funder_id => total.add(row)?,
            _ => {
                let mut total = WaterfallRow {
                    funder: row.funder.clone(),
                    ..WaterfallRow::empty(row.funder_id)
                };
                total.add(row)?;
                totals.push(total);
            }
        }
    }
    Some(totals)
}
