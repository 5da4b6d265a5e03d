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
    let admitted = postings
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| **outcome == Outcome::Now);
    write(
        tx,
        &books,
        &admitted.map(|(posting, _)| posting).collect::<Vec<_>>(),
        at,
    )
    .await?;
    Ok(outcomes)
}

/// What a batch names in one book, as columns.
#[derive(Default)]
struct Names {
    ids: Vec<Uuid>,
    groups: Vec<Uuid>,
    reversed: Vec<Uuid>,
}

/// Loads what the books hold already under these ids, in these groups (a retry must have all its legs and no other), under the
/// ids to be reversed, and of the latter's reversals.
async fn read_booked(connection: &mut PgConnection, postings: &[Posting], books: &mut Books) -> Result<(), PostError> {
    let mut names: BTreeMap<BookId, Names> = BTreeMap::new();
    for posting in postings {
        for transfer in posting.transfers() {
            let names = names.entry(transfer.book()).or_default();
            names.ids.push(transfer.id().uuid());
            if names.groups.last() != Some(&posting.group().uuid()) {
                names.groups.push(posting.group().uuid());
            }
            if let Some(earlier) = transfer.reverses() {
                names.ids.push(earlier.uuid());
                names.reversed.push(earlier.uuid());
            }
        }
    }
    for (book, names) in names {
        // Three index scans; a row found twice is loaded once.
        let rows = sqlx::query_as!(
            Row,
            r#"select id as "id!", kind as "kind!", debit as "debit!", credit as "credit!", cents as "cents!", grp as "grp!",
                   reverses, reference as "reference!"
               from ledger.transfer where book_id = $1 and id = any($2)
               union all
               select id, kind, debit, credit, cents, grp, reverses, reference
               from ledger.transfer where book_id = $1 and grp = any($3)
               union all
               select id, kind, debit, credit, cents, grp, reverses, reference
               from ledger.transfer where book_id = $1 and reverses = any($4)"#,
            book.uuid(),
            &names.ids,
            &names.groups,
            &names.reversed,
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            row.load(book, books);
        }
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
