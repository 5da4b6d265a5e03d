use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sealed_log::{AccountNumber, BookId, TransferId};
use sqlx::PgConnection;
use standards::Cents;
use uuid::Uuid;

use crate::post::admit::{AccountTotals, BatchState};
use crate::post::outcome::PostError;
use crate::post::posting::Posting;

/// Rows of one book, as columns.
#[derive(Default)]
struct Columns {
    opened: Opened,
    sums: Growth,
    transfers: Transfers,
}

#[derive(Default)]
struct Opened {
    numbers: Vec<i64>,
    limits: Vec<i64>,
    nonces: Vec<Vec<u8>>,
    commitments: Vec<Vec<u8>>,
    debits: Vec<i64>,
    credits: Vec<i64>,
}

/// One row an account, never two: of two rows for one account an `update … from` would count only one.
#[derive(Default)]
struct Growth {
    numbers: Vec<i64>,
    debits: Vec<i64>,
    credits: Vec<i64>,
}

#[derive(Default)]
struct Transfers {
    ids: Vec<Uuid>,
    kinds: Vec<i16>,
    debits: Vec<i64>,
    credits: Vec<i64>,
    cents: Vec<i64>,
    events: Vec<Uuid>,
    reverses: Vec<Option<Uuid>>,
    references: Vec<String>,
    presented: Vec<Option<i16>>,
    evidence: Vec<Option<Vec<u8>>>,
}

/// Writes what was admitted: new vouchers with their final sums, then transfers and the growth of the other accounts' sums.
pub(super) async fn write(
    connection: &mut PgConnection,
    state: &BatchState,
    admitted: &[&Posting],
    at: DateTime<Utc>,
) -> Result<(), PostError> {
    for (book, columns) in columns(state, admitted) {
        open_vouchers(&mut *connection, book, &columns.opened).await?;
        write_transfers(&mut *connection, book, &columns, at).await?;
    }
    Ok(())
}

fn columns(state: &BatchState, admitted: &[&Posting]) -> BTreeMap<BookId, Columns> {
    let mut all: BTreeMap<BookId, Columns> = BTreeMap::new();
    for posting in admitted {
        for transfer in posting.transfers() {
            let rows = &mut all.entry(transfer.book()).or_default().transfers;
            rows.ids.push(transfer.id().uuid());
            rows.kinds.push(transfer.kind().code());
            rows.debits.push(transfer.debit().number().get());
            rows.credits.push(transfer.credit().number().get());
            rows.cents.push(transfer.cents().get());
            rows.events.push(posting.event().uuid());
            rows.reverses.push(transfer.reverses().map(TransferId::uuid));
            rows.references.push(transfer.reference_text().to_owned());
            let evidence = transfer.evidence();
            rows.presented.push(evidence.map(|evidence| evidence.presented.code()));
            rows.evidence.push(evidence.map(|evidence| evidence.digest.to_vec()));
        }
    }
    for ((book, number), now) in state.now() {
        let before = state.before((book, number));
        if before == Some(now) {
            continue;
        }
        all.entry(book).or_default().add(number, before, now);
    }
    all
}

impl Columns {
    fn add(&mut self, number: AccountNumber, before: Option<AccountTotals>, now: AccountTotals) {
        let grown = |now: Cents, before: Cents| now.get() - before.get();
        match (before, now.limit) {
            (Some(before), _) => {
                self.sums.numbers.push(number.get());
                self.sums.debits.push(grown(now.debits, before.debits));
                self.sums.credits.push(grown(now.credits, before.credits));
            }
            (None, limit) => {
                let opened = "only a voucher is opened by its transfers, with a limit and a commitment";
                let commitment = now.commitment.expect(opened);
                self.opened.numbers.push(number.get());
                self.opened.limits.push(limit.expect(opened).get());
                self.opened.nonces.push(commitment.nonce.to_vec());
                self.opened.commitments.push(commitment.digest.to_vec());
                self.opened.debits.push(now.debits.get());
                self.opened.credits.push(now.credits.get());
            }
        }
    }
}

/// Two openings of one voucher meet on the reserves that they draw on, or else on the primary key: nothing is skipped here.
async fn open_vouchers(connection: &mut PgConnection, book: BookId, opened: &Opened) -> Result<(), PostError> {
    if opened.numbers.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into ledger.account (book_id, number, kind, limit_cents, debits_cents, credits_cents, nonce, commitment)
         select $1, o.number, 9, o.limit_cents, o.debits, o.credits, o.nonce, o.commitment
         from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bytea[])
             as o (number, limit_cents, debits, credits, nonce, commitment)",
        book.uuid(),
        &opened.numbers,
        &opened.limits,
        &opened.debits,
        &opened.credits,
        &opened.nonces,
        &opened.commitments,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn write_transfers(
    connection: &mut PgConnection,
    book: BookId,
    columns: &Columns,
    at: DateTime<Utc>,
) -> Result<(), PostError> {
    let (rows, sums) = (&columns.transfers, &columns.sums);
    let updated = sqlx::query!(
        "with written as (
             insert into ledger.transfer
                 (book_id, id, kind, debit, credit, cents, at, event_id, reverses, reference, presented, evidence)
             select $1, t.id, t.kind, t.debit, t.credit, t.cents, $2, t.event_id, t.reverses, t.reference, t.presented, t.evidence
             from unnest($3::uuid[], $4::smallint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::uuid[], $9::uuid[],
                 $10::text[], $14::smallint[], $15::bytea[])
                 as t (id, kind, debit, credit, cents, event_id, reverses, reference, presented, evidence)
         )
         update ledger.account a
         set debits_cents = a.debits_cents + grown.debits, credits_cents = a.credits_cents + grown.credits
         from unnest($11::bigint[], $12::bigint[], $13::bigint[]) as grown (number, debits, credits)
         where a.book_id = $1 and a.number = grown.number",
        book.uuid(),
        at,
        &rows.ids,
        &rows.kinds,
        &rows.debits,
        &rows.credits,
        &rows.cents,
        &rows.events,
        &rows.reverses as &[Option<Uuid>],
        &rows.references,
        &sums.numbers,
        &sums.debits,
        &sums.credits,
        &rows.presented as &[Option<i16>],
        &rows.evidence as &[Option<Vec<u8>>],
    )
    .execute(connection)
    .await?
    .rows_affected();
    if updated == sums.numbers.len() as u64 {
        Ok(())
    } else {
        Err(PostError::Inconsistent("an account that was locked is gone"))
    }
}
