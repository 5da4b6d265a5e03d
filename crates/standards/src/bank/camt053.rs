//! The bank's statement of account: camt.053, read in versions 001.02 to 001.13, written in 001.08.
//!
//! Reading is strict where money is concerned: the account, the balances and the booked amounts. Euro only, whole cents, a known
//! sign, opening balance + entries = closing balance. A statement that does not add up is refused whole, with the line and the
//! element, because a half-read statement makes a false reconciliation.
//!
//! Everything else is information, and none of it refuses a file. An entry's amount is what moved: details that make another sum
//! (charges were kept, another currency, no amounts) are one transfer of the entry's amount, with all that they say. A number or a
//! day that is none is left out; an entry without a day is of the closing day. Every text by which a person or a rule may know
//! the transfer is kept.
//!
//! One file may hold several statements, several documents and several accounts: [`read_account`] takes those of one account and
//! names the others, whose money nobody here has to understand.
//!
//! Not supported, and refused for want of a closing balance: a statement cut in pages. Entries that are only announced
//! (`PDNG`, `INFO`, `FUTR`) moved no money and are skipped.
//!
//! The reader is our own on `roxmltree`, with bounds (module `iso20022`). The `sepa` crate reads versions 02, 06 and 08 only,
//! accepts statements without balances and tells no line.

mod read;
mod write;

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::bank::iban::Iban;
use crate::money::Cents;

pub use crate::bank::iso20022::{BYTES_MAX, NAMESPACES_MAX, NODES_MAX, TAG_BYTES_MAX};
pub use crate::bank::iso20022::{XmlError as Camt053Error, XmlProblem as Camt053Problem};
pub use read::{looks_like, read, read_account};
pub use write::{WriteError, write};

/// What a file says of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountStatements {
    /// In the order of the file.
    pub statements: Vec<Statement>,
    /// The other accounts of the file, as the bank writes them, each once.
    pub others: BTreeSet<String>,
}

/// One account over one period, usually a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The bank's identifier (`Stmt/Id`), or one made of the days, the balances and the number of entries where it gives none.
    /// Banks use theirs again.
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
    /// The day of booking, else the value day, else the closing day.
    pub booked_on: NaiveDate,
    /// The day from which it counts for interest.
    pub value_on: Option<NaiveDate>,
    /// Whether it undoes an earlier entry (`RvslInd`). The sign of `amount` is already the true one.
    pub reversal: bool,
    /// Set when the bank booked a whole payment file as one movement.
    pub batch: Option<Batch>,
    /// The bank's own words on the whole (`AddtlNtryInf`): of several transfers they may speak of one only.
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
    /// What the payer wrote (`Ustrd`, and the references and texts of `Strd`), joined by a space.
    pub remittance: Option<String>,
    /// The bank's own words on this transfer (`AddtlTxInf`).
    pub information: Option<String>,
    /// Whatever else may tell what it is: further references and names.
    pub other_texts: Vec<String>,
    /// Its amount as the bank tells it, where that is not what moved: `1000.00 EUR`, before charges or in another currency.
    pub own_amount: Option<String>,
    /// What the bank says that it kept: `12.00 EUR`.
    pub charges: Option<String>,
    /// Several transfers in truth, of which the bank does not tell (all) the amounts: a text of theirs may speak of one only.
    pub several: bool,
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
    /// A name for a statement to which the bank gives none: the same for a second download in other bytes.
    pub(crate) fn made_id(format: &str, opening: Balance, closing: Balance, entries: usize) -> String {
        format!(
            "{format} {}/{} {} {} {entries}",
            opening.date, closing.date, opening.amount, closing.amount
        )
    }

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
