//! The only room that moves money: what may be asked for ([`Account`], [`Transfer`], [`Posting`], which cannot be built wrong), and the one
//! function that books it. The table of its round trips is on the first screen of this crate.
//!
//! ```text
//! account ◄── transfer ◄── posting ◄── outcome
//!                             ▲           ▲
//!                             ├── admit ──┤      pure: who is admitted
//!                             │  lock  write     SQL
//!                             └── post ───┘
//! ```
//!
//! A [`Record`] and the digest of an [audit line](record_audit_line) are written beside postings and move nothing.

mod account;
mod admit;
mod audit_line;
mod lock;
mod outcome;
mod posting;
mod record;
mod transfer;
mod write;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sealed_log::{AccountNumber, BookId, EventId, TransferId};
use sqlx::{PgConnection, PgTransaction};
use standards::Cents;
use uuid::Uuid;

use admit::{BatchState, Booked};
use lock::lock_in_order;
use write::write;

pub use account::Account;
pub use audit_line::record_audit_line;
pub use lock::lock;
pub use outcome::{Outcome, PostError, Rejection};
pub use posting::{POST_TRANSFERS_MAX, POSTING_TRANSFERS_MAX, Posting, PostingError};
pub use record::{Record, record};
pub use transfer::{REFERENCE_BYTES_MAX, Transfer, TransferError};

pub(crate) use lock::in_lock_order;

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
    let accounts = in_lock_order(transfers().flat_map(|transfer| [transfer.debit(), transfer.credit()]));
    let mut state = lock_in_order(tx, &accounts).await?;
    read_booked(tx, postings, &mut state).await?;
    let outcomes: Vec<Outcome> = postings.iter().map(|posting| state.admit(posting)).collect();
    let admitted = postings
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| **outcome == Outcome::Posted);
    write(
        tx,
        &state,
        &admitted.map(|(posting, _)| posting).collect::<Vec<_>>(),
        at,
    )
    .await?;
    Ok(outcomes)
}

/// What a batch names in one book, as columns.
#[derive(Default)]
struct NamedInBook {
    ids: Vec<Uuid>,
    events: Vec<Uuid>,
    reversed: Vec<Uuid>,
}

/// Loads what the books hold already under these ids, of these events (a retry must have all its legs and no other), under the
/// ids to be reversed, and of the latter's reversals.
async fn read_booked(
    connection: &mut PgConnection,
    postings: &[Posting],
    state: &mut BatchState,
) -> Result<(), PostError> {
    let mut names: BTreeMap<BookId, NamedInBook> = BTreeMap::new();
    for posting in postings {
        for transfer in posting.transfers() {
            let names = names.entry(transfer.book()).or_default();
            names.ids.push(transfer.id().uuid());
            if names.events.last() != Some(&posting.event().uuid()) {
                names.events.push(posting.event().uuid());
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
            BookedRow,
            r#"select id as "id!", kind as "kind!", debit as "debit!", credit as "credit!", cents as "cents!", event_id as "event_id!",
                   reverses, reference as "reference!", presented, evidence
               from ledger.transfer where book_id = $1 and id = any($2)
               union all
               select id, kind, debit, credit, cents, event_id, reverses, reference, presented, evidence
               from ledger.transfer where book_id = $1 and event_id = any($3)
               union all
               select id, kind, debit, credit, cents, event_id, reverses, reference, presented, evidence
               from ledger.transfer where book_id = $1 and reverses = any($4)"#,
            book.uuid(),
            &names.ids,
            &names.events,
            &names.reversed,
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            row.load(book, state);
        }
    }
    Ok(())
}

struct BookedRow {
    id: Uuid,
    kind: i16,
    debit: i64,
    credit: i64,
    cents: i64,
    event_id: Uuid,
    reverses: Option<Uuid>,
    reference: String,
    presented: Option<i16>,
    evidence: Option<Vec<u8>>,
}

impl BookedRow {
    fn load(self, book: BookId, state: &mut BatchState) {
        let evidence = crate::columns::evidence(self.presented, self.evidence.as_deref());
        let booked = Booked {
            kind: self.kind,
            debit: AccountNumber::new(self.debit),
            credit: AccountNumber::new(self.credit),
            cents: Cents::new(self.cents),
            event: EventId::from_uuid(self.event_id),
            reverses: self.reverses.map(TransferId::from_uuid),
            reference: self.reference,
            evidence,
        };
        state.load_transfer(book, TransferId::from_uuid(self.id), booked);
    }
}
