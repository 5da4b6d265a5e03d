//! What a line of a statement is: as the bank writes it, and as the oracle sees it.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use standards::Cents;
use standards::camt053::{self, Entry, Transfer};

use super::fund::{About, Break, Fund, State};

/// What a line is, as the oracle sees it.
#[derive(Debug, Clone)]
pub enum Is {
    Call(usize),
    /// The mandate, what of it comes, what is above it.
    Mandate(usize, i64, i64),
    Debited(usize),
    /// With what the bank took above.
    Charged(usize, i64),
    File(Vec<usize>),
    Returned(usize),
    /// Nobody knows; what kind of break.
    Unknown(&'static str),
}

#[derive(Debug, Clone)]
pub struct Line {
    pub cents: i64,
    pub end_to_end: Option<String>,
    pub text: Option<String>,
    /// The payer's account.
    pub from: Option<String>,
    pub reason: Option<&'static str>,
    /// The payment file that it is.
    pub file: Option<String>,
    pub is: Is,
    pub rule: Option<&'static str>,
}

impl Line {
    pub fn new(cents: i64, is: Is, rule: Option<&'static str>) -> Self {
        Self {
            cents,
            end_to_end: None,
            text: None,
            from: None,
            reason: None,
            file: None,
            is,
            rule,
        }
    }

    pub fn saying(self, text: String) -> Self {
        Self {
            text: Some(text),
            ..self
        }
    }

    pub fn naming(self, payment: &str) -> Self {
        Self {
            end_to_end: Some(payment.to_owned()),
            ..self
        }
    }

    pub fn entry(&self, day: NaiveDate) -> Entry {
        let amount = Cents::new(self.cents);
        let batch = self.file.clone().map(|id| camt053::Batch {
            message_id: Some(id),
            ..camt053::Batch::default()
        });
        let transfer = Transfer {
            end_to_end: self.end_to_end.clone(),
            amount,
            counterparty_iban: self.from.as_ref().map(|iban| iban.parse().expect("an IBAN")),
            remittance: self.text.clone(),
            return_reason: self.reason.map(str::to_owned),
            ..Transfer::default()
        };
        Entry {
            batch,
            ..bank_simulator::entry::booked(transfer, day)
        }
    }
}

/// What a statement has used already: a call, a mandate or a payment is one line of it, a funder pays by its account once.
#[derive(Default)]
pub struct Used(BTreeSet<(&'static str, usize)>);

impl Used {
    pub fn takes(&mut self, what: &'static str, which: usize) -> bool {
        self.0.insert((what, which))
    }

    pub fn has(&self, what: &'static str, which: usize) -> bool {
        self.0.contains(&(what, which))
    }
}

impl Fund {
    fn contributes(&mut self, funder: usize, cents: i64) {
        self.funders[funder].received += cents;
        self.funders[funder].deposited += cents;
    }

    /// What a line of a statement means.
    pub fn shows(&mut self, line: &Line) {
        match &line.is {
            Is::Call(call) => {
                self.bank += line.cents;
                self.calls[*call].paid += line.cents;
                self.contributes(self.calls[*call].funder, line.cents);
            }
            Is::Mandate(mandate, come, above) => {
                self.bank += line.cents;
                let mandate = &mut self.mandates[*mandate];
                mandate.awaited -= come;
                let funder = mandate.funder;
                if let Some(call) = mandate.call {
                    self.calls[call].paid += line.cents;
                }
                self.contributes(funder, *above);
            }
            Is::Debited(payment) => self.is_debited(*payment),
            Is::Charged(payment, charge) => {
                self.bank -= charge;
                self.charges_owed += charge;
                self.is_debited(*payment);
            }
            Is::File(payments) => payments.iter().for_each(|&payment| self.is_debited(payment)),
            Is::Returned(payment) => self.goes_back(*payment, State::Returned),
            Is::Unknown(kind) => {
                self.bank += line.cents;
                self.suspense += line.cents;
                self.breaks.push(Break {
                    about: About::Line,
                    kind,
                    cents: line.cents,
                    state: "open",
                });
            }
        }
    }
}
