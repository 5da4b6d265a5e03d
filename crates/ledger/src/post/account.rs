use sealed_log::{AccountKind, AccountNumber, BatchId, BookId, Commitment, PartyId};
use standards::Cents;

/// An account's full name. Only the constructors below make one, so no account can stand in a book, or lack a party, where its
/// kind does not allow it.
///
/// Why a number is derived from the name (56 bits of a uuid v5) rather than drawn from a sequence: whoever posts knows every
/// number without asking, so all locks are taken by one statement in order of number. Two names of one kind and book with one
/// number are expected once in 3·10⁸ books of 20,000 structures; it is noticed ([`PostError::NumberTaken`]) and nothing is
/// booked on the wrong account.
///
/// [`PostError::NumberTaken`]: crate::PostError::NumberTaken
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Account {
    book: BookId,
    number: AccountNumber,
    kind: AccountKind,
    party: Option<PartyId>,
    batch: Option<BatchId>,
    opening: Option<Opening>,
}

/// What a voucher is opened with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Opening {
    face_value: Cents,
    commitment: Commitment,
}

impl Account {
    /// The fund's bank account.
    #[must_use]
    pub fn bank() -> Self {
        Self::named(BookId::fund(), AccountKind::Bank, None, None)
    }

    /// Mandated by a funder, not yet received.
    #[must_use]
    pub fn receivable(funder: PartyId) -> Self {
        Self::named(BookId::fund(), AccountKind::Receivable, Some(funder), None)
    }

    /// Received from or mandated by a funder, not yet allocated.
    #[must_use]
    pub fn deposited(funder: PartyId) -> Self {
        Self::named(BookId::fund(), AccountKind::Deposited, Some(funder), None)
    }

    /// Statement lines nobody has explained yet.
    #[must_use]
    pub fn suspense() -> Self {
        Self::named(BookId::fund(), AccountKind::Suspense, None, None)
    }

    /// In a payment file to a structure (or to a funder, for a refund), not yet on the statement.
    #[must_use]
    pub fn in_transit(payee: PartyId) -> Self {
        Self::named(BookId::fund(), AccountKind::InTransit, Some(payee), None)
    }

    /// What the bank took for itself, and the operator owes to the fund.
    #[must_use]
    pub fn charges_owed() -> Self {
        Self::named(BookId::fund(), AccountKind::ChargesOwed, None, None)
    }

    /// Where a book meets the others.
    #[must_use]
    pub fn clearing(book: BookId) -> Self {
        Self::named(book, AccountKind::Clearing, None, None)
    }

    /// A funder's money that is allocated to a programme and free.
    #[must_use]
    pub fn available(book: BookId, funder: PartyId) -> Self {
        Self::named(book, AccountKind::Available, Some(funder), None)
    }

    /// A funder's money behind a funded batch.
    #[must_use]
    pub fn reserved(book: BookId, batch: BatchId, funder: PartyId) -> Self {
        Self::named(book, AccountKind::Reserved, Some(funder), Some(batch))
    }

    /// A voucher that exists already: to claim, reverse, revoke, expire. `number` is [`AccountNumber::voucher`].
    #[must_use]
    pub const fn voucher(book: BookId, number: AccountNumber) -> Self {
        Self {
            book,
            number,
            kind: AccountKind::Voucher,
            party: None,
            batch: None,
            opening: None,
        }
    }

    /// A voucher that is activated now and will hold `face_value`, never more. Only who presents what `commitment` was made over spends it.
    #[must_use]
    pub const fn new_voucher(book: BookId, number: AccountNumber, face_value: Cents, commitment: Commitment) -> Self {
        Self {
            book,
            number,
            kind: AccountKind::Voucher,
            party: None,
            batch: None,
            opening: Some(Opening { face_value, commitment }),
        }
    }

    /// What a structure claimed and is not yet paid.
    #[must_use]
    pub fn payable(book: BookId, structure: PartyId) -> Self {
        Self::named(book, AccountKind::Payable, Some(structure), None)
    }

    /// What a structure was paid for claims reversed since.
    #[must_use]
    pub fn recoverable(book: BookId, structure: PartyId) -> Self {
        Self::named(book, AccountKind::Recoverable, Some(structure), None)
    }

    /// Expired, revoked or cancelled face value owed back to a funder.
    #[must_use]
    pub fn refundable(book: BookId, funder: PartyId) -> Self {
        Self::named(book, AccountKind::Refundable, Some(funder), None)
    }

    fn named(book: BookId, kind: AccountKind, party: Option<PartyId>, batch: Option<BatchId>) -> Self {
        let book_bytes = book.uuid().into_bytes();
        let party_bytes = party.map(|party| party.uuid().into_bytes());
        let batch_bytes = batch.map(|batch| batch.uuid().into_bytes());
        let part = |bytes: &'_ Option<[u8; 16]>| bytes.map_or_else(Vec::new, |bytes| bytes.to_vec());
        let digest = ids::derive_uuid(
            b"account",
            &[
                &book_bytes,
                kind.name().as_bytes(),
                &part(&party_bytes),
                &part(&batch_bytes),
            ],
        );
        Self {
            book,
            number: AccountNumber::named(kind, digest),
            kind,
            party,
            batch,
            opening: None,
        }
    }

    /// A programme's book, or the fund's own.
    #[must_use]
    pub const fn book(self) -> BookId {
        self.book
    }

    /// What finds it in that book.
    #[must_use]
    pub const fn number(self) -> AccountNumber {
        self.number
    }

    /// What the account holds, which decides its side and its bounds.
    #[must_use]
    pub const fn kind(self) -> AccountKind {
        self.kind
    }

    /// Whose it is: a funder or a structure, by kind.
    #[must_use]
    pub const fn party(self) -> Option<PartyId> {
        self.party
    }

    /// The batch that a reserve is for.
    #[must_use]
    pub const fn batch(self) -> Option<BatchId> {
        self.batch
    }

    /// What a voucher that is activated now will hold.
    #[must_use]
    pub const fn face_value(self) -> Option<Cents> {
        match self.opening {
            Some(opening) => Some(opening.face_value),
            None => None,
        }
    }

    /// What a voucher that is activated now commits to.
    #[must_use]
    pub const fn commitment(self) -> Option<Commitment> {
        match self.opening {
            Some(opening) => Some(opening.commitment),
            None => None,
        }
    }

    /// What finds it: order of locks, books first.
    pub(crate) const fn key(self) -> (BookId, AccountNumber) {
        (self.book, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_name_is_another_number_and_the_kind_is_on_top() {
        let party = |n| PartyId::from_uuid(uuid::Uuid::from_u128(n));
        let book = BookId::from_uuid(uuid::Uuid::from_u128(7));
        let batch = BatchId::from_uuid(uuid::Uuid::from_u128(1));
        let accounts = [
            Account::bank(),
            Account::clearing(BookId::fund()),
            Account::clearing(book),
            Account::available(book, party(1)),
            Account::available(book, party(2)),
            Account::reserved(book, batch, party(1)),
            Account::refundable(book, party(1)),
            Account::payable(book, party(1)),
        ];
        let keys: std::collections::BTreeSet<_> = accounts.iter().map(|account| account.key()).collect();
        assert_eq!(keys.len(), accounts.len());
        for account in accounts {
            assert_eq!(account.number().kind(), Some(account.kind()));
        }
    }

    #[test]
    fn a_name_keeps_its_number() {
        let book = BookId::from_uuid(uuid::Uuid::from_u128(7));
        let funder = PartyId::from_uuid(uuid::Uuid::from_u128(1));
        assert_eq!(
            Account::available(book, funder).number().to_string(),
            "07adba78d86aaf0d"
        );
    }
}
