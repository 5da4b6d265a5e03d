use bank_simulator::entry;
use chrono::NaiveDate;
use http::StatusCode;
use serde_json::Value;
use standards::Cents;
use standards::camt053::{self, Balance, Entry, Statement};

use crate::fixture::{FUND_IBAN, Fixture, id, instant};

pub fn euros(text: &str) -> Cents {
    text.parse().unwrap()
}

/// The day of every movement.
pub const DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 4, 10).unwrap();

/// A movement of the bank's making.
pub fn moved(amount: &str) -> Entry {
    entry::moved(euros(amount), DAY)
}

/// Money in that says `remittance`.
pub fn quoting(amount: &str, remittance: &str) -> Entry {
    entry::quoting(euros(amount), DAY, remittance)
}

/// A movement that names a payment.
pub fn naming(amount: &str, end_to_end: &Value) -> Entry {
    entry::naming(euros(amount), DAY, end_to_end.as_str().unwrap())
}

/// The same, come back.
pub fn returning(amount: &str, end_to_end: &Value) -> Entry {
    entry::returning(euros(amount), DAY, end_to_end.as_str().unwrap(), "AC04")
}

/// A whole payment file booked as one.
pub fn batch(amount: &str, message_id: &str) -> Entry {
    entry::batch(euros(amount), DAY, message_id)
}

pub fn statement(n: u128, opening: &str, entries: Vec<Entry>) -> Vec<u8> {
    statement_of(FUND_IBAN, n, opening, entries)
}

pub fn statement_of(iban: &str, n: u128, opening: &str, entries: Vec<Entry>) -> Vec<u8> {
    let date = DAY;
    let moved = Cents::try_sum(entries.iter().map(|entry| entry.amount)).unwrap();
    let closing = euros(opening).checked_add(moved).unwrap();
    let statement = Statement {
        id: format!("RELEVE-{n}"),
        sequence: None,
        account: iban.parse().unwrap(),
        opening: Balance {
            amount: euros(opening),
            date,
        },
        closing: Balance { amount: closing, date },
        entries,
    };
    camt053::write(&statement, &format!("M{n}"), instant("2026-04-11T04:00:00Z")).unwrap()
}

impl Fixture {
    /// Loads a statement and gives the rules that matched its lines.
    pub async fn loads(&self, n: u128, opening: &str, entries: Vec<Entry>) -> Vec<Option<String>> {
        let file = statement(n, opening, entries);
        let (status, answer) = self.put(&format!("/funding/v1/statements/{}", id(n)), file).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        let lines = answer["lines"].as_array().unwrap();
        lines
            .iter()
            .map(|line| line["rule"].as_str().map(str::to_owned))
            .collect()
    }

    /// Both funders' 100 € arrive, 70 € of each are allocated.
    pub async fn money_arrives(&self) {
        let mut entries = Vec::new();
        for (n, convention) in [(0xc1, 0xa1), (0xc2, 0xa2)] {
            let reference = self.call(n, convention, "100.00").await;
            entries.push(quoting(
                "100.00",
                &format!("Virement {}", reference.to_lowercase().replace('-', " ")),
            ));
        }
        assert_eq!(
            self.loads(1, "0.00", entries).await,
            vec![Some("call-reference".to_owned()); 2]
        );
        for (n, funder) in [0xd1, 0xd2].into_iter().zip(crate::fixture::FUNDERS) {
            self.allocate(n, funder, "70.00").await;
        }
    }

    /// A caller of another organisation, with these roles.
    pub async fn key_of(&self, organisation: uuid::Uuid, new: Option<Value>) -> String {
        if let Some(new) = new {
            self.created("/issuer/v1/organisations", new).await;
        }
        let operator = self.client(&self.secret);
        operator.gives_key(organisation, organisation).await.key().to_owned()
    }
}
