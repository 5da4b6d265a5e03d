//! The demo's bank: it keeps one account, carries out the payment files that it is sent and answers with statements. It
//! knows the system only by the files that go to and fro, as a real one does.

use anyhow::Context;
use chrono::NaiveDate;
use roxmltree::{Document, Node};
use standards::Cents;
use standards::Iban;
use standards::camt053::{Balance, Entry, Statement, Transfer, write};

use super::calendar::morning;

/// The bank of the fund's account.
#[derive(Debug, Clone)]
pub struct Bank {
    iban: Iban,
    /// At the close of the last statement.
    balance: Cents,
    opened_on: NaiveDate,
    statements: u64,
    movements: Vec<Transfer>,
}

impl Bank {
    /// An empty account.
    pub const fn open(iban: Iban, opened_on: NaiveDate) -> Self {
        Self {
            iban,
            balance: Cents::ZERO,
            opened_on,
            statements: 0,
            movements: Vec::new(),
        }
    }

    /// Somebody's transfer arrives.
    pub fn receive(&mut self, from: &str, iban: &str, amount: Cents, remittance: &str) -> anyhow::Result<()> {
        self.movements.push(Transfer {
            amount,
            counterparty_name: Some(from.to_owned()),
            counterparty_iban: Some(iban.parse()?),
            remittance: Some(remittance.to_owned()),
            ..Transfer::default()
        });
        Ok(())
    }

    /// Carries out every transfer of a pain.001 file.
    pub fn execute(&mut self, pain001: &[u8]) -> anyhow::Result<()> {
        let document = Document::parse(std::str::from_utf8(pain001)?)?;
        let transfers = document
            .descendants()
            .filter(|node| node.tag_name().name() == "CdtTrfTxInf");
        for transfer in transfers {
            let iban: Iban = text(transfer, "IBAN")?.parse()?;
            self.movements.push(Transfer {
                end_to_end: Some(text(transfer, "EndToEndId")?),
                amount: text(transfer, "InstdAmt")?
                    .parse::<Cents>()?
                    .checked_neg()
                    .context("montant hors limites")?,
                counterparty_name: Some(text(transfer, "Nm")?),
                counterparty_iban: Some(iban),
                remittance: Some(text(transfer, "Ustrd")?),
                return_reason: None,
            });
        }
        Ok(())
    }

    /// The last transfer carried out comes back, for this ISO 20022 reason. Gives the name of who was not paid.
    pub fn send_back_last(&mut self, reason: &str) -> anyhow::Result<String> {
        let sent = self.movements.last().context("aucun virement à renvoyer")?.clone();
        let name = sent.counterparty_name.clone().unwrap_or_default();
        let amount = sent.amount.checked_neg().context("montant hors limites")?;
        self.movements.push(Transfer {
            amount,
            return_reason: Some(reason.to_owned()),
            ..sent
        });
        Ok(name)
    }

    /// The statement of all movements since the last one, as a camt.053 file.
    pub fn statement(&mut self, day: NaiveDate) -> anyhow::Result<Vec<u8>> {
        self.statements += 1;
        let entries: Vec<Entry> = self.movements.drain(..).map(|transfer| entry(transfer, day)).collect();
        let moved = Cents::try_sum(entries.iter().map(|entry| entry.amount)).context("montant hors limites")?;
        let closing = self.balance.checked_add(moved).context("montant hors limites")?;
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
        Ok(write(&statement, &statement.id, morning(day, 0))?)
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
fn text(transfer: Node, name: &str) -> anyhow::Result<String> {
    let found = transfer
        .descendants()
        .find(|node| node.tag_name().name() == name)
        .and_then(|node| node.text());
    Ok(found.with_context(|| format!("pain.001 : {name} manque"))?.to_owned())
}
