//! Postings of this service, built and booked one event at a time.

use chrono::{DateTime, Utc};
use database::UseCaseError;
use ledger::{
    Account, EventKind, Outcome, PostError, Posting, PostingError, Rejection, Transfer, TransferError, TransferId,
};
use ledger::{POST_TRANSFERS_MAX, TransferKind, post};
use sqlx::PgTransaction;
use standards::Cents;
use uuid::Uuid;

/// Why an event was not booked.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// Money is short.
    #[error("refused: {0}")]
    Refused(Rejection),
    #[error("not a transfer")]
    Transfer(#[from] TransferError),
    #[error("not a posting")]
    Posting(#[from] PostingError),
    #[error("ledger")]
    Post(#[from] PostError),
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Ours to mend, wherever a use case does not tell that money is short.
impl<R> From<BookError> for UseCaseError<R> {
    fn from(error: BookError) -> Self {
        Self::failed(error)
    }
}

/// One event: its legs get their ids from its name, so that repeating it books nothing.
pub(crate) struct Event {
    kind: EventKind,
    id: Uuid,
    reference: String,
    legs: Vec<Transfer>,
}

impl Event {
    /// The event of the thing `id`: what people know it by, or what [`crate::log::events`] finds again from that.
    pub(crate) fn new(kind: EventKind, id: Uuid) -> Self {
        Self {
            kind,
            id,
            reference: String::new(),
            legs: Vec::new(),
        }
    }

    /// The number that people know it by.
    pub(crate) fn reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = reference.into();
        self
    }

    /// Adds a leg. Its id names the event, the two accounts and nothing else: of one event, at most one leg joins them.
    pub(crate) fn leg(
        mut self,
        kind: TransferKind,
        debit: Account,
        credit: Account,
        cents: Cents,
    ) -> Result<Self, TransferError> {
        let id = TransferId::derive(
            self.kind.name().as_bytes(),
            &[
                self.id.as_bytes(),
                debit.book().uuid().as_bytes(),
                &debit.number().get().to_be_bytes(),
                &credit.number().get().to_be_bytes(),
            ],
        );
        self.legs
            .push(Transfer::new(id, kind, debit, credit, cents)?.reference(&self.reference)?);
        Ok(self)
    }

    /// As the ledger takes it.
    pub(crate) fn posting(self) -> Result<Posting, PostingError> {
        Posting::new(self.kind.event_id(self.id), self.legs)
    }
}

/// Books one event, whole or not at all.
pub(crate) async fn book(tx: &mut PgTransaction<'_>, event: Event, at: DateTime<Utc>) -> Result<(), BookError> {
    book_all(tx, vec![event.posting()?], at).await
}

/// Books events, all or none: the first refusal ends the transaction. More than one call of the ledger takes are booked
/// in several; whoever needs one order of locks across them takes the locks first.
pub(crate) async fn book_all(
    tx: &mut PgTransaction<'_>,
    postings: Vec<Posting>,
    at: DateTime<Utc>,
) -> Result<(), BookError> {
    let mut rest = postings.as_slice();
    while !rest.is_empty() {
        let mut transfers = 0;
        let fits = rest.iter().take_while(|posting| {
            transfers += posting.transfers().len();
            transfers <= POST_TRANSFERS_MAX
        });
        // A posting is smaller than a call: at least one fits.
        let (now, later) = rest.split_at(fits.count().max(1));
        for outcome in post(tx, now, at).await? {
            if let Outcome::Rejected(rejection) = outcome {
                return Err(BookError::Refused(rejection));
            }
        }
        rest = later;
    }
    Ok(())
}
