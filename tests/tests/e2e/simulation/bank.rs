//! The fund's bank. It knows the system by the files that go to and fro, executes payments when it likes, lets others pay, takes
//! what is not its own and gives it back; its statements come in either format.

use std::collections::BTreeSet;

use bank_simulator::cfonb120;
use chrono::{Days, NaiveDate};
use e2e::{DAY, FUND_IBAN, morning};
use serde_json::{Value, json};
use standards::Cents;
use standards::camt053::{self, Balance, Statement};

use super::actors::{Done, Simulation, Wanted};
use super::fund::Call;
use super::line::{Is, Line, Used};

/// What stands on the account at the end of the last statement.
pub struct Bank {
    pub balance: i64,
    opened_on: NaiveDate,
    statements: u32,
    /// What CFONB 120 calls its statements: it has no number for them.
    named: BTreeSet<String>,
}

impl Bank {
    pub fn new() -> Self {
        Self {
            balance: 0,
            opened_on: DAY,
            statements: 0,
            named: BTreeSet::new(),
        }
    }
}

impl Simulation {
    /// One to five movements, and the statement of the day.
    pub async fn statement(&mut self) {
        let mut used = Used::default();
        let mut lines = Vec::new();
        let mut left = self.bank.balance;
        for _ in 0..=self.pick(5) {
            if let Some(line) = self.movement(&mut used, left) {
                left += line.cents;
                lines.push(line);
            }
        }
        if lines.is_empty() {
            return;
        }
        // What the first one opens with is taken over.
        if self.chance(4) && self.bank.statements > 0 {
            self.a_gap(&lines).await;
            return;
        }
        self.loads(lines).await;
    }

    /// The statement on which all that was called for comes in.
    pub async fn every_call_is_paid(&mut self) {
        let paid = |(place, call): (usize, &Call)| {
            let line = Line::new(call.cents, Is::Call(place), Some("call-reference"));
            line.saying(format!("APPEL {}", call.reference))
        };
        let lines = self.fund.calls.iter().enumerate().map(paid).collect();
        self.loads(lines).await;
    }

    /// A statement is missing: this one is not taken.
    async fn a_gap(&mut self, lines: &[Line]) {
        let file = self.camt(lines, 1);
        self.says("a statement after a gap");
        let answer = self.load(&file, self.new_id("statement")).await;
        let told = answer.json();
        self.must("statement", &answer, Err("statement-gap"));
        assert_eq!(told["difference"], "0.01", "{}", self.doing);
    }

    async fn load(&self, file: &[u8], id: uuid::Uuid) -> e2e::Answer {
        self.operator()
            .put(&format!("/funding/v1/statements/{id}"), "application/xml", file)
            .await
    }

    async fn loads(&mut self, mut lines: Vec<Line>) {
        let closing = self.bank.balance + lines.iter().map(|line| line.cents).sum::<i64>();
        let name = format!(
            "{} {} {} {} {}",
            self.bank.opened_on,
            self.day,
            self.bank.balance,
            closing,
            lines.len()
        );
        let cfonb = self.chance(40) && !self.bank.named.contains(&name);
        self.bank.statements += 1;
        let file = if cfonb {
            cfonb120::write(&self.statement_of(&lines, 0))
        } else {
            self.camt(&lines, 0)
        };
        self.bank.named.insert(name);
        let id = self.new_id("statement");
        self.says(&format!("statement {lines:?}"));
        let answer = self.load(&file, id).await;
        let wanted: Wanted = Ok(());
        let made = self.must("statement", &answer, wanted).expect("a statement");
        assert_eq!(answer.status, 201, "{}: {}", self.doing, answer.told());
        let rules: Vec<&Value> = made["lines"]
            .as_array()
            .expect("lines")
            .iter()
            .map(|line| &line["rule"])
            .collect();
        assert_eq!(
            rules,
            lines
                .iter()
                .map(|line| json!(line.rule))
                .collect::<Vec<_>>()
                .iter()
                .collect::<Vec<_>>(),
            "{}",
            self.doing
        );
        let path = format!("/funding/v1/statements/{id}");
        self.done.push(Done {
            what: "statement",
            who: self.operator(),
            path,
            body: Value::Null,
            file: Some(file),
            answer: made,
            stable: true,
            other: None,
        });
        (self.bank.balance, self.bank.opened_on) = (closing, self.day);
        // What comes in first.
        lines.sort_by_key(|line| line.cents < 0);
        for line in lines {
            self.fund.shows(&line);
        }
        self.fund.settle_expected();
        self.fund.open_expected(self.day);
        assert_eq!(self.fund.bank, closing, "{}: the oracle and its bank", self.doing);
    }

    fn camt(&self, lines: &[Line], missing: i64) -> Vec<u8> {
        let statement = self.statement_of(lines, missing);
        camt053::write(&statement, &statement.id, morning(self.day + Days::new(1))).expect("a statement that adds up")
    }

    /// Opened with what is there, or with as much more as is missing.
    fn statement_of(&self, lines: &[Line], missing: i64) -> Statement {
        let opening = self.bank.balance + missing;
        let closing = opening + lines.iter().map(|line| line.cents).sum::<i64>();
        let number = self.bank.statements;
        Statement {
            id: format!("RELEVE-{number}-{missing}-{}", self.requests),
            sequence: Some(number.into()),
            account: FUND_IBAN.parse().expect("an IBAN"),
            opening: Balance {
                amount: Cents::new(opening),
                date: self.bank.opened_on,
            },
            closing: Balance {
                amount: Cents::new(closing),
                date: self.day,
            },
            entries: lines.iter().map(|line| line.entry(self.day)).collect(),
        }
    }
}
