//! What the lines of a statement do to the books.

use std::collections::BTreeMap;

use ledger::{Account, BookId, EventKind, Posting, TransferKind};
use sqlx::PgTransaction;
use standards::Cents;
use uuid::Uuid;

use crate::bank::statement::lines::Line;
use crate::bank::statement::matching::{Item, Match, What};
use crate::log::events::line_id;
use crate::support::booking::{BookError, Event};
use crate::{support::ids::PaymentId, support::ids::StatementId};

/// What each programme gets back of payments that came back: the sums of their settlement lines.
pub(crate) type ReturnedParts = BTreeMap<PaymentId, Vec<(BookId, Cents)>>;

pub(super) async fn returned_parts(
    tx: &mut PgTransaction<'_>,
    matches: &[Option<Match>],
) -> Result<ReturnedParts, sqlx::Error> {
    let payments: Vec<Uuid> = matches
        .iter()
        .flatten()
        .filter_map(|found| match &found.what {
            What::Returned(item, _) => Some(item.id.uuid()),
            _ => None,
        })
        .collect();
    parts_of(tx, &payments).await
}

/// The same, by the payments' ids.
pub(crate) async fn parts_of(tx: &mut PgTransaction<'_>, payments: &[Uuid]) -> Result<ReturnedParts, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select payment_id as "payment: PaymentId", book_id as "book: BookId", sum(cents)::bigint as "cents!: Cents"
           from funding.settlement_line where payment_id = any($1)
           group by payment_id, book_id order by payment_id, book_id"#,
        payments,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut parts = ReturnedParts::new();
    for row in rows {
        parts.entry(row.payment).or_default().push((row.book, row.cents));
    }
    Ok(parts)
}

/// One posting a line (one a payment for a file), money in first.
pub(super) fn postings(
    statement: StatementId,
    position: i32,
    lines: &[Line],
    matches: &[Option<Match>],
    returned: &ReturnedParts,
) -> Result<Vec<Posting>, BookError> {
    let (mut credits, mut debits) = (Vec::new(), Vec::new());
    for (line, found) in lines.iter().zip(matches) {
        let side = if line.cents.is_negative() {
            &mut debits
        } else {
            &mut credits
        };
        match found.as_ref().map(|found| &found.what) {
            Some(What::Debited(item)) => side.push(debited(item)?),
            Some(What::DebitedWithCharge(item, charge)) => {
                side.push(debited(item)?);
                side.push(charged(statement, position, line, *charge)?);
            }
            Some(What::File(_, items)) => {
                for item in items {
                    side.push(debited(item)?);
                }
            }
            Some(What::Returned(item, _)) => side.push(came_back(item, returned)?),
            Some(What::Awaited(came)) => side.push(came.posting(line_id(statement, line.number))?),
            Some(What::Call { funder, reference, .. }) => {
                let event =
                    Event::new(EventKind::Received, line_id(statement, line.number)).reference(reference.as_str());
                let (from, to) = (Account::bank(), Account::deposited(*funder));
                side.push(event.leg(TransferKind::Received, from, to, line.cents)?.posting()?);
            }
            None if line.cents.is_zero() => {}
            None => side.push(unexplained(statement, position, line)?),
        }
    }
    credits.append(&mut debits);
    Ok(credits)
}

fn debited(item: &Item) -> Result<Posting, BookError> {
    let kind = if item.refund {
        TransferKind::RefundSent
    } else {
        TransferKind::Paid
    };
    let event = Event::new(EventKind::Debited, item.id.uuid()).reference(item.id.end_to_end());
    Ok(event
        .leg(kind, Account::in_transit(item.party), Account::bank(), item.cents)?
        .posting()?)
}

/// Apart from the payment, so that everybody sees it.
fn charged(statement: StatementId, position: i32, line: &Line, charge: Cents) -> Result<Posting, BookError> {
    let event = Event::new(EventKind::Tolerated, line_id(statement, line.number)).reference(line_name(position, line));
    let leg = event.leg(TransferKind::BankCharge, Account::charges(), Account::bank(), charge)?;
    Ok(leg.posting()?)
}

/// What people call a line.
fn line_name(position: i32, line: &Line) -> String {
    format!("relevé {position}, ligne {}", line.number)
}

/// To a structure: its programmes owe it again. To a funder: it is the funder's free money again.
fn came_back(item: &Item, returned: &ReturnedParts) -> Result<Posting, BookError> {
    let kind = TransferKind::Rejected;
    let mut event = Event::new(EventKind::Returned, item.id.uuid()).reference(item.id.end_to_end());
    if item.refund {
        return Ok(event
            .leg(kind, Account::bank(), Account::deposited(item.party), item.cents)?
            .posting()?);
    }
    event = event.leg(kind, Account::bank(), Account::clearing(BookId::fund()), item.cents)?;
    for &(book, cents) in returned.get(&item.id).into_iter().flatten() {
        event = event.leg(kind, Account::clearing(book), Account::payable(book, item.party), cents)?;
    }
    Ok(event.posting()?)
}

fn unexplained(statement: StatementId, position: i32, line: &Line) -> Result<Posting, BookError> {
    let (bank, suspense) = (Account::bank(), Account::suspense());
    let (from, to, cents) = match line.cents.checked_neg() {
        Some(out) if out.is_positive() => (suspense, bank, out),
        _ => (bank, suspense, line.cents),
    };
    let event =
        Event::new(EventKind::Unexplained, line_id(statement, line.number)).reference(line_name(position, line));
    Ok(event.leg(TransferKind::Unexplained, from, to, cents)?.posting()?)
}
