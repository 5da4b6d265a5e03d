//! What the lines of a statement do to the books.

use ledger::{Account, BookId, EventKind, Posting, TransferKind};
use sqlx::PgTransaction;
use standards::Cents;
use uuid::Uuid;

use crate::bank::settlement_parts::{SettlementParts, parts_of};
use crate::bank::statement::matching::{Match, MatchedItem, PaymentItem};
use crate::bank::statement::statement_line::StatementLine;
use crate::log::events::line_id;
use crate::support::booking::{BookError, Event};
use crate::support::ids::StatementId;

/// Of the payments that came back.
pub(super) async fn returned_parts(
    tx: &mut PgTransaction<'_>,
    matches: &[Option<Match>],
) -> Result<SettlementParts, sqlx::Error> {
    let payments: Vec<Uuid> = matches
        .iter()
        .flatten()
        .filter_map(|found| match &found.what {
            MatchedItem::Returned(item, _) => Some(item.id.uuid()),
            _ => None,
        })
        .collect();
    parts_of(tx, &payments).await
}

/// One posting a line (one a payment for a file), money in first.
pub(super) fn postings(
    statement: StatementId,
    position: i32,
    lines: &[StatementLine],
    matches: &[Option<Match>],
    returned: &SettlementParts,
) -> Result<Vec<Posting>, BookError> {
    let (mut credits, mut debits) = (Vec::new(), Vec::new());
    for (line, found) in lines.iter().zip(matches) {
        let side = if line.cents.is_negative() {
            &mut debits
        } else {
            &mut credits
        };
        match found.as_ref().map(|found| &found.what) {
            Some(MatchedItem::Debited(item)) => side.push(debited(item)?),
            Some(MatchedItem::DebitedWithCharge(item, charge)) => {
                side.push(debited(item)?);
                side.push(charged(statement, position, line, *charge)?);
            }
            Some(MatchedItem::File(_, items)) => {
                for item in items {
                    side.push(debited(item)?);
                }
            }
            Some(MatchedItem::Returned(item, _)) => side.push(came_back(item, returned)?),
            Some(MatchedItem::Awaited(came)) => side.push(came.posting(line_id(statement, line.number))?),
            Some(MatchedItem::Call { funder, reference, .. }) => {
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

fn debited(item: &PaymentItem) -> Result<Posting, BookError> {
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
fn charged(statement: StatementId, position: i32, line: &StatementLine, charge: Cents) -> Result<Posting, BookError> {
    let event = Event::new(EventKind::Tolerated, line_id(statement, line.number)).reference(line_name(position, line));
    let leg = event.leg(
        TransferKind::BankCharge,
        Account::charges_owed(),
        Account::bank(),
        charge,
    )?;
    Ok(leg.posting()?)
}

/// What people call a line.
fn line_name(position: i32, line: &StatementLine) -> String {
    format!("relevé {position}, ligne {}", line.number)
}

/// To a structure: its programmes owe it again. To a funder: it is the funder's free money again.
fn came_back(item: &PaymentItem, returned: &SettlementParts) -> Result<Posting, BookError> {
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

fn unexplained(statement: StatementId, position: i32, line: &StatementLine) -> Result<Posting, BookError> {
    let (bank, suspense) = (Account::bank(), Account::suspense());
    let (from, to, cents) = match line.cents.checked_neg() {
        Some(out) if out.is_positive() => (suspense, bank, out),
        _ => (bank, suspense, line.cents),
    };
    let event =
        Event::new(EventKind::Unexplained, line_id(statement, line.number)).reference(line_name(position, line));
    Ok(event.leg(TransferKind::Unexplained, from, to, cents)?.posting()?)
}
