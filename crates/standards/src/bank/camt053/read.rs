//! From the bank's XML to statements.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::NaiveDate;

use super::{AccountStatements, Balance, Batch, Camt053Error, Camt053Problem, Entry, Statement, Transfer};
use crate::bank::encoding;
use crate::bank::iban::Iban;
use crate::bank::iso20022::{self, Element};
use crate::money::Cents;

const EXPECTED: &str = "un relevé camt.053, versions 001.02 à 001.13 ; demandez à la banque un relevé camt.053.001.08";
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.";
/// Versions differ in what is not read here, and in what [`booked`] and [`parties`] say.
const VERSIONS: RangeInclusive<u32> = 2..=13;

/// Whether a file is meant to be XML, in whatever encoding.
#[must_use]
pub fn looks_like(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(START_BYTES)];
    let text = encoding::utf16(start).map_or_else(|| encoding::western(start), Cow::Owned);
    text.trim_start().starts_with('<')
}

/// Enough to see what a file begins with, behind blank lines.
const START_BYTES: usize = 64;

/// Reads all statements of a file, each of them balanced.
pub fn read(bytes: &[u8]) -> Result<Vec<Statement>, Camt053Error> {
    let mut all = Vec::new();
    each(bytes, |element| {
        let account = element.required("Acct")?.required("Id")?.required("IBAN")?;
        let iban = account.text().unwrap_or_default().parse();
        let iban = iban.map_err(|error| account.error(Camt053Problem::Iban(error)))?;
        all.push(statement(element, iban)?);
        Ok(())
    })?;
    Ok(all)
}

/// Reads the statements of one account, each of them balanced, and names the other accounts of the file.
pub fn read_account(bytes: &[u8], account: &Iban) -> Result<AccountStatements, Camt053Error> {
    let mut found = AccountStatements {
        statements: Vec::new(),
        others: BTreeSet::new(),
    };
    each(bytes, |element| {
        let id = element.required("Acct")?.required("Id")?;
        let written = id.information(&["IBAN"]).or_else(|| id.information(&["Othr", "Id"]));
        let written = written.ok_or_else(|| id.error(Camt053Problem::Missing("IBAN")))?;
        if is_account(written, account) {
            found.statements.push(statement(element, account.clone())?);
        } else {
            found.others.insert(written.to_owned());
        }
        Ok(())
    })?;
    Ok(found)
}

/// As an IBAN, or without the country and its check digits (RIB).
fn is_account(written: &str, account: &Iban) -> bool {
    let plain: String = written.chars().filter(|one| !one.is_whitespace()).collect();
    let iban = account.electronic();
    plain.eq_ignore_ascii_case(iban) || iban.get(4..).is_some_and(|rib| plain.eq_ignore_ascii_case(rib))
}

fn each(bytes: &[u8], mut read: impl FnMut(Element<'_>) -> Result<(), Camt053Error>) -> Result<(), Camt053Error> {
    let known = |namespace: &str| {
        let version = namespace.strip_prefix(NAMESPACE).filter(|version| version.len() == 2);
        version.is_some_and(|version| version.parse().is_ok_and(|version| VERSIONS.contains(&version)))
    };
    iso20022::parse_all(bytes, EXPECTED, known, |root| {
        let message = root.required("BkToCstmrStmt")?;
        let mut statements = message.children("Stmt").peekable();
        if statements.peek().is_none() {
            return Err(message.error(Camt053Problem::Missing("Stmt")));
        }
        statements.try_for_each(&mut read)
    })?;
    Ok(())
}

fn statement(element: Element<'_>, account: Iban) -> Result<Statement, Camt053Error> {
    let currency = element.required("Acct")?.child("Ccy")?;
    if let Some((currency, found)) = currency.and_then(|currency| Some((currency, currency.text()?)))
        && found != "EUR"
    {
        return Err(currency.error(Camt053Problem::Currency(found.to_owned())));
    }
    let opening = match balance(element, "OPBD")? {
        None => balance(element, "PRCD")?,
        found => found,
    };
    let opening = opening.ok_or_else(|| element.error(Camt053Problem::Missing("Bal (OPBD)")))?;
    let closing = balance(element, "CLBD")?.ok_or_else(|| element.error(Camt053Problem::Missing("Bal (CLBD)")))?;
    let mut entries = Vec::new();
    for entry in element.children("Ntry") {
        entries.extend(booked(entry, closing.date)?);
    }
    let id = element.information(&["Id"]).map(str::to_owned);
    let number = element.information(&["ElctrncSeqNb"]);
    let statement = Statement {
        id: id.unwrap_or_else(|| Statement::made_id("camt.053", opening, closing, entries.len())),
        sequence: number.and_then(|number| number.parse().ok()),
        account,
        opening,
        closing,
        entries,
    };
    statement.check().map_err(|imbalance| element.error(imbalance.into()))?;
    Ok(statement)
}

/// The balance of a code; twice the same code is refused, as nobody could say which is true.
fn balance(statement: Element<'_>, code: &'static str) -> Result<Option<Balance>, Camt053Error> {
    let mut found = None;
    for element in statement.children("Bal") {
        let own = element.path(&["Tp", "CdOrPrtry", "Cd"])?.and_then(Element::text);
        if own != Some(code) {
            continue;
        }
        let amount = element.signed(element.required("Amt")?.euros()?)?;
        let balance = Balance {
            amount,
            date: element.required("Dt")?.day()?,
        };
        if found.replace(balance).is_some() {
            return Err(element.error(Camt053Problem::Repeated(code)));
        }
    }
    Ok(found)
}

/// The entry, or `None` if it is only announced. One of which nothing is said is booked, as all of a statement are.
fn booked(element: Element<'_>, closing_day: NaiveDate) -> Result<Option<Entry>, Camt053Error> {
    // A bare code until version 06, a choice from 07.
    let code = element
        .information(&["Sts", "Cd"])
        .or_else(|| element.information(&["Sts"]));
    match code {
        Some("BOOK") | None => {}
        Some("PDNG" | "INFO" | "FUTR") => return Ok(None),
        Some(other) => {
            let status = element.required("Sts")?;
            return Err(status.error(Camt053Problem::Status(other.to_owned())));
        }
    }
    let amount = element.signed(element.required("Amt")?.euros()?)?;
    let day = |name| element.children(name).find_map(|element| element.day().ok());
    let value_on = day("ValDt");
    let reference = element
        .information(&["AcctSvcrRef"])
        .or_else(|| element.information(&["NtryRef"]));
    let batch = batch(element);
    Ok(Some(Entry {
        reference: reference.map(str::to_owned),
        amount,
        booked_on: day("BookgDt").or(value_on).unwrap_or(closing_day),
        value_on,
        reversal: matches!(element.information(&["RvslInd"]), Some("true" | "1")),
        information: joined(&element.texts(&["AddtlNtryInf"])),
        transfers: transfers(element, amount, batch.as_ref()),
        batch,
    }))
}

/// None when the details are of several files: the entry is none of them.
fn batch(entry: Element<'_>) -> Option<Batch> {
    let batches = entry.children("NtryDtls").flat_map(|details| details.children("Btch"));
    let mut batches = batches.map(|element| Batch {
        message_id: element.information(&["MsgId"]).map(str::to_owned),
        payment_info_id: element.information(&["PmtInfId"]).map(str::to_owned),
        transfers: element.information(&["NbOfTxs"]).and_then(|count| count.parse().ok()),
    });
    let first = batches.next()?;
    batches.all(|batch| batch == first).then_some(first)
}

fn transfers(entry: Element<'_>, amount: Cents, batch: Option<&Batch>) -> Vec<Transfer> {
    let details: Vec<_> = entry
        .children("NtryDtls")
        .flat_map(|details| details.children("TxDtls"))
        .collect();
    let several = details.len() > 1 || batch.and_then(|batch| batch.transfers).is_some_and(|count| count > 1);
    match &details[..] {
        [] => vec![Transfer {
            amount,
            several,
            ..Transfer::default()
        }],
        // One transfer is the whole entry, whatever its own amount was.
        [alone] if !several => vec![transfer(*alone, amount)],
        details => split(details, amount).unwrap_or_else(|| vec![together(details, amount)]),
    }
}

/// Where the details of an entry tell amounts: what moved, what it was at the bank, what the payer asked for.
const AMOUNTS: [&[&str]; 3] = [&["Amt"], &["AmtDtls", "TxAmt", "Amt"], &["AmtDtls", "InstdAmt", "Amt"]];

/// The transfers of an entry, where every one tells its part and the parts make the entry.
fn split(details: &[Element<'_>], amount: Cents) -> Option<Vec<Transfer>> {
    // The fields are used in more than one way: the one that makes the sum is meant.
    [[0, 1, 2], [1, 2, 0], [2, 1, 0]].into_iter().find_map(|order| {
        let part = |element: &Element<'_>| {
            let mut told = order.into_iter().flat_map(|field| element.all(AMOUNTS[field]));
            told.find_map(|told| side(*element, told.euros().ok()?, amount))
        };
        let parts: Vec<Cents> = details.iter().map(part).collect::<Option<_>>()?;
        let is_whole = Cents::try_sum(parts.iter().copied()) == Some(amount);
        is_whole.then(|| {
            let transfers = details.iter().zip(&parts);
            transfers.map(|(element, part)| transfer(*element, *part)).collect()
        })
    })
}

/// Signed by the detail's own indicator, else as the entry is.
fn side(detail: Element<'_>, euros: Cents, entry: Cents) -> Option<Cents> {
    let negative = match detail.information(&["CdtDbtInd"]) {
        Some(side) => side == "DBIT",
        None => entry.is_negative(),
    };
    if negative { euros.checked_neg() } else { Some(euros) }
}

/// Transfers that nobody can tell apart, as one: what each says is kept, and is no more than that.
fn together(details: &[Element<'_>], amount: Cents) -> Transfer {
    let parts: Vec<Transfer> = details.iter().map(|element| transfer(*element, amount)).collect();
    let reasons: BTreeSet<_> = parts.iter().map(|part| part.return_reason.as_ref()).collect();
    let return_reason = reasons
        .first()
        .copied()
        .flatten()
        .filter(|_| reasons.len() == 1)
        .cloned();
    Transfer {
        amount,
        return_reason,
        other_texts: parts.into_iter().filter_map(said).collect(),
        several: true,
        ..Transfer::default()
    }
}

/// All that a transfer says, in one text.
fn said(part: Transfer) -> Option<String> {
    let account = part.counterparty_iban.map(|iban| iban.electronic().to_owned());
    let texts = [
        part.own_amount,
        part.counterparty_name,
        account,
        part.remittance,
        part.end_to_end,
        part.information,
    ];
    let texts: Vec<String> = texts.into_iter().flatten().chain(part.other_texts).collect();
    joined(&texts)
}

fn transfer(element: Element<'_>, amount: Cents) -> Transfer {
    let return_reason = element
        .information(&["RtrInf", "Rsn", "Cd"])
        .or_else(|| element.information(&["RtrInf", "Rsn", "Prtry"]));
    // A transfer that came back keeps its first payer and payee, so the other side of the returned credit is the payee.
    let came_in = amount.is_positive() && return_reason.is_none();
    let sent_back_out = amount.is_negative() && return_reason.is_some();
    let (name, iban, further) = parties(element, came_in || sent_back_out);
    let mut remittance = element.texts(&["RmtInf", "Ustrd"]);
    for structured in element.all(&["RmtInf", "Strd"]) {
        remittance.extend(structured.texts(&["CdtrRefInf", "Ref"]));
        remittance.extend(structured.texts(&["RfrdDocInf", "Nb"]));
        remittance.extend(structured.texts(&["AddtlRmtInf"]));
    }
    let mut other_texts = further;
    for path in OTHER_TEXTS {
        other_texts.extend(element.texts(path).into_iter().map(str::to_owned));
    }
    other_texts.retain(|text| !NOT_PROVIDED.contains(&text.as_str()));
    let end_to_end = element
        .information(&["Refs", "EndToEndId"])
        .filter(|id| !NOT_PROVIDED.contains(id));
    Transfer {
        end_to_end: end_to_end.map(str::to_owned),
        amount,
        counterparty_name: name,
        counterparty_iban: iban,
        remittance: joined(&remittance),
        return_reason: return_reason.map(str::to_owned),
        information: joined(&element.texts(&["AddtlTxInf"])),
        other_texts,
        own_amount: own_amount(element, amount),
        charges: charges(element),
        several: false,
    }
}

/// What stands where there is no reference.
const NOT_PROVIDED: [&str; 2] = ["NOTPROVIDED", "NONREF"];

/// Texts in which a payer's program, or a bank's, puts what it has no other place for.
const OTHER_TEXTS: [&[&str]; 12] = [
    &["Refs", "InstrId"],
    &["Refs", "TxId"],
    &["Refs", "PmtInfId"],
    &["Refs", "MsgId"],
    &["Refs", "AcctSvcrRef"],
    &["Refs", "MndtId"],
    &["Refs", "ChqNb"],
    &["Refs", "ClrSysRef"],
    &["Refs", "Prtry", "Ref"],
    &["RltdRmtInf", "RmtId"],
    &["Purp", "Prtry"],
    &["RtrInf", "AddtlInf"],
];

/// The other side: its name, its account, and what else is said of it (an account that is no IBAN, for whom it pays).
fn parties(element: Element<'_>, payer: bool) -> (Option<String>, Option<Iban>, Vec<String>) {
    let (party, account, ultimate) = if payer {
        ("Dbtr", "DbtrAcct", "UltmtDbtr")
    } else {
        ("Cdtr", "CdtrAcct", "UltmtCdtr")
    };
    // From version 07 a party is a choice.
    let name = |party| {
        element
            .information(&["RltdPties", party, "Nm"])
            .or_else(|| element.information(&["RltdPties", party, "Pty", "Nm"]))
            .map(str::to_owned)
    };
    let written = element
        .information(&["RltdPties", account, "Id", "IBAN"])
        .or_else(|| element.information(&["RltdPties", account, "Id", "Othr", "Id"]));
    let iban: Option<Iban> = written.and_then(|iban| iban.parse().ok());
    let other = written.filter(|_| iban.is_none()).map(str::to_owned);
    (name(party), iban, other.into_iter().chain(name(ultimate)).collect())
}

/// As the bank writes it, where it is not what moved.
fn own_amount(element: Element<'_>, moved: Cents) -> Option<String> {
    let told = AMOUNTS.into_iter().flat_map(|path| element.all(path));
    let is_moved = |told: Element<'_>| {
        let euros = told.euros().ok();
        euros.is_some_and(|euros| {
            Some(euros)
                == if moved.is_negative() {
                    moved.checked_neg()
                } else {
                    Some(moved)
                }
        })
    };
    told.filter(|told| !is_moved(*told)).find_map(in_words)
}

/// The sum where the bank gives one, else each.
fn charges(element: Element<'_>) -> Option<String> {
    let paths: [&[&str]; 3] = [
        &["Chrgs", "TtlChrgsAndTaxAmt"],
        &["Chrgs", "Rcrd", "Amt"],
        &["Chrgs", "Amt"],
    ];
    let told = |path| element.all(path).into_iter().filter_map(in_words).collect::<Vec<_>>();
    paths.into_iter().map(told).find_map(|told| joined(&told))
}

/// `12.00 EUR`.
fn in_words(amount: Element<'_>) -> Option<String> {
    let currency = amount.0.attribute("Ccy").unwrap_or_default();
    Some(format!("{} {currency}", amount.text()?).trim_end().to_owned())
}

fn joined<T: AsRef<str>>(texts: &[T]) -> Option<String> {
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    Some(texts.join(" ")).filter(|text| !text.is_empty())
}
