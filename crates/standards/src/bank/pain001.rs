//! The payment file for the bank: pain.001.001.09, SEPA credit transfers (EPC132-08).
//!
//! One file pays many structures from one account. The XML, the control sums and the transliteration of accents (EPC217-08) are
//! the `sepa` crate's; this module adds the rules of a public payer: no zero, no duplicate, and names the structure at fault.
//!
//! Names longer than SEPA's 70 characters are shortened, since the IBAN decides who is paid; remittance texts are the proof of
//! what was paid, so a long one is refused rather than cut.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use sepa::charset::{Transliteration, transliterate};
use sepa::{CreditTransferEntry, CreditTransferGroup, IsoDate, IsoDateTime, Pain001Builder, ValidationError};

use crate::bank::iban::{Bic, Iban};
use crate::money::Cents;

/// Most payments in one file; a bank's usual limit.
pub const PAYMENTS_MAX: usize = 10_000;
/// Largest amount of one SEPA credit transfer, 999,999,999.99 € (EPC132-08, AT-T002).
pub const AMOUNT_MAX: Cents = Cents::new(99_999_999_999);
/// Most characters of a message or end-to-end identifier (`Max35Text`).
pub const ID_CHARS_MAX: usize = 35;
/// Most characters of a remittance text, after transliteration.
pub const REMITTANCE_CHARS_MAX: usize = 140;
/// Most characters of a party's name in SEPA.
pub const NAME_CHARS_MAX: usize = 70;

/// Everything a file says.
#[derive(Debug, Clone)]
pub struct PaymentFile {
    /// Unique for the debtor, at most 35 characters of the SEPA set; the bank refuses a file sent twice by it.
    pub message_id: String,
    /// When the file was made.
    pub created_at: DateTime<Utc>,
    pub debtor_name: String,
    /// From which account.
    pub debtor_iban: Iban,
    pub debtor_bic: Option<Bic>,
    /// The day on which the bank should debit the account.
    pub requested_execution: NaiveDate,
    pub payments: Vec<Payment>,
}

#[derive(Debug, Clone)]
pub struct Payment {
    /// Travels to the creditor and back on the statement; unique in the file, at most 35 characters of the SEPA set.
    pub end_to_end: String,
    pub creditor_name: String,
    /// On which account.
    pub iban: Iban,
    /// At which bank, if known.
    pub bic: Option<Bic>,
    pub amount: Cents,
    /// What for, at most 140 characters.
    pub remittance: String,
}

/// Why no file was written. The first fault found is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentFileError {
    #[error("le fichier de virements est vide")]
    Empty,
    /// More than [`PAYMENTS_MAX`].
    #[error("le fichier contient {found} virements, plus que {PAYMENTS_MAX} ; faites-en plusieurs")]
    TooMany {
        /// How many there are.
        found: usize,
    },
    /// Zero, negative or above [`AMOUNT_MAX`].
    #[error("le virement {end_to_end} est de {amount} € ; un virement va de 0.01 à {AMOUNT_MAX} €")]
    Amount { end_to_end: String, amount: Cents },
    /// Two payments with one identifier.
    #[error("la référence de virement {end_to_end} est là deux fois")]
    Duplicate {
        /// The identifier.
        end_to_end: String,
    },
    /// An account that SEPA does not reach.
    #[error("le compte {iban} du virement {end_to_end} est hors de la zone SEPA")]
    NotSepa {
        end_to_end: String,
        /// Its account, shown masked.
        iban: Iban,
    },
    /// A text is empty, too long or has a character that an identifier may not have.
    #[error("{place} ne convient pas au format bancaire : {rule}")]
    Text {
        /// The payment's identifier, or the file.
        place: String,
        /// What the format asks.
        rule: String,
    },
    /// A date beyond the year 9999.
    #[error("la date {date} ne peut pas s'écrire dans un fichier bancaire")]
    Date { date: String },
}

impl PaymentFile {
    /// The sum of all payments, the file's control sum; `None` beyond 64 bits.
    #[must_use]
    pub fn total(&self) -> Option<Cents> {
        Cents::try_sum(self.payments.iter().map(|payment| payment.amount))
    }

    /// The XML to hand to the bank, UTF-8. The same file always gives the same bytes.
    pub fn write(&self) -> Result<Vec<u8>, PaymentFileError> {
        self.check()?;
        let mut group = CreditTransferGroup::new(
            shortened(&self.debtor_name),
            self.debtor_iban.as_sepa(),
            iso_date(self.requested_execution)?,
        )
        .batch_booking(true);
        if let Some(bic) = &self.debtor_bic {
            group = group.debtor_bic(bic.as_sepa().clone());
        }
        let group = group.add_entries(self.payments.iter().map(entry));
        let file = Pain001Builder::new(shortened(&self.debtor_name), self.message_id.clone())
            .created_at(iso_instant(self.created_at)?)
            .add_group(group);
        file.build().map(String::into_bytes).map_err(|error| {
            let payment = error.location.transaction.and_then(|index| self.payments.get(index));
            let place = payment.map_or_else(
                || "l'en-tête du fichier".to_owned(),
                |payment| format!("le virement {}", payment.end_to_end),
            );
            PaymentFileError::Text {
                place,
                rule: in_french(&error.kind),
            }
        })
    }

    /// The rules the crate does not have, or tells without naming the payment.
    fn check(&self) -> Result<(), PaymentFileError> {
        if self.payments.is_empty() {
            return Err(PaymentFileError::Empty);
        }
        if self.payments.len() > PAYMENTS_MAX {
            return Err(PaymentFileError::TooMany {
                found: self.payments.len(),
            });
        }
        let mut seen = HashSet::new();
        for payment in &self.payments {
            let end_to_end = payment.end_to_end.clone();
            if !payment.amount.is_positive() || payment.amount > AMOUNT_MAX {
                return Err(PaymentFileError::Amount {
                    end_to_end,
                    amount: payment.amount,
                });
            }
            if !payment.iban.is_sepa() {
                return Err(PaymentFileError::NotSepa {
                    end_to_end,
                    iban: payment.iban.clone(),
                });
            }
            if !seen.insert(&payment.end_to_end) {
                return Err(PaymentFileError::Duplicate { end_to_end });
            }
        }
        Ok(())
    }
}

fn entry(payment: &Payment) -> CreditTransferEntry {
    let entry = CreditTransferEntry::new(
        shortened(&payment.creditor_name),
        payment.iban.as_sepa().clone(),
        payment.amount.get(),
        payment.end_to_end.clone(),
    )
    .with_description(payment.remittance.clone());
    match &payment.bic {
        Some(bic) => entry.with_bic(bic.as_sepa().clone()),
        None => entry,
    }
}

/// The rules that a caller's text can break; the others would be a fault of this module and keep the crate's words.
fn in_french(rule: &ValidationError) -> String {
    match rule {
        ValidationError::Empty { field } => format!("{field} est vide"),
        ValidationError::TooLong { field, max, actual } => {
            format!("{field} a {actual} caractères, {max} au plus sont possibles")
        }
        ValidationError::InvalidCharacter { field, ch } => {
            format!("{field} contient le caractère « {ch} », interdit dans une référence bancaire")
        }
        ValidationError::SlashRule { field } => {
            format!("{field} commence ou finit par « / », ou contient « // »")
        }
        other => other.to_string(),
    }
}

/// A name in the SEPA set, cut to its 70 characters; cut after transliteration, which may lengthen it.
fn shortened(name: &str) -> String {
    let plain: String = name.chars().filter_map(typed).collect();
    let plain = transliterate(&plain, Transliteration::Epc);
    plain.chars().take(NAME_CHARS_MAX).collect::<String>().trim().to_owned()
}

/// What the table of EPC217-08 leaves out and would turn into a full stop: the apostrophe and dashes that word processors write. And
/// the mark that some spreadsheets write apart from its letter goes, as with those written together.
const fn typed(letter: char) -> Option<char> {
    match letter {
        '\u{300}'..='\u{36f}' => None,
        '‘' | '’' | 'ʼ' => Some('\''),
        '\u{2010}'..='\u{2015}' => Some('-'),
        letter => Some(letter),
    }
}

fn iso_date(date: NaiveDate) -> Result<IsoDate, PaymentFileError> {
    IsoDate::parse(&date.to_string()).map_err(|_| PaymentFileError::Date { date: date.to_string() })
}

fn iso_instant(at: DateTime<Utc>) -> Result<IsoDateTime, PaymentFileError> {
    let text = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    IsoDateTime::parse(&text).map_err(|_| PaymentFileError::Date { date: text })
}

#[cfg(test)]
mod tests;
