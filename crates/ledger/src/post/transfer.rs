use sealed_log::{
    AccountKind, AccountNumber, BookId, EventId, Evidence, Presented, TERMS_BYTES, TransferId, TransferKind,
};
use standards::Cents;

use crate::post::account::Account;

/// Bytes of a transfer's reference (a mandate number, a statement line): the 140 of an ISO 20022 remittance text.
pub const REFERENCE_BYTES_MAX: usize = 140;

/// One double entry: `cents` leave `debit`'s credit side and grow `credit`'s. Private fields: what exists has passed every check
/// that needs no database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    id: TransferId,
    kind: TransferKind,
    debit: Account,
    credit: Account,
    cents: Cents,
    reverses: Option<TransferId>,
    reference: String,
    shown: Option<Shown>,
}

/// What a claim shows of the voucher that it spends.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    terms: [u8; TERMS_BYTES],
    evidence: Evidence,
}

/// Why a transfer cannot be: always a mistake of the program that asks for it, never of a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    #[error("a transfer moves a positive amount, not {0}")]
    NotPositive(Cents),
    #[error("a transfer joins two accounts, {0} twice given")]
    SameAccount(AccountNumber),
    /// Debit and credit are in two books, which meet only through clearing.
    #[error("a transfer stays in one book: {0} is not {1}")]
    TwoBooks(BookId, BookId),
    /// The kind does not join these kinds of account.
    #[error("{} cannot debit {} and credit {}", kind.name(), debit.name(), credit.name())]
    WrongPair {
        /// The kind that was asked for.
        kind: TransferKind,
        /// What the debited account holds.
        debit: AccountKind,
        /// What the credited account holds.
        credit: AccountKind,
    },
    /// An account of the fund in a programme's book, or the other way round.
    #[error("{name} is not kept in book {1}", name = .0.name())]
    WrongBook(AccountKind, BookId),
    /// Given as a voucher's number, but it is not one.
    #[error("{0} is no voucher's number")]
    NotAVoucher(AccountNumber),
    /// Only an activation opens a voucher, and it always does.
    #[error("a voucher is opened by its activation, with a positive face value, and by nothing else")]
    NotAnOpening,
    /// A voucher is spent by [`Transfer::claim`], which shows it.
    #[error("a claim shows the voucher that it spends")]
    NothingPresented,
    /// Too long, or with control characters, which exports cannot carry.
    #[error("a reference has at most {REFERENCE_BYTES_MAX} bytes and no control characters")]
    Reference,
}

impl Transfer {
    /// A transfer of `cents` from `debit` to `credit`, of any kind but a claim.
    pub fn new(
        id: TransferId,
        kind: TransferKind,
        debit: Account,
        credit: Account,
        cents: Cents,
    ) -> Result<Self, TransferError> {
        if kind == TransferKind::Claimed {
            return Err(TransferError::NothingPresented);
        }
        Self::of_kind(id, kind, debit, credit, cents)
    }

    /// A voucher is spent by the claim `claim`: from its account to what its structure is owed, all of its value. Posting admits it only
    /// if what was presented opens the commitment that the voucher's account was opened with.
    pub fn claim(
        id: TransferId,
        claim: EventId,
        voucher: Account,
        payable: Account,
        cents: Cents,
        presented: &Presented,
    ) -> Result<Self, TransferError> {
        let transfer = Self::of_kind(id, TransferKind::Claimed, voucher, payable, cents)?;
        Ok(Self {
            shown: Some(Shown {
                terms: *presented.terms(),
                evidence: presented.evidence(claim.uuid()),
            }),
            ..transfer
        })
    }

    fn of_kind(
        id: TransferId,
        kind: TransferKind,
        debit: Account,
        credit: Account,
        cents: Cents,
    ) -> Result<Self, TransferError> {
        if !cents.is_positive() {
            return Err(TransferError::NotPositive(cents));
        }
        if debit.book() != credit.book() {
            return Err(TransferError::TwoBooks(debit.book(), credit.book()));
        }
        if debit.number() == credit.number() {
            return Err(TransferError::SameAccount(debit.number()));
        }
        if !kind.joins(debit.kind(), credit.kind()) {
            return Err(TransferError::WrongPair {
                kind,
                debit: debit.kind(),
                credit: credit.kind(),
            });
        }
        for account in [debit, credit] {
            check_account(account)?;
        }
        let opens = credit.face_value().is_some_and(Cents::is_positive);
        if debit.face_value().is_some() || opens != (kind == TransferKind::Activated) {
            return Err(TransferError::NotAnOpening);
        }
        Ok(Self {
            id,
            kind,
            debit,
            credit,
            cents,
            reverses: None,
            reference: String::new(),
            shown: None,
        })
    }

    /// The same, undoing an earlier transfer of the same book: posting refuses it unless that one exists, moved the same
    /// amount to the account that is debited now or its structure's other account, and was not undone before.
    #[must_use]
    pub fn reversing(mut self, earlier: TransferId) -> Self {
        self.reverses = Some(earlier);
        self
    }

    /// The same, with the number that people know it by. Never a name, never a token: it is exported.
    pub fn reference(mut self, reference: &str) -> Result<Self, TransferError> {
        if reference.len() > REFERENCE_BYTES_MAX || reference.contains(char::is_control) {
            return Err(TransferError::Reference);
        }
        reference.clone_into(&mut self.reference);
        Ok(self)
    }

    /// Derived from what it does, by whoever asks for it.
    #[must_use]
    pub const fn id(&self) -> TransferId {
        self.id
    }

    /// What the transfer does, which decides what it may join.
    #[must_use]
    pub const fn kind(&self) -> TransferKind {
        self.kind
    }

    /// The account whose debits it adds to.
    #[must_use]
    pub const fn debit(&self) -> Account {
        self.debit
    }

    /// The account whose credits it adds to.
    #[must_use]
    pub const fn credit(&self) -> Account {
        self.credit
    }

    /// Always above zero.
    #[must_use]
    pub const fn cents(&self) -> Cents {
        self.cents
    }

    /// The earlier transfer that it undoes.
    #[must_use]
    pub const fn reverses(&self) -> Option<TransferId> {
        self.reverses
    }

    /// The number that people know it by, or nothing.
    #[must_use]
    pub fn reference_text(&self) -> &str {
        &self.reference
    }

    /// Of a claim: the terms that it shows, which must open the voucher's commitment.
    pub(crate) fn terms(&self) -> Option<&[u8; TERMS_BYTES]> {
        self.shown.as_ref().map(|shown| &shown.terms)
    }

    /// Of a claim: what the books keep of what was presented.
    #[must_use]
    pub fn evidence(&self) -> Option<Evidence> {
        self.shown.as_ref().map(|shown| shown.evidence)
    }

    /// The book that both accounts are in.
    #[must_use]
    pub const fn book(&self) -> BookId {
        self.debit.book()
    }
}

fn check_account(account: Account) -> Result<(), TransferError> {
    if account
        .kind()
        .fund_book()
        .is_some_and(|fund| fund != account.book().is_fund())
    {
        return Err(TransferError::WrongBook(account.kind(), account.book()));
    }
    if account.kind() == AccountKind::Voucher && account.number().as_voucher().is_none() {
        return Err(TransferError::NotAVoucher(account.number()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealed_log::{Commitment, PartyId};
    use uuid::Uuid;

    const BOOK: BookId = BookId::from_uuid(Uuid::from_u128(7));
    const PARTY: PartyId = PartyId::from_uuid(Uuid::from_u128(8));
    const ID: TransferId = TransferId::from_uuid(Uuid::from_u128(9));

    fn claimed(cents: i64) -> Result<Transfer, TransferError> {
        let voucher = Account::voucher(BOOK, AccountNumber::voucher(1, 1));
        let claim = EventId::from_uuid(Uuid::from_u128(10));
        let shown = Presented::Terms([0; TERMS_BYTES]);
        Transfer::claim(
            ID,
            claim,
            voucher,
            Account::payable(BOOK, PARTY),
            Cents::new(cents),
            &shown,
        )
    }

    #[test]
    fn only_positive_amounts_move() {
        assert!(claimed(1).is_ok());
        assert_eq!(claimed(0), Err(TransferError::NotPositive(Cents::ZERO)));
        assert_eq!(claimed(-1), Err(TransferError::NotPositive(Cents::new(-1))));
    }

    #[test]
    fn a_kind_joins_only_its_accounts() {
        let error = Transfer::new(
            ID,
            TransferKind::Revoked,
            Account::available(BOOK, PARTY),
            Account::payable(BOOK, PARTY),
            Cents::new(1),
        );
        assert!(matches!(error, Err(TransferError::WrongPair { .. })));
    }

    #[test]
    fn nothing_spends_a_voucher_without_showing_it() {
        let voucher = Account::voucher(BOOK, AccountNumber::voucher(1, 1));
        let payable = Account::payable(BOOK, PARTY);
        assert_eq!(
            Transfer::new(ID, TransferKind::Claimed, voucher, payable, Cents::new(1)),
            Err(TransferError::NothingPresented)
        );
    }

    #[test]
    fn books_meet_only_through_clearing() {
        let (kind, cents) = (TransferKind::Allocated, Cents::new(1));
        let (from, to) = (Account::deposited(PARTY), Account::clearing(BOOK));
        assert!(matches!(
            Transfer::new(ID, kind, from, to, cents),
            Err(TransferError::TwoBooks(..))
        ));
        let to = Account::clearing(BookId::fund());
        assert!(Transfer::new(ID, kind, from, to, cents).is_ok());
        let (from, to) = (
            Account::clearing(BookId::fund()),
            Account::available(BookId::fund(), PARTY),
        );
        assert!(matches!(
            Transfer::new(ID, kind, from, to, cents),
            Err(TransferError::WrongBook(..))
        ));
    }

    #[test]
    fn only_an_activation_opens_a_voucher() {
        let number = AccountNumber::voucher(1, 1);
        let reserve = Account::reserved(BOOK, sealed_log::BatchId::from_uuid(Uuid::from_u128(1)), PARTY);
        let activated = |credit| Transfer::new(ID, TransferKind::Activated, reserve, credit, Cents::new(1));
        let commitment = Commitment::to([0; 16], &[0; TERMS_BYTES]);
        let new = |number, cents| Account::new_voucher(BOOK, number, Cents::new(cents), commitment);
        assert!(activated(new(number, 1)).is_ok());
        assert_eq!(activated(new(number, 0)), Err(TransferError::NotAnOpening));
        assert_eq!(
            activated(Account::voucher(BOOK, number)),
            Err(TransferError::NotAnOpening)
        );
        let wrong = AccountNumber::new(4);
        assert_eq!(activated(new(wrong, 1)), Err(TransferError::NotAVoucher(wrong)));
    }

    #[test]
    fn a_reference_fits_the_exports() {
        let transfer = || claimed(1).unwrap();
        assert!(transfer().reference("MANDAT 2026-17").is_ok());
        assert_eq!(transfer().reference("a\tb"), Err(TransferError::Reference));
        assert_eq!(
            transfer().reference(&"x".repeat(REFERENCE_BYTES_MAX + 1)),
            Err(TransferError::Reference)
        );
    }
}
