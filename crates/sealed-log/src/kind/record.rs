/// What a record says: something that is proven beside the transfers and moves no money. Codes and names are those of table
/// `ledger.record_kind`; only the funding service's role may write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i16)]
pub enum RecordKind {
    /// A payment pays a claim.
    SettlementLine = 60,
    /// A payment is smaller by a claim that was paid before and then reversed.
    SettlementDeduction = 61,
}

impl RecordKind {
    /// All of them, by code.
    pub const ALL: &[Self] = &[Self::SettlementLine, Self::SettlementDeduction];

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

    /// Its name in the database and in exports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SettlementLine => "settlement_line",
            Self::SettlementDeduction => "settlement_deduction",
        }
    }
}
