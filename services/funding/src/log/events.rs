//! From the id that people know an event by to the groups of its transfers: [`ledger::EventKind`] read the other way round.

use ledger::{AccountNumber, BookId, EventId, EventKind, KnownBy};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{support::ids::ExplanationId, support::ids::StatementId};

/// Lines of a statement that are proven together; of a longer one, a line is asked for.
pub(crate) const LINES_MAX: usize = 500;

/// Names the events of a line: many things can be on one.
pub(crate) fn line_id(statement: StatementId, line: i32) -> Uuid {
    ids::derive_uuid(b"statement-line", &[statement.uuid().as_bytes(), &line.to_be_bytes()])
}

/// Names the events of a part of an explanation.
pub(crate) fn part_id(explanation: ExplanationId, part: i32) -> Uuid {
    ids::derive_uuid(
        b"explanation-part",
        &[explanation.uuid().as_bytes(), &part.to_be_bytes()],
    )
}

/// The groups of every event that is known by `id`, whatever it names; of a statement, only those of `line` when one is given. Nothing
/// when there are more lines than [`LINES_MAX`].
pub(crate) async fn groups_of(
    connection: &mut PgConnection,
    id: Uuid,
    line: Option<i32>,
) -> sqlx::Result<Option<Vec<Uuid>>> {
    let lines = lines_of(&mut *connection, id, line).await?;
    if lines.len() > LINES_MAX {
        return Ok(None);
    }
    let parts = parts_of(&mut *connection, id).await?;
    let books = books(connection).await?;
    // A claim is its own group, and so is any `grp`.
    let mut groups = vec![id];
    for event in EventKind::ALL {
        match event.known_by() {
            KnownBy::Batch
            | KnownBy::HandOver
            | KnownBy::Revocation
            | KnownBy::TrueUp
            | KnownBy::Allocation
            | KnownBy::Mandate
            | KnownBy::Payment
            | KnownBy::Refund => groups.push(event.event_id(id).uuid()),
            KnownBy::StatementLine => groups.extend(lines.iter().map(|line| event.event_id(*line).uuid())),
            KnownBy::ExplanationPart => groups.extend(parts.iter().map(|part| event.event_id(*part).uuid())),
            KnownBy::Claim => groups.extend(books.iter().map(|book| EventKind::reversal(*book, id).uuid())),
            // By `groups_of_voucher`.
            KnownBy::Voucher => {}
        }
    }
    Ok(Some(groups))
}

/// Of a statement, its lines; of a call or a mandate, those that paid it; of a break, where it shows; of an explanation, those
/// that it explains.
async fn lines_of(connection: &mut PgConnection, id: Uuid, line: Option<i32>) -> sqlx::Result<Vec<Uuid>> {
    let rows = sqlx::query!(
        r#"select l.statement_id as "statement!: StatementId", l.line as "line!"
           from (select statement_id, line from funding.statement_line where statement_id = $1
                 union select statement_id, line from funding.statement_line where matched_kind = 'call' and matched_id = $1
                 union select statement_id, line from funding.mandate_receipt where mandate_id = $1
                 union select statement_id, line from funding.break where id = $1 and statement_id is not null
                 union select statement_id, line from funding.explained_line where explanation_id = $1) l
           where $2::integer is null or l.line = $2
           order by 1, 2 limit $3"#,
        id,
        line,
        i64::try_from(LINES_MAX + 1).expect("a small number"),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| line_id(row.statement, row.line)).collect())
}

/// Of an explanation, its parts; of a call, a mandate or a payment, those that name it; of a break, those that explain it.
async fn parts_of(connection: &mut PgConnection, id: Uuid) -> sqlx::Result<Vec<Uuid>> {
    let rows = sqlx::query!(
        r#"select explanation_id as "explanation!: ExplanationId", part as "part!" from funding.explanation_part
           where explanation_id = $1 or call_id = $1 or mandate_id = $1 or payment_id = $1 or explanation_id in (
               select e.explanation_id from funding.break b
               join funding.explained_line e on e.statement_id = b.statement_id and e.line = b.line where b.id = $1)
           order by 1, 2"#,
        id,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| part_id(row.explanation, row.part)).collect())
}

/// The groups of everything that happened to the voucher of this number.
pub(crate) async fn groups_of_voucher(connection: &mut PgConnection, number: AccountNumber) -> sqlx::Result<Vec<Uuid>> {
    let mut groups = Vec::new();
    for book in books(&mut *connection).await? {
        let found = ledger::read::events_of_voucher(&mut *connection, book, number).await?;
        groups.extend(found.into_iter().map(EventId::uuid));
    }
    Ok(groups)
}

/// Those of programmes: they are few, and each has one clearing account.
async fn books(connection: &mut PgConnection) -> sqlx::Result<Vec<BookId>> {
    sqlx::query_scalar!(r#"select id as "book: BookId" from catalogue.programme"#)
        .fetch_all(connection)
        .await
}
