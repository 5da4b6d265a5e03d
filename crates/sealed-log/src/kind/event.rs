//! What happens to the books, by name: the one list of events. An event's transfers share its [`EventId`], derived from its name and from
//! the id that people know it by; so whoever knows that id finds the event again, and can have it proven.
//!
//! A service makes no event id in another way: an event that is not in this list has no name to make one from. The exception is a claim,
//! whose event id is its own.

use uuid::Uuid;

use crate::id::{AccountNumber, BatchId, BookId, EventId, TransferId};
use crate::kind::transfer::TransferKind;

/// By which id people know an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KnownBy {
    /// The id that the sponsor ordered the batch under.
    Batch,
    /// The id that the prescriber's desk made.
    HandOver,
    /// The id that whoever asked for the block made.
    Revocation,
    /// The id of one settling of shares between funders.
    TrueUp,
    /// The id under which money went to a programme.
    Allocation,
    /// The id of a public accountant's mandate.
    Mandate,
    /// The end-to-end id that travels to the payee and comes back on the statement.
    Payment,
    /// The id of what goes back to a funder.
    Refund,
    /// A line of a statement, which stands for what it was: a call for funds, a mandate, a break.
    StatementLine,
    /// A part of the explanation of lines.
    ExplanationPart,
    /// A claim's id, in its programme.
    Claim,
    /// A voucher's series and place, as printed.
    Voucher,
}

impl KnownBy {
    /// Whether one UUID is all that the event id is derived from, so that [`EventKind::event_id`] makes it.
    #[must_use]
    pub const fn is_one_id(self) -> bool {
        !matches!(self, Self::Claim | Self::Voucher)
    }
}

macro_rules! events {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $known:ident;)+) => {
        /// What happened to the books: the transfers of one event are admitted together or not at all.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventKind { $($(#[$doc])* $kind,)+ }

        impl EventKind {
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// What its event ids, and the ids of its transfers, are derived from. Never changed: old events would not be found again.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// By which id people know it.
            #[must_use]
            pub const fn known_by(self) -> KnownBy {
                match self { $(Self::$kind => KnownBy::$known,)+ }
            }
        }
    };
}

events! {
    /// A batch's plan is covered.
    BatchFunded = "batch funded", Batch;
    /// A voucher of a batch that is activated as a whole becomes spendable.
    Activated = "activated", Voucher;
    /// A booklet is handed over, and its vouchers become spendable.
    HandedOver = "handed over", HandOver;
    /// Vouchers are revoked.
    Revoked = "revocation", Revocation;
    /// A voucher is past its last day.
    Expired = "expired", Voucher;
    /// What a batch never activated is past its last day.
    BatchExpired = "batch expired", Batch;
    /// A batch is cancelled.
    BatchCancelled = "batch cancelled", Batch;
    /// A claim is undone.
    ClaimReversed = "reversal", Claim;
    /// A funder's money is on the statement.
    Received = "received", StatementLine;
    /// The money of a mandate is on the statement.
    MandateReceived = "mandate received", StatementLine;
    /// What the bank took beyond a payment, within the tolerance.
    Tolerated = "tolerated", StatementLine;
    /// A line that nobody has explained yet.
    Unexplained = "unexplained", StatementLine;
    /// What lines were after all.
    Explained = "explained", ExplanationPart;
    /// A public mandate counts as money.
    Mandated = "mandated", Mandate;
    /// It does no longer.
    MandateCancelled = "mandate cancelled", Mandate;
    /// A funder's money goes to a programme.
    Allocated = "allocated", Allocation;
    /// A structure's claims go into a payment file.
    Settled = "settled", Payment;
    /// The payment is on the statement.
    Debited = "debited", Payment;
    /// It came back after that.
    Returned = "returned", Payment;
    Rejected = "rejected", Payment;
    /// Unused value is a funder's free money again, or goes back to its bank account.
    Refunded = "refund", Refund;
    /// Funders settle what was known only after use.
    TrueUp = "true up", TrueUp;
}

impl EventKind {
    /// The event of the thing `id`, for what one id names ([`KnownBy::is_one_id`]).
    #[must_use]
    pub fn event_id(self, id: Uuid) -> EventId {
        debug_assert!(self.known_by().is_one_id(), "{self:?} is named by more than one id");
        EventId::derive(self.name().as_bytes(), &[id.as_bytes()])
    }

    /// [`Activated`](Self::Activated): a voucher by its serial number in a batch.
    #[must_use]
    pub fn activated(batch: BatchId, serial: u32) -> EventId {
        Self::Activated.of(&[batch.uuid().as_bytes(), &serial.to_be_bytes()])
    }

    /// [`Expired`](Self::Expired): a voucher by its number in its book.
    #[must_use]
    pub fn expired(book: BookId, voucher: AccountNumber) -> EventId {
        Self::Expired.of(&[book.uuid().as_bytes(), &voucher.get().to_be_bytes()])
    }

    /// [`ClaimReversed`](Self::ClaimReversed): a claim in its book.
    #[must_use]
    pub fn reversal(book: BookId, claim: Uuid) -> EventId {
        Self::ClaimReversed.of(&[book.uuid().as_bytes(), claim.as_bytes()])
    }

    fn of(self, parts: &[&[u8]]) -> EventId {
        EventId::derive(self.name().as_bytes(), parts)
    }
}

/// The id of the transfer that takes the value of a revoked or expired voucher back to its funders (`kind` says why), one leg a funder.
#[must_use]
pub fn refund_transfer_id(kind: TransferKind, book: BookId, voucher: AccountNumber, leg: u8) -> TransferId {
    TransferId::derive(
        kind.name().as_bytes(),
        &[book.uuid().as_bytes(), &voucher.get().to_be_bytes(), &[leg]],
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_events_share_a_name_and_old_names_stay() {
        let names: BTreeSet<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), EventKind::ALL.len());
        // Events of books that exist: these bytes are for ever.
        let event = EventKind::Settled.event_id(Uuid::from_u128(7));
        assert_eq!(event, EventId::derive(b"settled", &[Uuid::from_u128(7).as_bytes()]));
        for old in [
            "activated",
            "allocated",
            "batch cancelled",
            "batch expired",
            "batch funded",
            "debited",
            "expired",
            "explained",
            "handed over",
            "mandate cancelled",
            "mandate received",
            "mandated",
            "received",
            "refund",
            "rejected",
            "returned",
            "reversal",
            "revocation",
            "settled",
            "tolerated",
            "true up",
            "unexplained",
        ] {
            assert!(names.contains(old), "{old}");
        }
    }
}
