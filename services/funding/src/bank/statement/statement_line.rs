use chrono::NaiveDate;
use standards::Cents;
use standards::camt053::{Balance, Batch, Entry, Statement, Transfer};

use crate::{promises::reference::CallReference, support::ids::PaymentId};

/// One movement as it is matched: a transfer of an entry, or an entry without details.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct StatementLine {
    /// From 1, in the bank's order; [`TAKEN_OVER`] is no movement.
    pub number: i32,
    pub booked_on: NaiveDate,
    /// Positive is money in.
    pub cents: Cents,
    pub end_to_end: Option<String>,
    /// What the payer wrote.
    pub remittance: String,
    /// The bank's own words on this movement.
    pub bank_words: Option<String>,
    /// The bank's words on an entry of which this is one transfer among several: only shown.
    pub entry_words: Option<String>,
    /// Further references, names and accounts.
    pub other_texts: Vec<String>,
    /// The other side's IBAN.
    pub counterparty: Option<String>,
    pub counterparty_name: Option<String>,
    /// Why it came back.
    pub return_reason: Option<String>,
    /// The payment file that the bank booked as one.
    pub message_id: Option<String>,
    /// The transfer's amount, where it is not what moved.
    pub own_amount: Option<String>,
    /// What the bank kept.
    pub charges: Option<String>,
    /// Several transfers that the bank does not tell apart: a text may speak of one of them only.
    pub several: bool,
}

/// The number of the line that is the balance before the first statement.
pub(super) const TAKEN_OVER: i32 = 0;

impl StatementLine {
    pub(super) fn payment(&self) -> Option<PaymentId> {
        self.end_to_end.as_deref().and_then(PaymentId::from_end_to_end)
    }

    /// Every text in which a payer or a bank may name what this is, each by itself. None where nobody knows of what it speaks.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let reference = self.end_to_end.as_deref().filter(|_| self.payment().is_none());
        let texts = [Some(self.remittance.as_str()), self.bank_words.as_deref(), reference];
        let others = self.other_texts.iter().map(String::as_str);
        let speaks = !self.several;
        texts.into_iter().flatten().chain(others).filter(move |_| speaks)
    }

    /// The calls that it quotes, each once.
    pub(super) fn references(&self) -> Vec<CallReference> {
        let mut found = Vec::new();
        for reference in self.texts().flat_map(CallReference::find_all) {
            if !found.contains(&reference) {
                found.push(reference);
            }
        }
        found
    }
}

/// A reason for the bank's own undoing, which has none of the scheme's codes.
const REVERSAL: &str = "RVSL";

/// Of a statement; of the first one, with what was on the account before.
pub(super) fn lines(statement: &Statement, is_first: bool) -> Vec<StatementLine> {
    let taken_over = Some(statement.opening).filter(|opening| is_first && !opening.amount.is_zero());
    let transfers = statement
        .entries
        .iter()
        .flat_map(|entry| entry.transfers.iter().map(move |part| (entry, part)));
    let moved = (1..)
        .zip(transfers)
        .map(|(number, (entry, transfer))| line(number, entry, transfer));
    taken_over.map(before).into_iter().chain(moved).collect()
}

fn before(opening: Balance) -> StatementLine {
    StatementLine {
        number: TAKEN_OVER,
        booked_on: opening.date,
        cents: opening.amount,
        bank_words: Some("Solde du compte avant le premier relevé chargé".to_owned()),
        several: true,
        ..StatementLine::default()
    }
}

/// Our files have one group of payments, whose id is the file's: CFONB 120 gives only that.
fn file_id(batch: &Batch) -> Option<String> {
    batch.message_id.clone().or_else(|| batch.payment_info_id.clone())
}

fn line(number: i32, entry: &Entry, transfer: &Transfer) -> StatementLine {
    // The words on an entry of several transfers may speak of one of them.
    let (own, whole) = match entry.transfers.len() {
        1 => (entry.information.clone(), None),
        _ => (None, entry.information.clone()),
    };
    let words: Vec<String> = transfer.information.iter().cloned().chain(own).collect();
    let reversal = entry.reversal.then(|| REVERSAL.to_owned());
    StatementLine {
        number,
        booked_on: entry.booked_on,
        cents: transfer.amount,
        end_to_end: transfer.end_to_end.clone(),
        remittance: transfer.remittance.clone().unwrap_or_default(),
        bank_words: Some(words.join(" ")).filter(|words| !words.is_empty()),
        entry_words: whole,
        other_texts: transfer.other_texts.clone(),
        counterparty: transfer
            .counterparty_iban
            .as_ref()
            .map(|iban| iban.electronic().to_owned()),
        counterparty_name: transfer.counterparty_name.clone(),
        return_reason: transfer.return_reason.clone().or(reversal),
        message_id: entry.batch.as_ref().and_then(file_id),
        own_amount: transfer.own_amount.clone(),
        charges: transfer.charges.clone(),
        several: transfer.several,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn call() -> CallReference {
        CallReference::derive(Uuid::from_u128(7), 2026, 0)
    }

    fn entry(transfers: Vec<Transfer>) -> Entry {
        Entry {
            reference: None,
            amount: Cents::new(3000),
            booked_on: "2026-11-30".parse().unwrap(),
            value_on: None,
            reversal: false,
            batch: None,
            information: Some(format!("REMISE DONT {}", call())),
            transfers,
        }
    }

    #[test]
    fn the_words_of_an_entry_are_those_of_its_only_transfer_and_of_none_among_several() {
        let alone = line(1, &entry(vec![Transfer::default()]), &Transfer::default());
        assert_eq!(alone.references(), [call()]);
        let two = entry(vec![Transfer::default(); 2]);
        let among = line(1, &two, &two.transfers[1]);
        assert_eq!(among.references(), []);
        assert_eq!((among.bank_words, among.entry_words), (None, two.information));
        // Nobody knows of which of several transfers a text speaks.
        let together = Transfer {
            several: true,
            other_texts: vec![call().to_string()],
            ..Transfer::default()
        };
        let together = line(1, &entry(vec![together.clone()]), &together);
        assert_eq!(together.references(), []);
        assert!(together.bank_words.is_some(), "it is shown");
    }

    #[test]
    fn a_call_is_looked_for_in_every_text_of_a_line_and_not_across_two() {
        let text = call().to_string();
        for line in [
            StatementLine {
                remittance: text.clone(),
                ..StatementLine::default()
            },
            StatementLine {
                bank_words: Some(format!("VIR RECU {text}")),
                ..StatementLine::default()
            },
            StatementLine {
                end_to_end: Some(text.clone()),
                ..StatementLine::default()
            },
            StatementLine {
                other_texts: vec!["M".to_owned(), text.clone()],
                remittance: text.clone(),
                ..StatementLine::default()
            },
        ] {
            assert_eq!(line.references(), [call()], "{line:?}");
        }
        let cut = StatementLine {
            remittance: text[..9].to_owned(),
            bank_words: Some(text[9..].to_owned()),
            ..StatementLine::default()
        };
        assert_eq!(cut.references(), []);
    }
}
