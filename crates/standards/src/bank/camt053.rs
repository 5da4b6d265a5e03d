//! The bank's statement of account: camt.053, read in versions 001.02 to 001.08, written in 001.08.
//!
//! Reading is strict where money is concerned: euro only, at most two decimals, a known sign, opening balance + entries = closing
//! balance, entry = sum of its transfers. A statement that does not add up is refused whole, with the line and the element,
//! because a half-read statement makes a false reconciliation. What carries no money (addresses, charges, tax) is skipped.
//!
//! Not supported, and refused for want of a closing balance: a statement cut in pages. Entries that are only announced
//! (`PDNG`, `INFO`, `FUTR`) moved no money and are skipped.
//!
//! The reader is our own on `roxmltree`, with bounds (module `iso20022`). The `sepa` crate reads versions 02, 06 and 08 only,
//! accepts statements without balances and tells no line.

mod read;
mod write;

use chrono::NaiveDate;

use crate::bank::iban::Iban;
use crate::money::Cents;

pub use crate::bank::iso20022::{BYTES_MAX, NAMESPACES_MAX, NODES_MAX, TAG_BYTES_MAX};
pub use crate::bank::iso20022::{XmlError as Camt053Error, XmlProblem as Camt053Problem};
pub use read::read;
pub use write::{WriteError, write};

/// One account over one period, usually a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The bank's identifier (`Stmt/Id`).
    pub id: String,
    /// The bank's running number (`ElctrncSeqNb`): a gap means a missing statement.
    pub sequence: Option<u64>,
    pub account: Iban,
    /// What was there before (`OPBD`, or `PRCD` where the bank gives only that).
    pub opening: Balance,
    /// What is there after (`CLBD`).
    pub closing: Balance,
    /// What moved, in the bank's order.
    pub entries: Vec<Entry>,
}

/// The money on the account on a day, negative when overdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    pub amount: Cents,
    pub date: NaiveDate,
}

/// One booked movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The bank's reference (`AcctSvcrRef`, else `NtryRef`).
    pub reference: Option<String>,
    /// Positive when money came in, negative when it left.
    pub amount: Cents,
    /// The day of booking, else the value day.
    pub booked_on: NaiveDate,
    /// The day from which it counts for interest.
    pub value_on: Option<NaiveDate>,
    /// Whether it undoes an earlier entry (`RvslInd`). The sign of `amount` is already the true one.
    pub reversal: bool,
    /// Set when the bank booked a whole payment file as one movement.
    pub batch: Option<Batch>,
    /// The bank's own words (`AddtlNtryInf`).
    pub information: Option<String>,
    /// The transfers it is made of: at least one, and they sum to `amount`. Without details from the bank, one that only has
    /// the amount.
    pub transfers: Vec<Transfer>,
}

/// Which payment file a batch entry is (`NtryDtls/Btch`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// The file's message identifier, as sent in pain.001.
    pub message_id: Option<String>,
    /// The file's payment information identifier.
    pub payment_info_id: Option<String>,
    /// How many transfers the bank counted.
    pub transfers: Option<u64>,
}

/// One transfer inside an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transfer {
    /// The payer's own reference, back unchanged; none for `NOTPROVIDED`.
    pub end_to_end: Option<String>,
    /// Positive when money came in, negative when it left.
    pub amount: Cents,
    /// The other side.
    pub counterparty_name: Option<String>,
    /// The other side's account; none if it is not an IBAN with true check digits.
    pub counterparty_iban: Option<Iban>,
    /// What for; several lines are joined by a space.
    pub remittance: Option<String>,
    /// Why a transfer came back (ISO external code such as `AC04`, account closed): set means returned.
    pub return_reason: Option<String>,
}

/// A statement that does not add up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Imbalance {
    /// Opening + entries ≠ closing.
    #[error("le solde de clôture est de {}, alors que l'ouverture et les mouvements font {}", .closing.to_french(), .expected.to_french())]
    Closing {
        /// The bank's closing balance.
        closing: Cents,
        /// What it should be.
        expected: Cents,
    },
    /// Transfers ≠ entry.
    #[error("le mouvement n° {entry} est de {}, alors que ses virements font {}", .amount.to_french(), .transfers.to_french())]
    Entry {
        /// From 1.
        entry: usize,
        /// The entry's amount.
        amount: Cents,
        /// Its transfers' sum.
        transfers: Cents,
    },
    /// Beyond 64 bits of cents.
    #[error("la somme des mouvements est trop grande")]
    Overflow,
}

impl Statement {
    /// Whether opening + entries = closing, and every entry is the sum of its transfers.
    pub fn check(&self) -> Result<(), Imbalance> {
        for (index, entry) in self.entries.iter().enumerate() {
            let transfers = Cents::try_sum(entry.transfers.iter().map(|transfer| transfer.amount));
            match transfers {
                Some(sum) if sum == entry.amount => {}
                Some(transfers) => {
                    return Err(Imbalance::Entry {
                        entry: index + 1,
                        amount: entry.amount,
                        transfers,
                    });
                }
                None => return Err(Imbalance::Overflow),
            }
        }
        let moved = Cents::try_sum(self.entries.iter().map(|entry| entry.amount)).ok_or(Imbalance::Overflow)?;
        let expected = self.opening.amount.checked_add(moved).ok_or(Imbalance::Overflow)?;
        let closing = self.closing.amount;
        if closing == expected {
            Ok(())
        } else {
            Err(Imbalance::Closing { closing, expected })
        }
    }
}

#[cfg(test)]
mod tests;
