//! The fund's bank. It knows the system by the files that go to and fro, executes payments when it likes, lets others pay, takes
//! what is not its own and gives it back; its statements come in either format.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{Days, NaiveDate};
use e2e::{DAY, FUND_IBAN, iban, morning};
use rand::RngExt;
use serde_json::{Value, json};
use standards::Cents;
use standards::camt053::{self, Balance, Entry, Statement, Transfer};

use super::euros;
use super::fund::{About, Break, Fund, FUNDERS, State};
use super::life::{Done, Life, Wanted};

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
        Self { balance: 0, opened_on: DAY, statements: 0, named: BTreeSet::new() }
    }
}

/// What a line is, as the model sees it.
#[derive(Debug, Clone)]
enum Is {
    Call(usize),
    /// The mandate, what of it comes, what is above it.
    Mandate(usize, i64, i64),
    Fee(usize),
    Debited(usize),
    /// With what the bank took above.
    Charged(usize, i64),
    File(Vec<usize>),
    Returned(usize),
    /// Nobody knows; what kind of break.
    Unknown(&'static str),
}

#[derive(Debug, Clone)]
struct Line {
    cents: i64,
    end_to_end: Option<String>,
    text: Option<String>,
    /// The payer's account.
    from: Option<String>,
    reason: Option<&'static str>,
    /// The payment file that it is.
    file: Option<String>,
    is: Is,
    rule: Option<&'static str>,
}

impl Line {
    fn new(cents: i64, is: Is, rule: Option<&'static str>) -> Self {
        Self { cents, end_to_end: None, text: None, from: None, reason: None, file: None, is, rule }
    }

    fn saying(self, text: String) -> Self {
        Self { text: Some(text), ..self }
    }

    fn naming(self, payment: &str) -> Self {
        Self { end_to_end: Some(payment.to_owned()), ..self }
    }

    fn entry(&self, day: NaiveDate) -> Entry {
        let amount = Cents::new(self.cents);
        let batch = self.file.clone().map(|id| camt053::Batch { message_id: Some(id), ..camt053::Batch::default() });
        let transfer = Transfer {
            end_to_end: self.end_to_end.clone(),
            amount,
            counterparty_name: None,
            counterparty_iban: self.from.as_ref().map(|iban| iban.parse().expect("an IBAN")),
            remittance: self.text.clone(),
            return_reason: self.reason.map(str::to_owned),
        };
        Entry {
            reference: None,
            amount,
            booked_on: day,
            value_on: Some(day),
            reversal: false,
            batch,
            information: None,
            transfers: vec![transfer],
        }
    }
}

/// What a statement has used already: a call, a mandate, an invoice or a payment is one line of it, a funder pays by its account once.
#[derive(Default)]
struct Used(BTreeSet<(&'static str, usize)>);

impl Used {
    fn takes(&mut self, what: &'static str, which: usize) -> bool {
        self.0.insert((what, which))
    }

    fn has(&self, what: &'static str, which: usize) -> bool {
        self.0.contains(&(what, which))
    }
}

impl Life {
    /// One to five movements, and the statement of the day.
    pub async fn statement(&mut self) {
        let mut used = Used::default();
        let mut lines = Vec::new();
        let mut left = self.bank.balance;
        for _ in 0..=self.pick(5) {
            let line = match self.pick(13) {
                0..=3 => self.a_call_is_paid(&mut used),
                4 => self.a_mandate_is_paid(&mut used),
                5 => self.a_call_is_paid_without_a_word(&mut used),
                6 => self.an_invoice_is_paid(&mut used),
                7 => self.somebody_pays(),
                8 => self.something_is_taken(&mut used),
                9 => self.something_is_given_back(&mut used),
                10 => self.a_payment_returns(&mut used),
                _ => self.payments_leave(&mut used, left),
            };
            if let Some(line) = line.filter(|line| left + line.cents >= 0) {
                left += line.cents;
                lines.push(line);
            }
        }
        if lines.is_empty() {
            return;
        }
        if self.chance(4) {
            self.a_gap(&lines).await;
            return;
        }
        self.loads(lines).await;
    }

    fn a_call_is_paid(&mut self, used: &mut Used) -> Option<Line> {
        let calls: Vec<bool> = self.fund.calls.iter().map(|call| call.paid < call.cents).collect();
        let any = self.chance(10);
        let c = self.pick_where(&calls, |open| any || *open)?;
        let call = &self.fund.calls[c];
        let (left, funder, reference) = (call.cents - call.paid, call.funder, call.reference.clone());
        let cents = match self.pick(8) {
            0 => left + 1,
            1 | 2 => self.random.random_range(1..=left.max(2)),
            _ => left.max(1),
        };
        if !used.takes("call", c) || used.has("funder", funder) {
            return None;
        }
        used.takes("funder", funder);
        let spelling = if self.chance(30) { reference.replace('-', " ").to_lowercase() } else { reference };
        // Its mandate's money, if it has one: it counts already.
        let mut mandates: Vec<usize> =
            (0..self.fund.mandates.len()).filter(|&m| self.fund.mandates[m].call == Some(c) && self.fund.mandates[m].awaited > 0).collect();
        if mandates.len() > 1 {
            mandates.retain(|&m| self.fund.mandates[m].awaited == cents);
        }
        let line = if let [m] = mandates[..] {
            used.takes("mandate", m).then(|| {
                let come = cents.min(self.fund.mandates[m].awaited);
                Line::new(cents, Is::Mandate(m, come, cents - come), Some("mandate"))
            })?
        } else if cents <= left {
            Line::new(cents, Is::Call(c), Some("call-reference"))
        } else {
            Line::new(cents, Is::Unknown(if left > 0 { "amount_differs" } else { "duplicate" }), None)
        };
        let from = iban(900_001 + u32::try_from(funder).expect("few"));
        let from = self.chance(50).then_some(from);
        Some(Line { from, ..line.saying(format!("VIREMENT APPEL DE FONDS {spelling}")) })
    }

    fn a_mandate_is_paid(&mut self, used: &mut Used) -> Option<Line> {
        let awaited: Vec<i64> = self.fund.mandates.iter().map(|mandate| mandate.awaited).collect();
        let m = self.pick_where(&awaited, |awaited| *awaited > 0)?;
        let (number, funder) = (self.fund.mandates[m].number, self.fund.mandates[m].funder);
        if used.has("funder", funder) || !used.takes("mandate", m) {
            return None;
        }
        used.takes("funder", funder);
        let cents = match self.pick(4) {
            0 => awaited[m] + 137,
            1 => self.random.random_range(1..=awaited[m]),
            _ => awaited[m],
        };
        let come = cents.min(awaited[m]);
        let line = Line::new(cents, Is::Mandate(m, come, cents - come), Some("mandate"));
        Some(line.saying(format!("TRESOR PUBLIC MDT {number} BORD 77")))
    }

    /// Only the account and the amount tell what it is, if they do.
    fn a_call_is_paid_without_a_word(&mut self, used: &mut Used) -> Option<Line> {
        let f = self.pick(FUNDERS);
        let open: Vec<bool> = self.fund.calls.iter().map(|call| call.funder == f && call.paid < call.cents).collect();
        let c = self.pick_where(&open, |is| *is)?;
        if used.has("funder", f) || !used.takes("call", c) {
            return None;
        }
        used.takes("funder", f);
        let cents = self.fund.calls[c].cents - self.fund.calls[c].paid;
        let day = self.day;
        let may_be = |call: &super::fund::Call| {
            let late = day.signed_duration_since(call.due_on).num_days();
            call.funder == f && call.cents - call.paid == cents && call.called_on <= day && late <= 15
        };
        let those = self.fund.calls.iter().filter(|call| may_be(call)).count();
        let mandated = self.fund.mandates.iter().any(|mandate| {
            mandate.awaited > 0 && mandate.funder == f && (mandate.call == Some(c) || mandate.awaited == cents)
        });
        let it_is = those == 1 && may_be(&self.fund.calls[c]) && !mandated;
        let line = if it_is {
            Line::new(cents, Is::Call(c), Some("amount-and-account"))
        } else {
            Line::new(cents, Is::Unknown("unexpected"), None)
        };
        let from = Some(iban(900_001 + u32::try_from(f).expect("few")));
        Some(Line { from, ..line })
    }

    fn an_invoice_is_paid(&mut self, used: &mut Used) -> Option<Line> {
        let owed: Vec<i64> = self.fund.fees.iter().map(|fee| fee.owed).collect();
        let n = self.pick_where(&owed, |owed| *owed > 0)?;
        if !used.takes("fee", n) {
            return None;
        }
        let number = self.fund.fees[n].number.clone();
        let line = match self.pick(4) {
            0 => Line::new(owed[n] + 1, Is::Unknown("unexpected"), None),
            1 => Line::new(self.random.random_range(1..=owed[n]), Is::Fee(n), Some("fee-invoice")),
            _ => Line::new(owed[n], Is::Fee(n), Some("fee-invoice")),
        };
        Some(line.saying(format!("REGLEMENT FACTURE {number}")))
    }

    fn somebody_pays(&mut self) -> Option<Line> {
        let cents = self.random.random_range(1..5_000);
        Some(Line::new(cents, Is::Unknown("unexpected"), None).saying("DON ANONYME".to_owned()))
    }

    /// Its own charge, or a payment for the second time.
    fn something_is_taken(&mut self, used: &mut Used) -> Option<Line> {
        let debited: Vec<bool> = self.fund.payments.iter().map(|payment| payment.state == State::Debited).collect();
        if self.chance(35) {
            let n = self.pick_where(&debited, |is| *is)?;
            let payment = &self.fund.payments[n];
            let line = Line::new(-payment.cents, Is::Unknown("duplicate"), None).naming(&payment.end_to_end.clone());
            return used.takes("payment", n).then_some(line);
        }
        let cents = self.random.random_range(1..400);
        // It must be no payment file's total.
        (!self.totals().contains(&cents)).then(|| Line::new(-cents, Is::Unknown("unexpected"), None).saying("FRAIS".to_owned()))
    }

    /// What it took and should not have.
    fn something_is_given_back(&mut self, used: &mut Used) -> Option<Line> {
        let open: Vec<bool> = self
            .fund
            .breaks
            .iter()
            .map(|one| one.about == About::Line && one.cents < 0 && one.state == "open")
            .collect();
        let b = self.pick_where(&open, |is| *is)?;
        let cents = -self.fund.breaks[b].cents;
        used.takes("break", b).then(|| Line::new(cents, Is::Unknown("unexpected"), None).saying("REGULARISATION".to_owned()))
    }

    fn a_payment_returns(&mut self, used: &mut Used) -> Option<Line> {
        let debited: Vec<bool> = self.fund.payments.iter().map(|payment| payment.state == State::Debited).collect();
        let n = self.pick_where(&debited, |is| *is)?;
        if !used.takes("payment", n) {
            return None;
        }
        let payment = &self.fund.payments[n];
        let (cents, end_to_end) = (payment.cents, payment.end_to_end.clone());
        let line = if self.chance(10) {
            Line::new(cents + 1, Is::Unknown("amount_differs"), None)
        } else {
            Line::new(cents, Is::Returned(n), Some("return"))
        };
        Some(Line { reason: Some("AC04"), ..line.naming(&end_to_end) })
    }

    /// A payment, or a file of them, as far as there is money.
    fn payments_leave(&mut self, used: &mut Used, left: i64) -> Option<Line> {
        let way = self.pick(10);
        if way < 3 {
            return self.a_file_leaves(used, way == 0);
        }
        let sent: Vec<bool> = self
            .fund
            .payments
            .iter()
            .map(|payment| payment.state == State::Sent && self.fund.files[payment.file].message_id.is_some())
            .collect();
        let n = self.pick_where(&sent, |is| *is)?;
        let payment = &self.fund.payments[n];
        let (cents, end_to_end) = (payment.cents, payment.end_to_end.clone());
        if used.has("file", payment.file) || cents + 60 > left || !used.takes("payment", n) {
            return None;
        }
        used.takes("part of", self.fund.payments[n].file);
        let line = match way {
            3 => {
                let charge = self.random.random_range(1..60);
                if charge <= self.fund.tolerance {
                    Line::new(-cents - charge, Is::Charged(n, charge), Some("end-to-end-tolerance"))
                } else {
                    Line::new(-cents - charge, Is::Unknown("amount_differs"), None)
                }
            }
            _ => Line::new(-cents, Is::Debited(n), Some("end-to-end")),
        };
        Some(line.naming(&if way == 4 { end_to_end.to_uppercase() } else { end_to_end }))
    }

    /// Named by the bank, or only by its amount.
    fn a_file_leaves(&mut self, used: &mut Used, named: bool) -> Option<Line> {
        let totals = self.totals();
        let known: Vec<bool> = self.fund.files.iter().map(|file| file.message_id.is_some()).collect();
        let n = self.pick_where(&known, |is| *is)?;
        let total = totals[n];
        if total == 0 || used.has("part of", n) || !used.takes("file", n) {
            return None;
        }
        let alone = totals.iter().filter(|other| **other == total).count() == 1;
        let payments: Vec<usize> =
            self.fund.files[n].payments.iter().copied().filter(|&one| self.fund.payments[one].state == State::Sent).collect();
        if !payments.iter().all(|&one| used.takes("payment", one)) || !named && !alone {
            return None;
        }
        let rule = if named { "payment-file" } else { "payment-file-total" };
        let file = if named { self.fund.files[n].message_id.clone() } else { None };
        Some(Line { file, ..Line::new(-total, Is::File(payments), Some(rule)) })
    }

    /// What each file still has under way.
    fn totals(&self) -> Vec<i64> {
        let sent = |&payment: &usize| &self.fund.payments[payment];
        let total = |file: &super::fund::File| {
            file.payments.iter().map(sent).filter(|one| one.state == State::Sent).map(|one| one.cents).sum()
        };
        self.fund.files.iter().map(total).collect()
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
        self.operator().put(&format!("/v1/statements/{id}"), "application/xml", file).await
    }

    async fn loads(&mut self, mut lines: Vec<Line>) {
        let closing = self.bank.balance + lines.iter().map(|line| line.cents).sum::<i64>();
        let name = format!("{} {} {} {} {}", self.bank.opened_on, self.day, self.bank.balance, closing, lines.len());
        let cfonb = self.chance(40) && !self.bank.named.contains(&name);
        self.bank.statements += 1;
        let file = if cfonb { self.cfonb(&lines) } else { self.camt(&lines, 0) };
        self.bank.named.insert(name);
        let id = self.new_id("statement");
        self.says(&format!("statement {lines:?}"));
        let answer = self.load(&file, id).await;
        let wanted: Wanted = Ok(());
        let made = self.must("statement", &answer, wanted).expect("a statement");
        assert_eq!(answer.status, 201, "{}: {}", self.doing, answer.told());
        let rules: Vec<&Value> = made["lines"].as_array().expect("lines").iter().map(|line| &line["rule"]).collect();
        assert_eq!(rules, lines.iter().map(|line| json!(line.rule)).collect::<Vec<_>>().iter().collect::<Vec<_>>(), "{}", self.doing);
        let path = format!("/v1/statements/{id}");
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
        assert_eq!(self.fund.bank, closing, "{}: the model and its bank", self.doing);
    }

    fn camt(&self, lines: &[Line], missing: i64) -> Vec<u8> {
        let opening = self.bank.balance + missing;
        let closing = opening + lines.iter().map(|line| line.cents).sum::<i64>();
        let number = self.bank.statements;
        let statement = Statement {
            id: format!("RELEVE-{number}-{missing}-{}", self.requests),
            sequence: Some(number.into()),
            account: FUND_IBAN.parse().expect("an IBAN"),
            opening: Balance { amount: Cents::new(opening), date: self.bank.opened_on },
            closing: Balance { amount: Cents::new(closing), date: self.day },
            entries: lines.iter().map(|line| line.entry(self.day)).collect(),
        };
        camt053::write(&statement, &statement.id, morning(self.day + Days::new(1))).expect("a statement that adds up")
    }

    /// The French format: 120 characters a record, the sign in the last digit.
    fn cfonb(&self, lines: &[Line]) -> Vec<u8> {
        const ACCOUNT: &str = "30006    00001EUR2 12345678901";
        let amount = |cents: i64| {
            let signs = if cents < 0 { b"}JKLMNOPQR" } else { b"{ABCDEFGHI" };
            let last = usize::try_from(cents.unsigned_abs() % 10).expect("a digit");
            format!("{:013}{}", cents.unsigned_abs() / 10, char::from(signs[last]))
        };
        let date = |day: NaiveDate| day.format("%d%m%y").to_string();
        let balance = |code: &str, day: NaiveDate, cents: i64| {
            format!("{code}{ACCOUNT}  {}{:50}{}{:16}\n", date(day), "", amount(cents), "")
        };
        let today = date(self.day);
        let mut file = balance("01", self.bank.opened_on, self.bank.balance);
        for line in lines {
            let value = amount(line.cents);
            writeln!(file, "04{ACCOUNT}05{today}  {today}{:31}  0000000  {value}{:16}", "VIR", "").expect("memory");
            let mut says = |qualifier: &str, text: &str| {
                writeln!(file, "05{ACCOUNT}05{today}     {qualifier}{text:<70}  ").expect("memory");
            };
            if let Some(id) = &line.end_to_end {
                says("RCN", id);
            }
            if let Some(text) = &line.text {
                says("LCC", text);
            }
            if let Some(from) = &line.from {
                says("CPY", from);
            }
            if let Some(id) = &line.file {
                says("REF", id);
            }
            if let Some(reason) = line.reason {
                says("RET", reason);
            }
        }
        let closing = self.bank.balance + lines.iter().map(|line| line.cents).sum::<i64>();
        file.push_str(&balance("07", self.day, closing));
        file.into_bytes()
    }
}

impl Fund {
    fn contributes(&mut self, funder: usize, cents: i64) {
        self.funders[funder].received += cents;
        self.funders[funder].deposited += cents;
    }

    /// What a line of a statement means.
    fn shows(&mut self, line: &Line) {
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
            Is::Fee(fee) => {
                self.bank += line.cents;
                self.fees[*fee].owed -= line.cents;
            }
            Is::Debited(payment) => self.is_debited(*payment),
            Is::Charged(payment, charge) => {
                self.bank -= charge;
                self.is_debited(*payment);
            }
            Is::File(payments) => payments.iter().for_each(|&payment| self.is_debited(payment)),
            Is::Returned(payment) => self.goes_back(*payment, State::Returned),
            Is::Unknown(kind) => {
                self.bank += line.cents;
                self.suspense += line.cents;
                self.breaks.push(Break { about: About::Line, kind, cents: line.cents, state: "open" });
            }
        }
    }
}
