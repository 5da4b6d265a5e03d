use chrono::NaiveDate;
use roxmltree::{Document, Node};
use standards::Cents;
use standards::camt053::{Balance, Entry, Statement, Transfer, write};

use crate::world::{DAY, FUND_IBAN, morning};

/// The bank of the fund's account. It knows the system by the files that go to and fro.
#[derive(Debug, Clone)]
pub struct Bank {
    /// At the close of the last statement.
    pub balance: Cents,
    opened_on: NaiveDate,
    statements: u64,
    movements: Vec<Transfer>,
}

impl Default for Bank {
    fn default() -> Self {
        Self {
            balance: Cents::ZERO,
            opened_on: DAY,
            statements: 0,
            movements: Vec::new(),
        }
    }
}

impl Bank {
    /// Somebody's transfer arrives.
    pub fn receives(&mut self, from: &str, iban: &str, amount: Cents, remittance: &str) {
        self.movements.push(Transfer {
            amount,
            counterparty_name: Some(from.to_owned()),
            counterparty_iban: Some(iban.parse().expect("an IBAN")),
            remittance: Some(remittance.to_owned()),
            ..Transfer::default()
        });
    }

    /// Carries out every transfer of a pain.001 file.
    pub fn executes(&mut self, pain001: &[u8]) {
        let document = std::str::from_utf8(pain001).expect("UTF-8");
        let document = Document::parse(document).expect("XML");
        for transfer in document
            .descendants()
            .filter(|node| node.tag_name().name() == "CdtTrfTxInf")
        {
            let amount: Cents = text(transfer, "InstdAmt").parse().expect("an amount");
            self.movements.push(Transfer {
                end_to_end: Some(text(transfer, "EndToEndId")),
                amount: amount.checked_neg().expect("a small amount"),
                counterparty_name: Some(text(transfer, "Nm")),
                counterparty_iban: Some(text(transfer, "IBAN").parse().expect("an IBAN")),
                remittance: None,
                return_reason: None,
            });
        }
    }

    /// The last transfer carried out comes back: the account is closed.
    pub fn sends_back_last(&mut self) {
        let sent = self.movements.last().expect("something was carried out").clone();
        let amount = sent.amount.checked_neg().expect("a small amount");
        self.movements.push(Transfer {
            amount,
            return_reason: Some("AC04".to_owned()),
            ..sent
        });
    }

    /// The transfers carried out under these end-to-end ids come back: the accounts are closed.
    pub fn sends_back(&mut self, end_to_ends: &[&str]) {
        let named = |sent: &&Transfer| sent.end_to_end.as_deref().is_some_and(|id| end_to_ends.contains(&id));
        let back: Vec<Transfer> = self.movements.iter().filter(named).cloned().collect();
        assert_eq!(back.len(), end_to_ends.len(), "each was carried out once");
        self.movements.extend(back.into_iter().map(|sent| Transfer {
            amount: sent.amount.checked_neg().expect("a small amount"),
            return_reason: Some("AC04".to_owned()),
            ..sent
        }));
    }

    /// The statement of all movements since the last one, as a camt.053 file.
    pub fn statement(&mut self, day: NaiveDate) -> Vec<u8> {
        self.statements += 1;
        let entries: Vec<Entry> = self.movements.drain(..).map(|transfer| entry(transfer, day)).collect();
        let moved = Cents::try_sum(entries.iter().map(|entry| entry.amount)).expect("small amounts");
        let closing = self.balance.checked_add(moved).expect("small amounts");
        let statement = Statement {
            id: format!("RELEVE-{}", self.statements),
            sequence: Some(self.statements),
            account: FUND_IBAN.parse().expect("an IBAN"),
            opening: Balance {
                amount: self.balance,
                date: self.opened_on,
            },
            closing: Balance {
                amount: closing,
                date: day,
            },
            entries,
        };
        (self.balance, self.opened_on) = (closing, day);
        write(&statement, &statement.id, morning(day)).expect("a statement that adds up")
    }
}

fn entry(transfer: Transfer, day: NaiveDate) -> Entry {
    Entry {
        reference: None,
        amount: transfer.amount,
        booked_on: day,
        value_on: Some(day),
        reversal: false,
        batch: None,
        information: None,
        transfers: vec![transfer],
    }
}

/// The text of the first element of this name inside a transfer.
fn text(transfer: Node, name: &str) -> String {
    let found = transfer
        .descendants()
        .find(|node| node.tag_name().name() == name)
        .and_then(|node| node.text());
    found
        .unwrap_or_else(|| panic!("no {name} in the payment file"))
        .to_owned()
}
