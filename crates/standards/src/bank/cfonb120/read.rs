//! From records to statements.

use std::borrow::Cow;

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::problem::{CfonbError, CfonbProblem as Problem};
use super::record::{ACCOUNT, AMOUNT, Columns, Kind, Record, WHOLE, error};
use super::{BYTES_MAX, RECORD_CHARS};
use crate::bank::camt053::{AccountStatements, Balance, Batch, Entry, Statement, Transfer};
use crate::bank::encoding;
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
/// What follows it, in words.
const AFTER_REASON: Columns = (53, 118);
/// The other half: the payer's purpose, or a reference of its own.
const SECOND_HALF: Columns = (84, 118);

/// A movement that came back, when the bank gives no code of the scheme.
const REASON_UNKNOWN: &str = "NARR";

/// Whether a file is meant to be CFONB 120: it starts with the code of a record, in ASCII, UTF-16 or EBCDIC.
#[must_use]
pub fn looks_like(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(START_BYTES)];
    let text = encoding::utf16(start).map_or_else(|| encoding::western(start), Cow::Owned);
    let text = text.trim_start();
    ["01", "04", "05", "07"].iter().any(|code| text.starts_with(code)) || is_ebcdic(bytes)
}

/// Enough to see a record's code, behind blank lines.
const START_BYTES: usize = 64;

/// The digits of a record's code.
fn is_ebcdic(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xF0\xF1")
}

/// Reads all statements of a file, each of them balanced.
pub fn read(bytes: &[u8]) -> Result<Vec<Statement>, CfonbError> {
    read_wanted(bytes, None).map(|found| found.statements)
}

/// Reads the statements of one account, each of them balanced, and names the other accounts of the file.
pub fn read_account(bytes: &[u8], account: &Iban) -> Result<AccountStatements, CfonbError> {
    read_wanted(bytes, Some(account))
}

/// Where the reader stands in the file.
enum Place {
    Between,
    In(Box<Open>),
    /// In the statement of another account.
    Elsewhere,
}

fn read_wanted(bytes: &[u8], wanted: Option<&Iban>) -> Result<AccountStatements, CfonbError> {
    if bytes.len() > BYTES_MAX {
        return Err(error(1, WHOLE, Problem::TooLarge));
    }
    let text = text(bytes)?;
    let mut found = AccountStatements {
        statements: Vec::new(),
        others: BTreeSet::new(),
    };
    let mut place = Place::Between;
    let mut last_line = 1;
    for record in records(&text) {
        let record = record?;
        last_line = record.line;
        place = match (place, record.kind) {
            (Place::Between, Kind::Opening) => match wanted.filter(|wanted| !is_of(&record, wanted)) {
                Some(_) => {
                    found.others.insert(record.account_written());
                    Place::Elsewhere
                }
                None => Place::In(Box::new(Open::new(record)?)),
            },
            (Place::Between, kind) => return Err(misplaced(&record, kind, "01")),
            (Place::In(open), Kind::Closing) => {
                found.statements.push(open.close(&record)?);
                Place::Between
            }
            (Place::Elsewhere, Kind::Closing) => Place::Between,
            (_, Kind::Opening) => return Err(misplaced(&record, Kind::Opening, "04, 05 ou 07")),
            (Place::In(mut open), kind) => {
                open.take(&record, kind)?;
                Place::In(open)
            }
            (Place::Elsewhere, _) => Place::Elsewhere,
        };
    }
    if !matches!(place, Place::Between) {
        return Err(error(last_line, WHOLE, Problem::Truncated));
    }
    if found.statements.is_empty() && found.others.is_empty() {
        return Err(error(1, WHOLE, Problem::Empty));
    }
    Ok(found)
}

fn is_of(opening: &Record, account: &Iban) -> bool {
    let written = opening.account().ok();
    written.and_then(|written| iban(&written).ok()).as_ref() == Some(account)
}

fn misplaced(record: &Record, found: Kind, expected: &'static str) -> CfonbError {
    let found = found.code();
    record.error((1, 2), Problem::Order { found, expected })
}

/// Control characters are in no statement, and a blank keeps the columns; bytes of zero say that this is no text.
fn text(bytes: &[u8]) -> Result<Cow<'_, str>, CfonbError> {
    if is_ebcdic(bytes) {
        return Err(error(1, WHOLE, Problem::Encoding));
    }
    let text = encoding::utf16(bytes).map_or_else(|| encoding::western(bytes), Cow::Owned);
    if let Some((before, _)) = text.split_once('\0') {
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        return Err(error(u64::try_from(line).unwrap_or(u64::MAX), WHOLE, Problem::Encoding));
    }
    let control = |one: char| one.is_control() && !matches!(one, '\n' | '\r' | '\u{1A}');
    if text.contains(control) {
        return Ok(Cow::Owned(text.replace(control, " ")));
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
    /// Record 01. Some banks leave its currency and decimals to the movements.
    first: Record,
    /// Of the first record that tells its decimals.
    scale: Option<u32>,
    movements: Vec<Movement>,
}

/// A movement that gathers its complements.
struct Movement {
    entry: Entry,
    /// None where it is no date: then it is of the closing day.
    booked_on: Option<NaiveDate>,
    transfer: Transfer,
    words: Vec<String>,
    remittance: String,
    names: [Option<String>; 2],
    accounts: [Option<String>; 2],
}

impl Open {
    fn new(record: Record) -> Result<Self, CfonbError> {
        let account = record.account()?;
        Ok(Self {
            iban: iban(&account).map_err(|problem| record.error(ACCOUNT, problem))?,
            account,
            scale: record.scale()?,
            first: record,
            movements: Vec::new(),
        })
    }

    fn same_account(&self, record: &Record) -> Result<(), CfonbError> {
        if record.account()? == self.account {
            return Ok(());
        }
        Err(record.error((3, 32), Problem::Account(record.account_written())))
    }

    fn take(&mut self, record: &Record, kind: Kind) -> Result<(), CfonbError> {
        self.same_account(record)?;
        if kind == Kind::Movement {
            self.scale = self.scale.or(record.scale()?);
            self.movements.push(Movement::new(record, self.scale)?);
            return Ok(());
        }
        let movement = self.movements.last_mut();
        movement
            .ok_or_else(|| misplaced(record, kind, "04 ou 07"))?
            .complement(record);
        Ok(())
    }

    fn close(self, record: &Record) -> Result<Statement, CfonbError> {
        self.same_account(record)?;
        let scale = self.scale.or(record.scale()?);
        let balance = |record: &Record| {
            Ok(Balance {
                amount: record.amount(scale)?,
                date: record.day(DATE)?,
            })
        };
        let (opening, closing) = (balance(&self.first)?, balance(record)?);
        if closing.date < opening.date {
            return Err(record.error(DATE, Problem::DatesInOrder));
        }
        let entries: Vec<Entry> = self
            .movements
            .into_iter()
            .map(|movement| movement.entry(closing.date))
            .collect();
        let statement = Statement {
            id: Statement::made_id("CFONB", opening, closing, entries.len()),
            sequence: None,
            account: self.iban,
            opening,
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
    fn new(record: &Record, scale: Option<u32>) -> Result<Self, CfonbError> {
        let amount = record.amount(scale)?;
        let number = record
            .text(ENTRY_NUMBER)
            .filter(|number| number.chars().any(|one| one != '0'));
        let rejected = record.text(REJECT_CODE).filter(|code| code != "00");
        Ok(Self {
            entry: Entry {
                reference: record.text(REFERENCE).or(number),
                amount,
                booked_on: NaiveDate::default(),
                value_on: record.day(VALUE_DATE).ok(),
                reversal: false,
                batch: None,
                information: None,
                transfers: Vec::new(),
            },
            booked_on: record.day(DATE).ok(),
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

    /// Information: a qualifier that is not known, or comes again, says something all the same.
    fn complement(&mut self, record: &Record) {
        let first = || record.text(FIRST_HALF);
        let others = &mut self.transfer.other_texts;
        match record.raw(QUALIFIER).as_str() {
            "RCN" => {
                let id = first().filter(|id| id != "NOTPROVIDED");
                match &mut self.transfer.end_to_end {
                    Some(_) => others.extend(id),
                    none => *none = id,
                }
                others.extend(record.text(SECOND_HALF));
            }
            "REF" => {
                self.entry.batch = first().map(|id| Batch {
                    payment_info_id: Some(id),
                    ..Batch::default()
                });
                others.extend(record.text(SECOND_HALF));
            }
            "RET" => {
                let reason = record.raw(RETURN_REASON);
                let iso = reason.len() == 4 && reason.bytes().all(|byte| byte.is_ascii_alphanumeric());
                let known = self.transfer.return_reason.take();
                others.extend(record.text(if iso { AFTER_REASON } else { INFORMATION }));
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
            _ => others.extend(record.text(INFORMATION)),
        }
    }

    /// A transfer that came back keeps its first payer and payee, as in camt.053.
    fn entry(mut self, closing_day: NaiveDate) -> Entry {
        self.entry.booked_on = self.booked_on.or(self.entry.value_on).unwrap_or(closing_day);
        let came_in = self.transfer.amount.is_positive() == self.transfer.return_reason.is_none();
        let other = usize::from(!came_in);
        self.transfer.counterparty_name = self.names[other].take();
        let account = self.accounts[other].take();
        self.transfer.counterparty_iban = account.as_ref().and_then(|iban| iban.parse().ok());
        let unread = account.filter(|_| self.transfer.counterparty_iban.is_none());
        self.transfer.other_texts.extend(unread);
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
