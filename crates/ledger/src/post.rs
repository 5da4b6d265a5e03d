use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgTransaction};
use standards::Cents;
use uuid::Uuid;

use crate::admit::{Booked, Books};
use crate::lock::{lock_wanted, wanted};
use crate::write::write;
use crate::{AccountNumber, BookId, GroupId, Outcome, PostError, Posting, TransferId};

/// Transfers in one call of [`post`].
pub const POST_TRANSFERS_MAX: usize = 65_536;

/// Books a batch of postings in order of arrival, each whole or not at all, and says of each what became of it. The only
/// function that moves money. What it wrote counts when the caller commits; `at` is the instant that the entries bear.
///
/// The transaction must be `read committed` (PostgreSQL's default): the statement that reads must see what was committed while
/// the one that locks was waiting.
#[tracing::instrument(skip_all, fields(postings = postings.len()))]
pub async fn post(
    tx: &mut PgTransaction<'_>,
    postings: &[Posting],
    at: DateTime<Utc>,
) -> Result<Vec<Outcome>, PostError> {
    let given = postings.iter().map(|posting| posting.transfers().len()).sum();
    if given > POST_TRANSFERS_MAX {
        return Err(PostError::TooMany { given });
    }
    let transfers = || postings.iter().flat_map(Posting::transfers);
    let accounts = wanted(transfers().flat_map(|transfer| [transfer.debit(), transfer.credit()]));
    let mut books = lock_wanted(tx, &accounts).await?;
    read_booked(tx, postings, &mut books).await?;
    let outcomes: Vec<Outcome> = postings.iter().map(|posting| books.admit(posting)).collect();
    let admitted = postings.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == Outcome::Now);
    write(tx, &books, &admitted.map(|(posting, _)| posting).collect::<Vec<_>>(), at).await?;
    Ok(outcomes)
}

/// Loads what the books hold already under these ids, under the ids to be reversed, and of the latter's reversals.
async fn read_booked(
    connection: &mut PgConnection,
    postings: &[Posting],
    books: &mut Books,
) -> Result<(), PostError> {
    let mut ids: BTreeMap<BookId, Vec<Uuid>> = BTreeMap::new();
    let mut reversed: BTreeMap<BookId, Vec<Uuid>> = BTreeMap::new();
    for transfer in postings.iter().flat_map(Posting::transfers) {
        ids.entry(transfer.book()).or_default().push(transfer.id().uuid());
        if let Some(earlier) = transfer.reverses() {
            ids.entry(transfer.book()).or_default().push(earlier.uuid());
            reversed.entry(transfer.book()).or_default().push(earlier.uuid());
        }
    }
    for (&book, ids) in &ids {
        let rows = sqlx::query_as!(
            Row,
            "select id, kind, debit, credit, cents, grp, reverses, reference
             from ledger.transfer where book_id = $1 and id = any($2)",
            book.uuid(),
            ids,
        )
        .fetch_all(&mut *connection)
        .await?;
        rows.into_iter().for_each(|row| row.load(book, books));
    }
    for (&book, reversed) in &reversed {
        let rows = sqlx::query_as!(
            Row,
            "select id, kind, debit, credit, cents, grp, reverses, reference
             from ledger.transfer where book_id = $1 and reverses = any($2)",
            book.uuid(),
            reversed,
        )
        .fetch_all(&mut *connection)
        .await?;
        rows.into_iter().for_each(|row| row.load(book, books));
    }
    Ok(())
}

struct Row {
    id: Uuid,
    kind: i16,
    debit: i64,
    credit: i64,
    cents: i64,
    grp: Uuid,
    reverses: Option<Uuid>,
    reference: String,
}

impl Row {
    fn load(self, book: BookId, books: &mut Books) {
        let booked = Booked {
            kind: self.kind,
            debit: AccountNumber::new(self.debit),
            credit: AccountNumber::new(self.credit),
            cents: Cents::new(self.cents),
            group: GroupId::from_uuid(self.grp),
            reverses: self.reverses.map(TransferId::from_uuid),
            reference: self.reference,
        };
        books.load_transfer(book, TransferId::from_uuid(self.id), booked);
    }
}
