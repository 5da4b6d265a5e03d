use crate::kind::account::AccountKind::{
    self, Available, Bank, ChargesOwed, Clearing, Deposited, InTransit, Payable, Receivable, Recoverable, Refundable,
    Reserved, Suspense, Voucher,
};

macro_rules! transfer_kinds {
    ($($(#[$doc:meta])* $kind:ident = $code:literal, $name:literal, [$($debit:ident => $credit:ident),+];)+) => {
        /// What a transfer does. Codes and names are those of table `ledger.transfer_kind`; the code's tens say which database
        /// role may post it (row-level security).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(i16)]
        pub enum TransferKind { $($(#[$doc])* $kind = $code,)+ }

        impl TransferKind {
            /// All of them, by code.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Its name in the database and in exports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// The (debit, credit) kinds that it may join.
            #[must_use]
            pub const fn pairs(self) -> &'static [(AccountKind, AccountKind)] {
                match self { $(Self::$kind => &[$(($debit, $credit)),+],)+ }
            }
        }
    };
}

// The one table of what may move where: debit => credit.
transfer_kinds! {
    /// A batch's plan is covered: one leg a funder.
    BatchFunded = 10, "batch_funded", [Available => Reserved];
    /// A voucher becomes spendable: one leg a funder, together its face value.
    Activated = 11, "activated", [Reserved => Voucher];
    /// Lost, stolen, death, ineligible, fraud: in the shares paid.
    Revoked = 12, "revoked", [Voucher => Refundable];
    /// Past its last day: in the shares paid.
    Expired = 13, "expired", [Voucher => Refundable];
    /// What a batch never activated, past its last day.
    BatchExpired = 14, "batch_expired", [Reserved => Refundable];
    /// What a cancelled batch never activated.
    BatchCancelled = 15, "batch_cancelled", [Reserved => Refundable];
    /// A voucher is spent.
    Claimed = 20, "claimed", [Voucher => Payable];
    /// A claim is undone, before or after its settlement. A voucher that must not be spent again goes on to its funders in the same posting,
    /// by one of the three kinds that follow.
    ClaimReversed = 21, "claim_reversed", [Payable => Voucher, Recoverable => Voucher];
    /// The claim of a voucher revoked since is undone: in the shares paid.
    ReversedRevoked = 22, "reversed_revoked", [Voucher => Refundable];
    /// The claim of a voucher expired since is undone: in the shares paid.
    ReversedExpired = 23, "reversed_expired", [Voucher => Refundable];
    /// A claim is undone whose evidence others may have read: whoever did could spend the voucher. In the shares paid.
    ReversedDisclosed = 24, "reversed_disclosed", [Voucher => Refundable];
    /// A funder's money is on the bank account.
    Received = 30, "received", [Bank => Deposited];
    /// A public accountant's mandate counts as money.
    Mandated = 31, "mandated", [Receivable => Deposited];
    /// The money of a mandate is there.
    MandateReceived = 32, "mandate_received", [Bank => Receivable];
    /// A funder's money goes to a programme.
    Allocated = 33, "allocated", [Deposited => Clearing, Clearing => Available];
    /// What a structure is owed goes into a payment file.
    Settled = 34, "settled", [Payable => Clearing, Clearing => InTransit];
    /// What a structure was paid too much is taken from what it is owed.
    Deducted = 35, "deducted", [Payable => Recoverable];
    /// A payment is on the statement.
    Paid = 36, "paid", [InTransit => Bank];
    /// A payment never left (from in transit) or came back (from the bank).
    Rejected = 37, "rejected",
        [InTransit => Clearing, Bank => Clearing, Clearing => Payable, InTransit => Deposited, Bank => Deposited];
    /// Unused value becomes the funder's free money again; at the end of a programme also what never stood behind a batch.
    Refunded = 38, "refunded", [Refundable => Clearing, Available => Clearing, Clearing => Deposited];
    /// A funder's free money goes back to its bank account, at once or by a payment file.
    RefundSent = 39, "refund_sent", [Deposited => Bank, Deposited => InTransit, InTransit => Bank];
    /// A statement line that nobody has explained yet, in or out.
    Unexplained = 40, "unexplained", [Bank => Suspense, Suspense => Bank];
    /// What that line was.
    Explained = 41, "explained", [
        Suspense => Deposited, Suspense => Receivable, Suspense => Clearing, Clearing => Payable,
        InTransit => Suspense, Deposited => Suspense, ChargesOwed => Suspense, Suspense => ChargesOwed
    ];
    /// Funders settle a share that was known only after use, out of what is free or of what is owed back.
    TrueUp = 42, "true_up", [Available => Refundable, Refundable => Refundable];
    /// What the bank takes for itself, and the operator owes to the fund from then on.
    BankCharge = 43, "bank_charge", [ChargesOwed => Bank];
    /// A public mandate was not honoured: what was counted as money is taken off.
    MandateCancelled = 44, "mandate_cancelled", [Deposited => Receivable];
    /// A funder's money leaves a programme before anything stands behind it.
    Deallocated = 45, "deallocated", [Available => Clearing, Clearing => Deposited];
}

impl TransferKind {
    /// The number that stands for it in the database.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The kind with this code.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// Whether it may debit the one and credit the other.
    #[must_use]
    pub fn joins(self, debit: AccountKind, credit: AccountKind) -> bool {
        self.pairs().contains(&(debit, credit))
    }
}
