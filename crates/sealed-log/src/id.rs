use std::fmt;

use uuid::Uuid;

use crate::kind::AccountKind;

ids::id_type! {
    /// A book: a programme's (its id is the programme's), or the fund's own.
    pub struct BookId;

    /// Who an account is held for: a funder or a structure. The ledger knows no more of them than this id.
    pub struct PartyId;

    /// A batch of vouchers: what reserved money is reserved for.
    pub struct BatchId;

    /// One event: its legs are admitted together or not at all.
    pub struct EventId;

    /// One transfer. Derived from what it does (`derive(b"claimed", &[claim, voucher])`), never drawn at random and never from
    /// a chunk's number: that is what makes a repeated request harmless.
    pub struct TransferId;

    /// One [record](crate::RecordKind), derived from what it says.
    pub struct RecordId;
}

impl BookId {
    /// The book of what has no programme: the bank account, money not yet allocated, payments under way.
    #[must_use]
    pub const fn fund() -> Self {
        Self::from_uuid(Uuid::from_u128(0x00f0_0d5e_0000_8000_8000_0000_0000_0001))
    }

    /// Whether this is the fund's book.
    #[must_use]
    pub fn is_fund(self) -> bool {
        self == Self::fund()
    }
}

/// An account's key inside its book: the kind in the top 8 bits, then a voucher's (series, idx) or 56 bits derived from the
/// account's name (see `ledger::Account`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct AccountNumber(i64);

/// Vouchers in a series: its index has 24 bits in the token.
pub const SERIES_VOUCHERS_MAX: u32 = 1 << 24;

const KIND_SHIFT: u32 = 56;
const SERIES_SHIFT: u32 = 24;

impl AccountNumber {
    /// The account of the voucher at index `idx` of its series' status list.
    ///
    /// # Panics
    /// When `idx` has more than the 24 bits that a token holds.
    #[must_use]
    pub const fn voucher(series: u16, idx: u32) -> Self {
        assert!(idx < SERIES_VOUCHERS_MAX, "a voucher's index has 24 bits");
        Self(AccountKind::Voucher as i64 * (1 << KIND_SHIFT) + series as i64 * (1 << SERIES_SHIFT) + idx as i64)
    }

    /// The (series, idx) of a voucher's account; `None` for any other account.
    #[must_use]
    pub fn as_voucher(self) -> Option<(u16, u32)> {
        let index = self.0 & i64::from(SERIES_VOUCHERS_MAX - 1);
        let series = u16::try_from((self.0 >> SERIES_SHIFT) & 0xffff).ok()?;
        let idx = u32::try_from(index).ok()?;
        (Self::voucher(series, idx) == self).then_some((series, idx))
    }

    /// A number read from the database or a request.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The `bigint` that is stored.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// What the account holds; nothing when the number was made for no kind.
    #[must_use]
    pub fn kind(self) -> Option<AccountKind> {
        AccountKind::from_code(i16::try_from(self.0 >> KIND_SHIFT).ok()?)
    }

    /// The number of an account that is named by `digest`, of which 56 bits are used.
    #[must_use]
    pub fn named(kind: AccountKind, digest: Uuid) -> Self {
        let low = i64::try_from(digest.as_u128() & ((1 << KIND_SHIFT) - 1)).expect("56 bits fit");
        Self((i64::from(kind.code()) << KIND_SHIFT) | low)
    }
}

impl fmt::Display for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_voucher() {
            Some((series, idx)) => write!(f, "{series}/{idx}"),
            None => write!(f, "{:016x}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vouchers_number_gives_back_its_series_and_index() {
        for (series, idx) in [(0, 0), (1, 2), (u16::MAX, SERIES_VOUCHERS_MAX - 1)] {
            let number = AccountNumber::voucher(series, idx);
            assert_eq!(number.as_voucher(), Some((series, idx)));
            assert_eq!(number.kind(), Some(AccountKind::Voucher));
        }
        assert_eq!(AccountNumber::new(0).as_voucher(), None);
        assert_eq!(AccountNumber::new(0).kind(), None);
        assert_eq!(
            AccountNumber::new(AccountNumber::voucher(1, 2).get() | 1 << 45).as_voucher(),
            None
        );
    }

    #[test]
    #[should_panic(expected = "24 bits")]
    fn an_index_of_more_than_24_bits_has_no_number() {
        let _ = AccountNumber::voucher(1, SERIES_VOUCHERS_MAX);
    }
}
