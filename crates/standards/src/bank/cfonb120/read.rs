//! From records to statements.

use std::borrow::Cow;

use super::problem::{CfonbError, CfonbProblem as Problem};
use super::record::{ACCOUNT, AMOUNT, Columns, Kind, Record, WHOLE, error};
use super::{BYTES_MAX, RECORD_CHARS};
use crate::bank::camt053::{Balance, Batch, Entry, Statement, Transfer};
use crate::bank::iban::Iban;

const DATE: Columns = (35, 40);
const REJECT_CODE: Columns = (41, 42);
const VALUE_DATE: Columns = (43, 48);
const LABEL: Columns = (49, 79);
const ENTRY_NUMBER: Columns = (82, 88);
const REFERENCE: Columns = (105, 120);
const QUALIFIER: Columns = (46, 48);
const INFORMATION: Columns = (49, 118);
/// `RCN`, `REF`, `CPY`, `CBE`: the first half of the complement.
const FIRST_HALF: Columns = (49, 83);
/// `RET`: an ISO 20022 reason, as `AC04`.
const RETURN_REASON: Columns = (49, 52);

/// A movement that came back, when the bank gives no code of the scheme.
const REASON_UNKNOWN: &str = "NARR";

/// Whether a file is meant to be CFONB 120: it starts with the code of a first record, in ASCII or EBCDIC.
#[must_use]
pub fn looks_like(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    [b"01", b"04", b"05", b"07"].iter().any(|code| bytes.starts_with(*code)) || bytes.starts_with(b"\xF0\xF1")
}

/// Reads all statements of a file, each of them balanced.
pub fn read(bytes: &[u8]) -> Result<Vec<Statement>, CfonbError> {
    if bytes.len() > BYTES_MAX {
        return Err(error(1, WHOLE, Problem::TooLarge));
    }
    let text = text(bytes)?;
    let mut statements = Vec::new();
    let mut open: Option<Open> = None;
    let mut last_line = 1;
    for record in records(&text) {
        let record = record?;
        last_line = record.line;
        open = match (open, record.kind) {
            (None, Kind::Opening) => Some(Open::new(&record)?),
            (None, kind) => return Err(misplaced(&record, kind, "01")),
            (Some(open), Kind::Closing) => {
                statements.push(open.close(&record)?);
                None
            }
            (Some(_), Kind::Opening) => return Err(misplaced(&record, Kind::Opening, "04, 05 ou 07")),
            (Some(mut open), kind) => {
                open.take(&record, kind)?;
                Some(open)
            }
        };
    }
    if open.is_some() {
        return Err(error(last_line, WHOLE, Problem::Truncated));
    }
    if statements.is_empty() {
        return Err(error(1, WHOLE, Problem::Empty));
    }
    Ok(statements)
}

fn misplaced(record: &Record, found: Kind, expected: &'static str) -> CfonbError {
    let found = found.code();
    record.error((1, 2), Problem::Order { found, expected })
}

/// UTF-8, or else ISO 8859-1, in which every byte is a character; control characters are in no statement.
fn text(bytes: &[u8]) -> Result<Cow<'_, str>, CfonbError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = str::from_utf8(bytes).map_or_else(
        |_| Cow::Owned(bytes.iter().copied().map(char::from).collect::<String>()),
        Cow::Borrowed,
    );
    let unreadable = |one: char| one.is_control() && !matches!(one, '\n' | '\r' | '\u{1A}');
    let mut line = 1;
    for one in text.chars() {
        if unreadable(one) {
            return Err(error(line, WHOLE, Problem::Encoding));
        }
        line += u64::from(one == '\n');
    }
    Ok(text)
}

/// Records by lines, or every 120 characters in a file without line ends. Empty lines and the old end-of-file mark are skipped.
fn records(text: &str) -> Box<dyn Iterator<Item = Result<Record, CfonbError>> + '_> {
    let text = text.trim_end_matches(['\u{1A}', '\r', '\n']);
    if text.contains(['\n', '\r']) || text.chars().take(RECORD_CHARS + 1).count() <= RECORD_CHARS {
        let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
        return Box::new(lines.map(|(number, line)| Record::new(number, line)));
    }
    let mut rest = text;
    let mut number = 0;
    Box::new(std::iter::from_fn(move || {
        if rest.trim().is_empty() {
            return None;
        }
        number += 1;
        let end = rest.char_indices().nth(RECORD_CHARS).map_or(rest.len(), |(at, _)| at);
        let (record, after) = rest.split_at(end);
        rest = after;
        Some(Record::new(number, record))
    }))
}

/// A statement between its two balances.
struct Open {
    account: (String, String, String),
    iban: Iban,
    opening: Balance,
    entries: Vec<Movement>,
}

/// A movement that gathers its complements.
struct Movement {
    entry: Entry,
    transfer: Transfer,
    words: Vec<String>,
    remittance: String,
    names: [Option<String>; 2],
    accounts: [Option<String>; 2],
}

impl Open {
    fn new(record: &Record) -> Result<Self, CfonbError> {
        let account = record.account()?;
        let iban = iban(&account).map_err(|problem| record.error(ACCOUNT, problem))?;
        let opening = Balance {
            amount: record.amount()?,
            date: record.day(DATE)?,
        };
        Ok(Self {
            account,
            iban,
            opening,
            entries: Vec::new(),
        })
    }

    fn same_account(&self, record: &Record) -> Result<(), CfonbError> {
        let account = record.account()?;
        if account == self.account {
            return Ok(());
        }
        let (bank, branch, number) = account;
        let found = format!("{bank} {branch} {number}");
        Err(record.error((3, 32), Problem::Account(found)))
    }

    fn take(&mut self, record: &Record, kind: Kind) -> Result<(), CfonbError> {
        self.same_account(record)?;
        if kind == Kind::Movement {
            self.entries.push(Movement::new(record)?);
            return Ok(());
        }
        let movement = self.entries.last_mut();
        movement
            .ok_or_else(|| misplaced(record, kind, "04 ou 07"))?
            .complement(record)
    }

    fn close(self, record: &Record) -> Result<Statement, CfonbError> {
        self.same_account(record)?;
        let closing = Balance {
            amount: record.amount()?,
            date: record.day(DATE)?,
        };
        if closing.date < self.opening.date {
            return Err(record.error(DATE, Problem::DatesInOrder));
        }
        let entries: Vec<Entry> = self.entries.into_iter().map(Movement::entry).collect();
        let statement = Statement {
            id: format!(
                "CFONB {}/{} {} {} {}",
                self.opening.date,
                closing.date,
                self.opening.amount,
                closing.amount,
                entries.len()
            ),
            sequence: None,
            account: self.iban,
            opening: self.opening,
            closing,
            entries,
        };
        statement
            .check()
            .map_err(|imbalance| record.error(AMOUNT, imbalance.into()))?;
        Ok(statement)
    }
}

impl Movement {
    fn new(record: &Record) -> Result<Self, CfonbError> {
        let amount = record.amount()?;
        let number = record
            .text(ENTRY_NUMBER)
            .filter(|number| number.chars().any(|one| one != '0'));
        let rejected = record.text(REJECT_CODE).filter(|code| code != "00");
        Ok(Self {
            entry: Entry {
                reference: record.text(REFERENCE).or(number),
                amount,
                booked_on: record.day(DATE)?,
                value_on: record.optional_day(VALUE_DATE)?,
                reversal: false,
                batch: None,
                information: None,
                transfers: Vec::new(),
            },
            transfer: Transfer {
                amount,
                return_reason: rejected,
                ..Transfer::default()
            },
            words: record.text(LABEL).into_iter().collect(),
            remittance: String::new(),
            names: [None, None],
            accounts: [None, None],
        })
    }

    fn complement(&mut self, record: &Record) -> Result<(), CfonbError> {
        let qualifier = record.raw(QUALIFIER);
        let first = || record.text(FIRST_HALF);
        match qualifier.as_str() {
            "RCN" => {
                if self.transfer.end_to_end.is_some() {
                    return Err(record.error(QUALIFIER, Problem::Repeated("RCN")));
                }
                self.transfer.end_to_end = first().filter(|id| id != "NOTPROVIDED");
            }
            "REF" => {
                self.entry.batch = first().map(|id| Batch {
                    payment_info_id: Some(id),
                    ..Batch::default()
                });
            }
            "RET" => {
                let reason = record.raw(RETURN_REASON);
                let iso = reason.len() == 4 && reason.bytes().all(|byte| byte.is_ascii_alphanumeric());
                let known = self.transfer.return_reason.take();
                let reason = if iso { Some(reason) } else { known };
                self.transfer.return_reason = Some(reason.unwrap_or_else(|| REASON_UNKNOWN.to_owned()));
            }
            // The two lines are one text of 140 characters, cut wherever column 118 fell.
            "LCC" | "LC2" | "LCS" => {
                if !self.remittance.is_empty() && !self.remittance.chars().count().is_multiple_of(70) {
                    self.remittance.push(' ');
                }
                self.remittance.push_str(record.raw(INFORMATION).trim_end());
            }
            "NPY" => self.names[0] = record.text(INFORMATION),
            "NBE" => self.names[1] = record.text(INFORMATION),
            "CPY" => self.accounts[0] = first(),
            "CBE" => self.accounts[1] = first(),
            "LIB" | "MMO" => self.words.extend(record.text(INFORMATION)),
            other if other.len() == 3 && other.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {}
            _ => return Err(record.error(QUALIFIER, Problem::Qualifier(qualifier))),
        }
        Ok(())
    }

    /// A transfer that came back keeps its first payer and payee, as in camt.053.
    fn entry(mut self) -> Entry {
        let came_in = self.transfer.amount.is_positive() == self.transfer.return_reason.is_none();
        let other = usize::from(!came_in);
        self.transfer.counterparty_name = self.names[other].take();
        self.transfer.counterparty_iban = self.accounts[other].take().and_then(|iban| iban.parse().ok());
        self.transfer.remittance = Some(self.remittance.trim().to_owned()).filter(|text| !text.is_empty());
        self.entry.information = Some(self.words.join(" ")).filter(|text| !text.is_empty());
        self.entry.transfers.push(self.transfer);
        self.entry
    }
}

/// The French IBAN of a bank, branch and account number: the RIB key, then the check digits (ISO 7064, modulus 97).
fn iban((bank, branch, account): &(String, String, String)) -> Result<Iban, Problem> {
    let wrong = || Problem::Digits(account.clone());
    // A letter counts as a digit in the key: A and J are 1, B, K and S are 2, and so on.
    let digit = |one: char| match one {
        '0'..='9' => one.to_digit(10),
        'A'..='I' => Some(u32::from(one) - u32::from('A') + 1),
        'J'..='R' => Some(u32::from(one) - u32::from('J') + 1),
        'S'..='Z' => Some(u32::from(one) - u32::from('S') + 2),
        _ => None,
    };
    let number = |text: &str| {
        text.chars()
            .try_fold(0_u64, |sum, one| Some(sum * 10 + u64::from(digit(one)?)))
            .ok_or_else(wrong)
    };
    let key = 97 - (89 * number(bank)? + 15 * number(branch)? + 3 * number(account)?) % 97;
    let bban = format!("{bank}{branch}{account}{key:02}");
    let remainder = format!("{bban}FR00").chars().fold(0_u32, |rest, one| {
        let value = one.to_digit(36).unwrap_or_default();
        (rest * if value < 10 { 10 } else { 100 } + value) % 97
    });
    format!("FR{:02}{bban}", 98 - remainder).parse().map_err(Problem::Iban)
}
