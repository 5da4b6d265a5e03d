//! From the bank's XML to statements.

use super::{Balance, Batch, Camt053Error, Camt053Problem, Entry, Statement, Transfer};
use crate::bank::iso20022::{self, Element};
use crate::money::Cents;

const EXPECTED: &str = "un relevé camt.053, versions 001.02 à 001.08";
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.";
const VERSIONS: [&str; 7] = ["02", "03", "04", "05", "06", "07", "08"];

/// Reads all statements of a file, each of them balanced.
pub fn read(bytes: &[u8]) -> Result<Vec<Statement>, Camt053Error> {
    let known = |namespace: &str| {
        let version = namespace.strip_prefix(NAMESPACE);
        version.is_some_and(|version| VERSIONS.contains(&version))
    };
    iso20022::parse(bytes, EXPECTED, known, |root| {
        let message = root.required("BkToCstmrStmt")?;
        let statements: Vec<_> = message.children("Stmt").map(statement).collect::<Result<_, _>>()?;
        if statements.is_empty() {
            return Err(message.error(Camt053Problem::Missing("Stmt")));
        }
        Ok(statements)
    })
}

fn statement(element: Element<'_>) -> Result<Statement, Camt053Error> {
    let own = element.required("Acct")?;
    if let Some(currency) = own.child("Ccy")?.filter(|currency| currency.text() != Some("EUR")) {
        let found = currency.text().unwrap_or_default().to_owned();
        return Err(currency.error(Camt053Problem::Currency(found)));
    }
    let account = own.required("Id")?.required("IBAN")?;
    let iban = account.text().unwrap_or_default().parse();
    let opening = match balance(element, "OPBD")? {
        None => balance(element, "PRCD")?,
        found => found,
    };
    let mut entries = Vec::new();
    for entry in element.children("Ntry") {
        entries.extend(booked(entry)?);
    }
    let statement = Statement {
        id: element.text_of("Id")?.to_owned(),
        sequence: element.child("ElctrncSeqNb")?.map(Element::number).transpose()?,
        account: iban.map_err(|error| account.error(Camt053Problem::Iban(error)))?,
        opening: opening.ok_or_else(|| element.error(Camt053Problem::Missing("Bal (OPBD)")))?,
        closing: balance(element, "CLBD")?.ok_or_else(|| element.error(Camt053Problem::Missing("Bal (CLBD)")))?,
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

/// The entry, or `None` if it is only announced.
fn booked(element: Element<'_>) -> Result<Option<Entry>, Camt053Error> {
    // A bare code until version 06, a choice from 07.
    let status = element.required("Sts")?;
    let code = status.child("Cd")?.unwrap_or(status).text().unwrap_or_default();
    match code {
        "BOOK" => {}
        "PDNG" | "INFO" | "FUTR" => return Ok(None),
        other => return Err(status.error(Camt053Problem::Status(other.to_owned()))),
    }
    let amount = element.signed(element.required("Amt")?.euros()?)?;
    let value_on = element.child("ValDt")?.map(Element::day).transpose()?;
    let booked_on = element.child("BookgDt")?.map(Element::day).transpose()?.or(value_on);
    let reference = match element.text_at(&["AcctSvcrRef"])? {
        None => element.text_at(&["NtryRef"])?,
        found => found,
    };
    let reversal = element.child("RvslInd")?.and_then(Element::text);
    Ok(Some(Entry {
        reference,
        amount,
        booked_on: booked_on.ok_or_else(|| element.error(Camt053Problem::Missing("BookgDt")))?,
        value_on,
        reversal: matches!(reversal, Some("true" | "1")),
        batch: batch(element)?,
        information: element.text_at(&["AddtlNtryInf"])?,
        transfers: transfers(element, amount)?,
    }))
}

fn batch(entry: Element<'_>) -> Result<Option<Batch>, Camt053Error> {
    let Some(element) = entry
        .children("NtryDtls")
        .flat_map(|details| details.children("Btch"))
        .next()
    else {
        return Ok(None);
    };
    Ok(Some(Batch {
        message_id: element.text_at(&["MsgId"])?,
        payment_info_id: element.text_at(&["PmtInfId"])?,
        transfers: element.child("NbOfTxs")?.map(Element::number).transpose()?,
    }))
}

fn transfers(entry: Element<'_>, amount: Cents) -> Result<Vec<Transfer>, Camt053Error> {
    let details: Vec<_> = entry
        .children("NtryDtls")
        .flat_map(|details| details.children("TxDtls"))
        .collect();
    if details.is_empty() {
        return Ok(vec![Transfer {
            amount,
            ..Transfer::default()
        }]);
    }
    let alone = details.len() == 1;
    details
        .into_iter()
        .map(|element| {
            // One transfer is the whole entry; among several each must say its part.
            let own = transfer_amount(element, amount)?;
            let part = if alone {
                own.unwrap_or(amount)
            } else {
                own.ok_or_else(|| element.error(Camt053Problem::Missing("Amt")))?
            };
            transfer(element, part)
        })
        .collect()
}

/// `Amt` from version 03, `AmtDtls/TxAmt/Amt` before; signed by its own indicator, else as the entry is.
fn transfer_amount(element: Element<'_>, entry: Cents) -> Result<Option<Cents>, Camt053Error> {
    let amount = match element.child("Amt")? {
        None => element.path(&["AmtDtls", "TxAmt", "Amt"])?,
        found => found,
    };
    let Some(amount) = amount else { return Ok(None) };
    let euros = amount.euros()?;
    if element.child("CdtDbtInd")?.is_some() {
        return element.signed(euros).map(Some);
    }
    // An amount read is never negative, so its opposite exists.
    Ok(if entry.is_negative() {
        euros.checked_neg()
    } else {
        Some(euros)
    })
}

fn transfer(element: Element<'_>, amount: Cents) -> Result<Transfer, Camt053Error> {
    let return_reason = match element.text_at(&["RtrInf", "Rsn", "Cd"])? {
        None => element.text_at(&["RtrInf", "Rsn", "Prtry"])?,
        found => found,
    };
    // A transfer that came back keeps its first payer and payee, so the other side of the returned credit is the payee.
    let came_in = amount.is_positive() && return_reason.is_none();
    let sent_back_out = amount.is_negative() && return_reason.is_some();
    let (party, account) = if came_in || sent_back_out {
        ("Dbtr", "DbtrAcct")
    } else {
        ("Cdtr", "CdtrAcct")
    };
    let mut counterparty_name = element.text_at(&["RltdPties", party, "Nm"])?;
    if counterparty_name.is_none() {
        // From version 07 a party is a choice.
        counterparty_name = element.text_at(&["RltdPties", party, "Pty", "Nm"])?;
    }
    let iban = element.text_at(&["RltdPties", account, "Id", "IBAN"])?;
    let end_to_end = element
        .text_at(&["Refs", "EndToEndId"])?
        .filter(|id| id != "NOTPROVIDED");
    let mut remittance = Vec::new();
    if let Some(information) = element.child("RmtInf")? {
        remittance.extend(information.children("Ustrd").filter_map(Element::text));
        for structured in information.children("Strd") {
            remittance.extend(structured.path(&["CdtrRefInf", "Ref"])?.and_then(Element::text));
        }
    }
    Ok(Transfer {
        end_to_end,
        amount,
        counterparty_name,
        counterparty_iban: iban.and_then(|iban| iban.parse().ok()),
        remittance: Some(remittance.join(" ")).filter(|text| !text.is_empty()),
        return_reason,
    })
}
