use chrono::{DateTime, NaiveDate, Utc};
use roxmltree::{Document, Node};
use standards::camt053::{Balance, Statement, Transfer, WriteError, write};
use standards::{Cents, Iban};

use crate::entry;

/// The bank of one account.
#[derive(Debug, Clone)]
pub struct Bank {
    iban: Iban,
    balance: Cents,
    opened_on: NaiveDate,
    statements: u64,
    movements: Vec<Transfer>,
}

/// What the bank cannot make sense of.
#[derive(Debug, thiserror::Error)]
pub enum BankError {
    /// No XML, or none in UTF-8.
    #[error("pain.001 illisible : {0}")]
    Unreadable(String),
    /// A transfer without one of the elements that it needs, or with one that cannot be read.
    #[error("pain.001 : {0} manque ou est illisible")]
    Element(&'static str),
    /// An account that does not exist.
    #[error("IBAN invalide : {0}")]
    Iban(String),
    /// Nothing was carried out since the last statement.
    #[error("aucun virement à renvoyer")]
    NothingSent,
    /// More than an `i64` of cents.
    #[error("montant hors limites")]
    Amount,
    #[error(transparent)]
    Statement(#[from] WriteError),
}

impl Bank {
    /// An empty account.
    #[must_use]
    pub const fn open(iban: Iban, opened_on: NaiveDate) -> Self {
        Self {
            iban,
            balance: Cents::ZERO,
            opened_on,
            statements: 0,
            movements: Vec::new(),
        }
    }

    /// What stood on the account at the end of the last statement.
    #[must_use]
    pub const fn balance(&self) -> Cents {
        self.balance
    }

    /// Somebody's transfer arrives.
    pub fn receive(&mut self, from: &str, iban: &str, amount: Cents, remittance: &str) -> Result<(), BankError> {
        self.movements.push(Transfer {
            amount,
            counterparty_name: Some(from.to_owned()),
            counterparty_iban: Some(account(iban)?),
            remittance: Some(remittance.to_owned()),
            ..Transfer::default()
        });
        Ok(())
    }

    /// Carries out every transfer of a pain.001 file.
    pub fn execute(&mut self, pain001: &[u8]) -> Result<(), BankError> {
        let unreadable = |error: &dyn std::error::Error| BankError::Unreadable(error.to_string());
        let xml = std::str::from_utf8(pain001).map_err(|error| unreadable(&error))?;
        let document = Document::parse(xml).map_err(|error| unreadable(&error))?;
        for transfer in document
            .descendants()
            .filter(|node| node.tag_name().name() == "CdtTrfTxInf")
        {
            let amount: Cents = text(transfer, "InstdAmt")?
                .parse()
                .map_err(|_| BankError::Element("InstdAmt"))?;
            self.movements.push(Transfer {
                end_to_end: Some(text(transfer, "EndToEndId")?),
                amount: opposite(amount)?,
                counterparty_name: Some(text(transfer, "Nm")?),
                counterparty_iban: Some(account(&text(transfer, "IBAN")?)?),
                remittance: text(transfer, "Ustrd").ok(),
                ..Transfer::default()
            });
        }
        Ok(())
    }

    /// The last transfer carried out comes back, for this ISO 20022 reason. Gives the name of who was not paid.
    pub fn send_back_last(&mut self, reason: &str) -> Result<String, BankError> {
        let sent = self.movements.last().ok_or(BankError::NothingSent)?.clone();
        let name = sent.counterparty_name.clone().unwrap_or_default();
        self.movements.push(returned(sent, reason)?);
        Ok(name)
    }

    /// Every transfer carried out since the last statement under one of these end-to-end ids comes back.
    pub fn send_back(&mut self, end_to_ends: &[&str], reason: &str) -> Result<(), BankError> {
        let named = |sent: &&Transfer| sent.end_to_end.as_deref().is_some_and(|id| end_to_ends.contains(&id));
        let sent: Vec<Transfer> = self.movements.iter().filter(named).cloned().collect();
        if sent.len() != end_to_ends.len() {
            return Err(BankError::NothingSent);
        }
        for sent in sent {
            self.movements.push(returned(sent, reason)?);
        }
        Ok(())
    }

    /// The statement of all movements since the last one, made at an instant, as a camt.053 file.
    pub fn statement(&mut self, day: NaiveDate, at: DateTime<Utc>) -> Result<Vec<u8>, BankError> {
        self.statements += 1;
        let transfers = self.movements.drain(..);
        let entries: Vec<_> = transfers.map(|transfer| entry::booked(transfer, day)).collect();
        let moved = Cents::try_sum(entries.iter().map(|entry| entry.amount)).ok_or(BankError::Amount)?;
        let closing = self.balance.checked_add(moved).ok_or(BankError::Amount)?;
        let statement = Statement {
            id: format!("RELEVE-{}-{}", day.format("%Y%m%d"), self.statements),
            sequence: Some(self.statements),
            account: self.iban.clone(),
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
        Ok(write(&statement, &statement.id, at)?)
    }
}

fn returned(sent: Transfer, reason: &str) -> Result<Transfer, BankError> {
    Ok(Transfer {
        amount: opposite(sent.amount)?,
        return_reason: Some(reason.to_owned()),
        ..sent
    })
}

fn opposite(amount: Cents) -> Result<Cents, BankError> {
    amount.checked_neg().ok_or(BankError::Amount)
}

fn account(iban: &str) -> Result<Iban, BankError> {
    iban.parse().map_err(|_| BankError::Iban(iban.to_owned()))
}

/// The text of the first element of this name inside a transfer.
fn text(transfer: Node, name: &'static str) -> Result<String, BankError> {
    let found = transfer
        .descendants()
        .find(|node| node.tag_name().name() == name)
        .and_then(|node| node.text());
    Ok(found.ok_or(BankError::Element(name))?.to_owned())
}
