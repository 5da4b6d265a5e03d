use chrono::{DateTime, Utc};
use ledger::{BookId, PartyId};
use standards::Cents;
use uuid::Uuid;

/// What a claim still asks for; negative when it was paid and then reversed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DueClaim {
    pub book: BookId,
    pub claim: Uuid,
    pub structure: PartyId,
    pub cents: Cents,
    /// When it was accepted.
    pub at: DateTime<Utc>,
}
