use chrono::{DateTime, Utc};
use ledger::{Account, BookId, EventKind, Posting, Record, TransferKind};
use sqlx::PgTransaction;
use standards::Bic;
use uuid::Uuid;

use crate::payments::settlement::decide::{Hold, PaymentDraft, SettlementPlan};
use crate::payments::settlement::due_claim::DueClaim;
use crate::support::booking::{BookError, Event, book_all};
use crate::support::overflow;
use crate::{support::ids::MandateId, support::ids::PaymentId, support::ids::SettlementId};

/// Lines written by one statement: a month may have a million, and neither the arrays nor the time of a statement grow with them.
const CHUNK_LINES: usize = 20_000;

/// Rows first, then the books, and in them which claims are paid. Every account is locked already, so the books may be written in several calls.
pub(super) async fn write(
    tx: &mut PgTransaction<'_>,
    settlement: SettlementId,
    plan: &SettlementPlan,
    at: DateTime<Utc>,
) -> Result<(), BookError> {
    insert_payments(tx, settlement, &plan.payments, at).await?;
    let lines = lines(&plan.payments);
    for chunk in lines.chunks(CHUNK_LINES) {
        insert_lines(tx, chunk).await?;
    }
    insert_held(tx, settlement, &plan.held).await?;
    let postings = plan.payments.iter().map(posting).collect::<Result<Vec<_>, _>>()?;
    book_all(tx, postings, at).await?;
    for chunk in lines.chunks(CHUNK_LINES) {
        let records: Option<Vec<Record>> = chunk.iter().map(record).collect();
        ledger::record(tx, &records.ok_or_else(overflow)?, at).await?;
    }
    Ok(())
}

/// Every line of every payment.
fn lines(payments: &[PaymentDraft]) -> Vec<(PaymentId, &DueClaim)> {
    let mut all = Vec::new();
    for payment in payments {
        let lines = payment.parts.iter().flat_map(|part| &part.lines);
        all.extend(lines.map(|line| (payment.id, line)));
    }
    all
}

fn posting(payment: &PaymentDraft) -> Result<Posting, BookError> {
    let mut event = Event::new(EventKind::Settled, payment.id.uuid()).reference(payment.id.end_to_end());
    for part in &payment.parts {
        let payable = Account::payable(part.book, payment.structure);
        if part.deducted.is_positive() {
            let recoverable = Account::recoverable(part.book, payment.structure);
            event = event.leg(TransferKind::Deducted, payable, recoverable, part.deducted)?;
        }
        event = event.leg(TransferKind::Settled, payable, Account::clearing(part.book), part.sent)?;
    }
    let (clearing, in_transit) = (
        Account::clearing(BookId::fund()),
        Account::in_transit(payment.structure),
    );
    Ok(event
        .leg(TransferKind::Settled, clearing, in_transit, payment.total)?
        .posting()?)
}

/// A line as the log proves it; nothing for one of zero cents, which there is none of.
fn record((payment, line): &(PaymentId, &DueClaim)) -> Option<Record> {
    let id = payment.uuid();
    let payable = Account::payable(line.book, line.structure);
    let event = EventKind::Settled.event_id(id);
    Record::settlement(payable, line.claim, (id, event), line.cents, &payment.end_to_end())
}

async fn insert_payments(
    tx: &mut PgTransaction<'_>,
    settlement: SettlementId,
    payments: &[PaymentDraft],
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = payments.iter().map(|payment| payment.id.uuid()).collect();
    let parties: Vec<_> = payments.iter().map(|payment| payment.structure.uuid()).collect();
    let end_to_ends: Vec<_> = payments.iter().map(|payment| payment.id.end_to_end()).collect();
    let holders: Vec<_> = payments.iter().map(|payment| payment.payee.holder.clone()).collect();
    let ibans: Vec<_> = payments
        .iter()
        .map(|payment| payment.payee.iban.electronic().to_owned())
        .collect();
    let bics: Vec<_> = payments
        .iter()
        .map(|payment| payment.payee.bic.as_ref().map(|bic: &Bic| bic.as_str().to_owned()))
        .collect();
    let cents: Vec<_> = payments.iter().map(|payment| payment.total.get()).collect();
    sqlx::query!(
        "insert into funding.payment (id, settlement_id, party_id, end_to_end, holder, iban, bic, cents, at)
         select p.id, $1, p.party_id, p.end_to_end, p.holder, p.iban, p.bic, p.cents, $2
         from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[])
             as p (id, party_id, end_to_end, holder, iban, bic, cents)",
        settlement.uuid(),
        at,
        &ids,
        &parties,
        &end_to_ends,
        &holders,
        &ibans,
        &bics as &[Option<String>],
        &cents,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_lines(tx: &mut PgTransaction<'_>, lines: &[(PaymentId, &DueClaim)]) -> Result<(), sqlx::Error> {
    let column = |of: fn(&DueClaim) -> Uuid| lines.iter().map(|(_, line)| of(line)).collect::<Vec<Uuid>>();
    let payments: Vec<Uuid> = lines.iter().map(|(payment, _)| payment.uuid()).collect();
    let cents: Vec<i64> = lines.iter().map(|(_, line)| line.cents.get()).collect();
    sqlx::query!(
        "insert into funding.settlement_line (book_id, claim_id, payment_id, structure_id, cents)
         select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[])",
        &column(|line| line.book.uuid()),
        &column(|line| line.claim),
        &payments,
        &column(|line| line.structure.uuid()),
        &cents,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_held(tx: &mut PgTransaction<'_>, settlement: SettlementId, held: &[Hold]) -> Result<(), sqlx::Error> {
    let structures: Vec<_> = held.iter().map(|held| held.structure.uuid()).collect();
    let cents: Vec<_> = held.iter().map(|held| held.cents.get()).collect();
    let reasons: Vec<_> = held.iter().map(|held| held.reason.to_owned()).collect();
    sqlx::query!(
        "insert into funding.hold (settlement_id, structure_id, cents, reason)
         select $1, h.structure_id, h.cents, h.reason
         from unnest($2::uuid[], $3::bigint[], $4::text[]) as h (structure_id, cents, reason)",
        settlement.uuid(),
        &structures,
        &cents,
        &reasons,
    )
    .execute(&mut **tx)
    .await?;
    let awaits: Vec<_> = held
        .iter()
        .flat_map(|held| held.awaits.iter().map(move |awaits| (held, awaits)))
        .collect();
    if awaits.is_empty() {
        return Ok(());
    }
    let structures: Vec<_> = awaits.iter().map(|(held, _)| held.structure.uuid()).collect();
    let reasons: Vec<_> = awaits.iter().map(|(held, _)| held.reason.to_owned()).collect();
    let funders: Vec<_> = awaits.iter().map(|(_, awaits)| awaits.funder.uuid()).collect();
    let cents: Vec<_> = awaits.iter().map(|(_, awaits)| awaits.cents.get()).collect();
    let mandates: Vec<_> = awaits
        .iter()
        .map(|(_, awaits)| awaits.mandate.map(MandateId::uuid))
        .collect();
    sqlx::query!(
        "insert into funding.hold_awaits (settlement_id, structure_id, reason, funder_id, cents, mandate_id)
         select $1, h.structure_id, h.reason, h.funder_id, h.cents, h.mandate_id
         from unnest($2::uuid[], $3::text[], $4::uuid[], $5::bigint[], $6::uuid[])
             as h (structure_id, reason, funder_id, cents, mandate_id)",
        settlement.uuid(),
        &structures,
        &reasons,
        &funders,
        &cents,
        &mandates as &[Option<uuid::Uuid>],
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
