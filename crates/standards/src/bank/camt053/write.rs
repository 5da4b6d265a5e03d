//! From a statement to camt.053.001.08: the bank of the demonstration and of the tests.

use std::io;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{Balance, Entry, Imbalance, Statement, Transfer};
use crate::money::Cents;

/// Most characters of an identifier (`Max35Text`).
const ID_CHARS_MAX: usize = 35;
/// Most characters of a name or a remittance line (`Max140Text`).
const TEXT_CHARS_MAX: usize = 140;
/// Most characters of the bank's own words (`Max500Text`).
const INFORMATION_CHARS_MAX: usize = 500;

/// Why no statement was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// It does not add up.
    #[error(transparent)]
    Imbalance(#[from] Imbalance),
    /// A text that the schema does not take.
    #[error("l'élément <{element}> est vide, dépasse {most} caractères ou contient un caractère interdit")]
    Text {
        element: &'static str,
        /// Its most characters.
        most: usize,
    },
}

type Xml = Writer<Vec<u8>>;

/// Writes one statement as a file; `message_id` (at most 35 characters) and `created_at` make its header. Reading it back gives
/// the same statement, apart from what only other banks say of a transfer (other texts and amounts, charges).
pub fn write(statement: &Statement, message_id: &str, created_at: DateTime<Utc>) -> Result<Vec<u8>, WriteError> {
    statement.check()?;
    check_texts(statement, message_id)?;
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    document(&mut xml, statement, message_id, created_at).expect("writing into memory does not fail");
    Ok(xml.into_inner())
}

fn check_texts(statement: &Statement, message_id: &str) -> Result<(), WriteError> {
    let check = |element, most, text: Option<&String>| {
        let sound = text.is_none_or(|text| {
            let length = text.chars().count();
            (1..=most).contains(&length) && text.trim() == text && !text.chars().any(char::is_control)
        });
        if sound {
            Ok(())
        } else {
            Err(WriteError::Text { element, most })
        }
    };
    check("MsgId", ID_CHARS_MAX, Some(&message_id.to_owned()))?;
    check("Id", ID_CHARS_MAX, Some(&statement.id))?;
    for entry in &statement.entries {
        check("AcctSvcrRef", ID_CHARS_MAX, entry.reference.as_ref())?;
        check("AddtlNtryInf", INFORMATION_CHARS_MAX, entry.information.as_ref())?;
        if let Some(batch) = &entry.batch {
            check("MsgId", ID_CHARS_MAX, batch.message_id.as_ref())?;
            check("PmtInfId", ID_CHARS_MAX, batch.payment_info_id.as_ref())?;
        }
        for transfer in &entry.transfers {
            check("EndToEndId", ID_CHARS_MAX, transfer.end_to_end.as_ref())?;
            check("Nm", TEXT_CHARS_MAX, transfer.counterparty_name.as_ref())?;
            check("Ustrd", TEXT_CHARS_MAX, transfer.remittance.as_ref())?;
            check("Prtry", ID_CHARS_MAX, transfer.return_reason.as_ref())?;
            check("AddtlTxInf", INFORMATION_CHARS_MAX, transfer.information.as_ref())?;
        }
    }
    Ok(())
}

fn document(xml: &mut Xml, statement: &Statement, message_id: &str, at: DateTime<Utc>) -> io::Result<()> {
    let instant = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let root = xml.create_element("Document");
    root.with_attribute(("xmlns", "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"))
        .write_inner_content(|xml| {
            inside(xml, "BkToCstmrStmt", |xml| {
                inside(xml, "GrpHdr", |xml| {
                    leaf(xml, "MsgId", message_id)?;
                    leaf(xml, "CreDtTm", &instant)
                })?;
                inside(xml, "Stmt", |xml| {
                    leaf(xml, "Id", &statement.id)?;
                    if let Some(number) = statement.sequence {
                        leaf(xml, "ElctrncSeqNb", &number.to_string())?;
                    }
                    leaf(xml, "CreDtTm", &instant)?;
                    inside(xml, "Acct", |xml| {
                        inside(xml, "Id", |xml| leaf(xml, "IBAN", statement.account.electronic()))?;
                        leaf(xml, "Ccy", "EUR")
                    })?;
                    balance(xml, "OPBD", statement.opening)?;
                    balance(xml, "CLBD", statement.closing)?;
                    statement.entries.iter().try_for_each(|line| entry(xml, line))
                })
            })
        })?;
    Ok(())
}

fn balance(xml: &mut Xml, code: &str, balance: Balance) -> io::Result<()> {
    inside(xml, "Bal", |xml| {
        inside(xml, "Tp", |xml| inside(xml, "CdOrPrtry", |xml| leaf(xml, "Cd", code)))?;
        amount(xml, balance.amount)?;
        day(xml, "Dt", balance.date)
    })
}

fn entry(xml: &mut Xml, entry: &Entry) -> io::Result<()> {
    inside(xml, "Ntry", |xml| {
        amount(xml, entry.amount)?;
        if entry.reversal {
            leaf(xml, "RvslInd", "true")?;
        }
        inside(xml, "Sts", |xml| leaf(xml, "Cd", "BOOK"))?;
        day(xml, "BookgDt", entry.booked_on)?;
        if let Some(date) = entry.value_on {
            day(xml, "ValDt", date)?;
        }
        optional(xml, "AcctSvcrRef", entry.reference.as_ref())?;
        bank_transaction_code(xml, entry)?;
        inside(xml, "NtryDtls", |xml| {
            if let Some(batch) = &entry.batch {
                inside(xml, "Btch", |xml| {
                    optional(xml, "MsgId", batch.message_id.as_ref())?;
                    optional(xml, "PmtInfId", batch.payment_info_id.as_ref())?;
                    optional(xml, "NbOfTxs", batch.transfers.map(|count| count.to_string()).as_ref())
                })?;
            }
            entry.transfers.iter().try_for_each(|part| transfer(xml, part))
        })?;
        optional(xml, "AddtlNtryInf", entry.information.as_ref())
    })
}

/// ISO's code of the movement: a credit transfer received (`RCDT`) or issued (`ICDT`), or the return (`RRTN`) of one.
fn bank_transaction_code(xml: &mut Xml, entry: &Entry) -> io::Result<()> {
    let returned = entry.transfers.iter().any(|transfer| transfer.return_reason.is_some());
    let family = if entry.amount.is_negative() == returned {
        "RCDT"
    } else {
        "ICDT"
    };
    inside(xml, "BkTxCd", |xml| {
        inside(xml, "Domn", |xml| {
            leaf(xml, "Cd", "PMNT")?;
            inside(xml, "Fmly", |xml| {
                leaf(xml, "Cd", family)?;
                leaf(xml, "SubFmlyCd", if returned { "RRTN" } else { "ESCT" })
            })
        })
    })
}

fn transfer(xml: &mut Xml, transfer: &Transfer) -> io::Result<()> {
    let returned = transfer.return_reason.is_some();
    // As `read` takes the other side: the payer of money that came in, the payee of money that left or came back.
    let payer = transfer.amount.is_negative() == returned;
    let (party, account) = if payer {
        ("Dbtr", "DbtrAcct")
    } else {
        ("Cdtr", "CdtrAcct")
    };
    inside(xml, "TxDtls", |xml| {
        inside(xml, "Refs", |xml| {
            leaf(
                xml,
                "EndToEndId",
                transfer.end_to_end.as_deref().unwrap_or("NOTPROVIDED"),
            )
        })?;
        amount(xml, transfer.amount)?;
        if transfer.counterparty_name.is_some() || transfer.counterparty_iban.is_some() {
            inside(xml, "RltdPties", |xml| {
                if let Some(name) = &transfer.counterparty_name {
                    inside(xml, party, |xml| inside(xml, "Pty", |xml| leaf(xml, "Nm", name)))?;
                }
                if let Some(iban) = &transfer.counterparty_iban {
                    inside(xml, account, |xml| {
                        inside(xml, "Id", |xml| leaf(xml, "IBAN", iban.electronic()))
                    })?;
                }
                Ok(())
            })?;
        }
        if let Some(text) = &transfer.remittance {
            inside(xml, "RmtInf", |xml| leaf(xml, "Ustrd", text))?;
        }
        if let Some(reason) = &transfer.return_reason {
            // ISO's external codes have four characters; anything else is the bank's own.
            let code = if reason.len() == 4 { "Cd" } else { "Prtry" };
            inside(xml, "RtrInf", |xml| inside(xml, "Rsn", |xml| leaf(xml, code, reason)))?;
        }
        optional(xml, "AddtlTxInf", transfer.information.as_ref())
    })
}

fn amount(xml: &mut Xml, amount: Cents) -> io::Result<()> {
    let signed = amount.to_string();
    let (sign, euros) = match signed.strip_prefix('-') {
        Some(euros) => ("DBIT", euros),
        None => ("CRDT", signed.as_str()),
    };
    xml.create_element("Amt")
        .with_attribute(("Ccy", "EUR"))
        .write_text_content(BytesText::new(euros))?;
    leaf(xml, "CdtDbtInd", sign)
}

fn day(xml: &mut Xml, name: &str, date: NaiveDate) -> io::Result<()> {
    inside(xml, name, |xml| leaf(xml, "Dt", &date.to_string()))
}

fn optional(xml: &mut Xml, name: &str, text: Option<&String>) -> io::Result<()> {
    text.map_or(Ok(()), |text| leaf(xml, name, text))
}

fn leaf(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    xml.create_element(name)
        .write_text_content(BytesText::new(text))
        .map(drop)
}

fn inside(xml: &mut Xml, name: &str, content: impl FnOnce(&mut Xml) -> io::Result<()>) -> io::Result<()> {
    xml.create_element(name).write_inner_content(content).map(drop)
}
