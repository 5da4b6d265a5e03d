//! The bank's answer to a payment file: pain.002 (payment status report), read in versions 001.03 and 001.10.
//!
//! A verdict stands on the file, on a group or on a payment. A payment without one has its group's, else its file's, where that
//! speaks for all (rejected or cancelled). Strict: an unknown status, a rejected payment without its end-to-end id, a payment that
//! contradicts the rejection of its file, one listed twice or a report on anything but credit transfers is refused whole, with the
//! line and the element: money goes back on the word of this file.
//!
//! The reader is our own on `roxmltree`, as for camt.053: the `sepa` crate reads both versions, tells no line and accepts unknown
//! statuses. The tests read everything with that crate too, and compare.

mod read;

use crate::money::Cents;

pub use crate::bank::iso20022::{BankInstant, XmlError as Pain002Error, XmlProblem as Pain002Problem};
pub use read::read;

/// A report on one payment file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The bank's identifier (`GrpHdr/MsgId`).
    pub id: String,
    /// When the bank made it (`GrpHdr/CreDtTm`).
    pub created: BankInstant,
    /// The payment file's message id, as sent in pain.001 (`OrgnlMsgId`).
    pub original_message_id: String,
    /// When that file was made, as the bank repeats it (`OrgnlCreDtTm`).
    pub original_created: Option<BankInstant>,
    /// On the whole file.
    pub verdict: Option<Verdict>,
    /// The file's groups of payments that the bank speaks of.
    pub groups: Vec<GroupStatus>,
}

/// A report on one group of a payment file (`OrgnlPmtInfAndSts`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupStatus {
    /// As sent in pain.001 (`OrgnlPmtInfId`).
    pub payment_info_id: Option<String>,
    /// On the whole group.
    pub verdict: Option<Verdict>,
    /// The payments that the bank names: all of them, or only those it rejects.
    pub payments: Vec<PaymentStatus>,
}

/// A report on one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentStatus {
    /// The element's line in the file.
    pub line: u64,
    /// The payer's own reference, back unchanged; none for `NOTPROVIDED`. Never none when the payment is rejected.
    pub end_to_end: Option<String>,
    /// Its own, or what holds for its whole group or file; none when the bank says nothing.
    pub verdict: Option<Verdict>,
    /// Whether the bank gives the verdict's reason to this payment, not only to its group or file: then it may speak of the payee.
    pub own_reason: bool,
    /// What was asked for, when the bank repeats it.
    pub amount: Option<Cents>,
    /// When the payment met the bank's conditions, where it says so (`AccptncDtTm`).
    pub accepted: Option<BankInstant>,
}

/// What the bank says, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What becomes of it.
    pub status: Status,
    /// Why (ISO external code such as `AC04`, account closed, or the bank's own).
    pub reason: Option<String>,
    /// The bank's own words.
    pub information: Option<String>,
}

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)+) => {
        /// What becomes of a payment (ISO external payment status codes).
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Status { $($(#[$doc])* $name,)+ }

        impl Status {
            pub const ALL: &[Self] = &[$(Self::$name),+];

            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }
        }
    };
}

statuses! {
    /// Refused: no money leaves.
    Rejected = "RJCT",
    /// Taken back on request: no money leaves.
    Cancelled = "CANC",
    /// Some payments of the file are rejected, others not.
    Partial = "PART",
    /// Arrived at the bank.
    Received = "RCVD",
    /// Not decided yet.
    Pending = "PDNG",
    /// Some signatures are missing.
    PartiallyAccepted = "PATC",
    /// Its form is right.
    Technical = "ACTC",
    /// The account can pay it.
    Customer = "ACCP",
    /// Funds were checked.
    Funds = "ACFC",
    /// Will be executed.
    InProcess = "ACSP",
    /// Accepted with a change.
    WithChange = "ACWC",
    /// Accepted, the creditor's account not yet credited.
    WithoutPosting = "ACWP",
    /// The debtor's account is debited.
    Debited = "ACSC",
    /// The creditor's account is credited.
    Credited = "ACCC",
    /// Held by the bank.
    Blocked = "BLCK",
}

impl Status {
    /// The status of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.code() == code)
    }

    /// Whether no money leaves and none will.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(self, Self::Rejected | Self::Cancelled)
    }
}

#[cfg(test)]
mod tests;
