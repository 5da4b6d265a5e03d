/// Which side of an account grows it. `Either` has no bounds: it holds what passes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What is held, or owed by others.
    Debit,
    /// What is owed to others.
    Credit,
    /// What only passes through, with either sign.
    Either,
}

macro_rules! account_kinds {
    ($($(#[$doc:meta])* $kind:ident = $code:literal, $name:literal, $compte_num:literal, $side:ident;)+) => {
        /// What an account holds. Codes, names, numbers and sides are those of table `ledger.account_kind`; a test compares.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(i16)]
        pub enum AccountKind { $($(#[$doc])* $kind = $code,)+ }

        impl AccountKind {
            /// All of them, by code.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Its name in the database and in exports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// Its number in the French general chart of accounts (the FEC's `CompteNum`).
            #[must_use]
            pub const fn compte_num(self) -> &'static str {
                match self { $(Self::$kind => $compte_num,)+ }
            }

            /// The side on which it stands: its balance there is never negative.
            #[must_use]
            pub const fn side(self) -> Side {
                match self { $(Self::$kind => Side::$side,)+ }
            }
        }
    };
}

account_kinds! {
    /// The segregated bank account of the fund.
    Bank = 1, "bank", "512", Debit;
    /// Public mandates accepted, money not yet received. By funder.
    Receivable = 2, "receivable", "441", Debit;
    /// Received or mandated, not yet allocated. By funder.
    Deposited = 3, "deposited", "4670", Credit;
    /// Statement lines nobody has explained yet.
    Suspense = 4, "suspense", "471", Either;
    /// In a payment file, not yet on the statement. By payee.
    InTransit = 5, "in_transit", "4675", Credit;
    /// Where a book meets the others: all of them sum to zero.
    Clearing = 6, "clearing", "581", Either;
    /// Allocated to a programme, free. By funder.
    Available = 7, "available", "4671", Credit;
    /// Behind a funded batch. By batch and funder.
    Reserved = 8, "reserved", "4672", Credit;
    /// A spendable voucher: at most its face value.
    Voucher = 9, "voucher", "4673", Credit;
    /// Claimed, not yet paid. By structure.
    Payable = 10, "payable", "4674", Credit;
    /// Paid, then reversed: deducted from the next payment. By structure.
    Recoverable = 11, "recoverable", "4679", Debit;
    /// Expired, revoked or cancelled face value owed back. By funder.
    Refundable = 12, "refundable", "4676", Credit;
    /// What the bank took for itself: the operator owes it to the fund, until it has paid it back.
    ChargesOwed = 13, "charges_owed", "4678", Debit;
}

impl AccountKind {
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
}

impl AccountKind {
    /// Whether it is kept in the fund's book (`Some(true)`), in programmes' books (`Some(false)`) or in each.
    #[must_use]
    pub const fn fund_book(self) -> Option<bool> {
        match self {
            Self::Clearing => None,
            Self::Available | Self::Reserved | Self::Voucher | Self::Payable | Self::Recoverable | Self::Refundable => {
                Some(false)
            }
            Self::Bank | Self::Receivable | Self::Deposited | Self::Suspense | Self::InTransit | Self::ChargesOwed => {
                Some(true)
            }
        }
    }
}
