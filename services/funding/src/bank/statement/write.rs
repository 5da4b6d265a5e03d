use chrono::{DateTime, Utc};
use sqlx::PgTransaction;
use uuid::Uuid;

use crate::bank::statement::matching::{Match, MatchedItem};
use crate::bank::statement::order::sequence;
use crate::bank::statement::statement_line::StatementLine;
use crate::bank::statement::{FileStatement, StatementFile};
use crate::support::ids::StatementId;

/// Keeps the file, once.
pub(super) async fn write_file(
    tx: &mut PgTransaction<'_>,
    file: &StatementFile,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into funding.statement_file (sha256, raw, loaded_at) values ($1, $2, $3) on conflict (sha256) do nothing",
        &file.sha256,
        &file.raw,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps the statement, its lines and the bank's answers to our payments.
pub(super) async fn write(
    tx: &mut PgTransaction<'_>,
    id: StatementId,
    position: i32,
    (sha256, one): (&[u8; 32], &FileStatement),
    lines: &[StatementLine],
    matches: &[Option<Match>],
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let statement = &one.statement;
    sqlx::query!(
        "insert into funding.statement (id, sha256, part, identification, iban, opening_cents, closing_cents, from_day, to_day,
             position, loaded_at, sequence)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        id.uuid(),
        sha256,
        one.part,
        statement.id,
        statement.account.electronic(),
        statement.opening.amount.get(),
        statement.closing.amount.get(),
        statement.opening.date,
        statement.closing.date,
        position,
        at,
        sequence(statement),
    )
    .execute(&mut **tx)
    .await?;
    insert_lines(tx, id, lines, matches).await?;
    insert_answers(tx, id, lines, matches, at).await
}

impl MatchedItem {
    /// The kind of our item and its id.
    fn item(&self) -> (&'static str, Uuid) {
        match self {
            Self::Debited(item) | Self::DebitedWithCharge(item, _) => ("payment", item.id.uuid()),
            Self::File(file, _) => ("file", *file),
            Self::Returned(item, _) => ("return", item.id.uuid()),
            Self::Awaited(came) => came.item(),
            Self::Call { id, .. } => ("call", id.uuid()),
        }
    }
}

async fn insert_lines(
    tx: &mut PgTransaction<'_>,
    id: StatementId,
    lines: &[StatementLine],
    matches: &[Option<Match>],
) -> Result<(), sqlx::Error> {
    let numbers: Vec<_> = lines.iter().map(|line| line.number).collect();
    let days: Vec<_> = lines.iter().map(|line| line.booked_on).collect();
    let cents: Vec<_> = lines.iter().map(|line| line.cents.get()).collect();
    let remittances: Vec<_> = lines.iter().map(|line| line.remittance.clone()).collect();
    let texts = |of: fn(&StatementLine) -> Option<String>| -> Vec<Option<String>> { lines.iter().map(of).collect() };
    let rules: Vec<_> = matches
        .iter()
        .map(|found| found.as_ref().map(|found| found.rule.to_owned()))
        .collect();
    let items: Vec<_> = matches
        .iter()
        .map(|found| found.as_ref().map(|found| found.what.item()))
        .collect();
    let kinds: Vec<_> = items.iter().map(|item| item.map(|(kind, _)| kind.to_owned())).collect();
    let ids: Vec<_> = items.iter().map(|item| item.map(|(_, id)| id)).collect();
    sqlx::query!(
        "insert into funding.statement_line (statement_id, line, booked_on, cents, end_to_end, remittance, counterparty,
             return_reason, rule, matched_kind, matched_id, bank_words, entry_words, other_texts, counterparty_name, file_id,
             own_amount, charges)
         select $1, l.* from unnest($2::int[], $3::date[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
             $9::text[], $10::text[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
             $17::text[], $18::text[]) as l",
        id.uuid(),
        &numbers,
        &days,
        &cents,
        &texts(|line| line.end_to_end.clone()) as &[Option<String>],
        &remittances,
        &texts(|line| line.counterparty.clone()) as &[Option<String>],
        &texts(|line| line.return_reason.clone()) as &[Option<String>],
        &rules as &[Option<String>],
        &kinds as &[Option<String>],
        &ids as &[Option<Uuid>],
        &texts(|line| line.bank_words.clone()) as &[Option<String>],
        &texts(|line| line.entry_words.clone()) as &[Option<String>],
        &texts(|line| Some(line.other_texts.join(" / ")).filter(|texts| !texts.is_empty())) as &[Option<String>],
        &texts(|line| line.counterparty_name.clone()) as &[Option<String>],
        &texts(|line| line.message_id.clone()) as &[Option<String>],
        &texts(|line| line.own_amount.clone()) as &[Option<String>],
        &texts(|line| line.charges.clone()) as &[Option<String>],
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_answers(
    tx: &mut PgTransaction<'_>,
    id: StatementId,
    lines: &[StatementLine],
    matches: &[Option<Match>],
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let (mut payments, mut answers, mut reasons, mut numbers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (line, found) in lines.iter().zip(matches) {
        let (items, answer, reason) = match found.as_ref().map(|found| &found.what) {
            Some(MatchedItem::Debited(item) | MatchedItem::DebitedWithCharge(item, _)) => {
                (std::slice::from_ref(item), "debited", None)
            }
            Some(MatchedItem::File(_, items)) => (items.as_slice(), "debited", None),
            Some(MatchedItem::Returned(item, reason)) => (std::slice::from_ref(item), "returned", Some(reason.clone())),
            Some(MatchedItem::Awaited(came)) => {
                came.keep(tx, id, line.number).await?;
                continue;
            }
            Some(MatchedItem::Call { .. }) | None => continue,
        };
        for item in items {
            payments.push(item.id.uuid());
            answers.push(answer.to_owned());
            reasons.push(reason.clone());
            numbers.push(line.number);
        }
    }
    sqlx::query!(
        "insert into funding.payment_answer (payment_id, answer, reason, statement_id, line, at)
         select a.payment_id, a.answer, a.reason, $1, a.line, $2
         from unnest($3::uuid[], $4::text[], $5::text[], $6::int[]) as a (payment_id, answer, reason, line)",
        id.uuid(),
        at,
        &payments,
        &answers,
        &reasons as &[Option<String>],
        &numbers,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
