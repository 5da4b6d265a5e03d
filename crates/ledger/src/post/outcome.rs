use database::UseCaseError;
use sealed_log::{AccountNumber, BookId, TransferId};
use standards::Cents;

use crate::post::account::Account;
use crate::post::posting::POST_TRANSFERS_MAX;

/// What became of one posting of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Booked by this call.
    Posted,
    /// Booked earlier with the same content: a retry, which changes nothing.
    AlreadyPosted,
    /// Not booked, and no account was touched for it. The same ids may come again.
    Rejected(Rejection),
}

/// Why a posting is rejected. The caller turns it into words for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// A voucher that was never activated.
    #[error("account {0} does not exist")]
    NoSuchAccount(AccountNumber),
    /// Less on the account than the posting takes: a spent voucher, a funder without enough money.
    #[error("account {} has {left} and not {needed}", account.number())]
    Short {
        /// The account that is short.
        account: Box<Account>,
        /// What the posting takes from it in all.
        needed: Cents,
        /// What is there for it.
        left: Cents,
    },
    /// More than the account may hold: a voucher above its face value.
    #[error("account {} would hold {would_hold}, above {limit}", account.number())]
    OverLimit {
        /// The account that is full.
        account: Box<Account>,
        /// The most it may hold.
        limit: Cents,
        /// What it would hold with the posting.
        would_hold: Cents,
    },
    /// The voucher was activated before, by other transfers.
    #[error("voucher {0} is open already")]
    AlreadyOpen(AccountNumber),
    /// A voucher is spent, revoked or expired whole; this would leave a part.
    #[error("voucher {account} would be left with {left} of {face_value}")]
    NotWhole {
        /// The voucher's account.
        account: AccountNumber,
        /// What it was opened with.
        face_value: Cents,
        /// What would be left on it.
        left: Cents,
    },
    /// What was presented is not the voucher that the account was opened for: a good signature over other terms, made by whoever has the
    /// key, or a code that names another voucher.
    #[error("what was presented is not voucher {0}")]
    OtherPaper(AccountNumber),
    #[error("transfer {0}, or the event it belongs to, is booked with another content")]
    SameIdOtherContent(TransferId),
    /// The transfer to reverse is not in the book, or is not the opposite of this one.
    #[error("transfer {0} is not there to be reversed so")]
    NothingToReverse(TransferId),
    #[error("transfer {0} is reversed already")]
    AlreadyReversed(TransferId),
}

/// Why nothing of a batch was booked. The transaction cannot be continued.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// PostgreSQL failed. Deadlocks and serialization failures are worth another try, which `database::transaction` makes.
    #[error("the ledger's database failed")]
    Database(#[from] sqlx::Error),
    #[error("a batch has at most {max} transfers, not {given}", max = POST_TRANSFERS_MAX)]
    TooMany {
        /// The transfers of all postings together.
        given: usize,
    },
    /// Two accounts with different names derive one number (see [`Account`]).
    #[error("account {number} of book {book} has another name")]
    NumberTaken {
        /// Where the two names meet.
        book: BookId,
        /// The number that both derive.
        number: AccountNumber,
    },
    /// The database did not write what was admitted: rows are missing or a bound was hit. A bug here or hands in the tables.
    #[error("the books do not agree with what was admitted: {0}")]
    Inconsistent(&'static str),
}

/// Nobody who asks for a posting can mend it.
impl<R> From<PostError> for UseCaseError<R> {
    fn from(error: PostError) -> Self {
        Self::failed(error)
    }
}
