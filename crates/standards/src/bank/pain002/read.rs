//! From the bank's XML to a report.

use std::collections::BTreeSet;

use super::{GroupStatus, Pain002Error, Pain002Problem, PaymentStatus, Status, StatusReport, Verdict};
use crate::bank::iso20022::{self, Element, ElementLines};

const EXPECTED: &str = "un compte rendu de virements pain.002, versions 001.03 et 001.10";
const NAMESPACES: [&str; 2] = [
    "urn:iso:std:iso:20022:tech:xsd:pain.002.001.03",
    "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10",
];
/// What the reported file must be.
const CREDIT_TRANSFERS: &str = "pain.001";

/// Reads the reports of a file: one, or several complete documents one after the other. All of them, or none.
pub fn read(bytes: &[u8]) -> Result<Vec<StatusReport>, Pain002Error> {
    iso20022::parse_all(
        bytes,
        EXPECTED,
        |namespace| NAMESPACES.contains(&namespace),
        |root| report(root.required("CstmrPmtStsRpt")?),
    )
}

/// What is kept while the payments are read in the order of the file.
struct Reading<'d> {
    named: BTreeSet<String>,
    lines: ElementLines<'d>,
}

fn report(element: Element<'_>) -> Result<StatusReport, Pain002Error> {
    let original = element.required("OrgnlGrpInfAndSts")?;
    let name = original.required("OrgnlMsgNmId")?;
    let found = name.text().unwrap_or_default();
    if !found.starts_with(CREDIT_TRANSFERS) {
        let (expected, found) = ("un compte rendu sur des virements (pain.001)", found.to_owned());
        return Err(name.error(Pain002Problem::OtherDocument { expected, found }));
    }
    let whole = verdict(original, "GrpSts")?;
    let mut reading = Reading {
        named: BTreeSet::new(),
        lines: ElementLines::of(element),
    };
    let groups = element.children("OrgnlPmtInfAndSts");
    let header = element.required("GrpHdr")?;
    Ok(StatusReport {
        id: header.text_of("MsgId")?.to_owned(),
        created: header.required("CreDtTm")?.instant()?,
        original_created: original.instant_at(&["OrgnlCreDtTm"])?,
        original_message_id: original.text_of("OrgnlMsgId")?.to_owned(),
        groups: groups
            .map(|group| self::group(group, whole.as_ref(), &mut reading))
            .collect::<Result<_, _>>()?,
        verdict: whole,
    })
}

fn group(element: Element<'_>, file: Option<&Verdict>, reading: &mut Reading<'_>) -> Result<GroupStatus, Pain002Error> {
    let own = within(element, verdict(element, "PmtInfSts")?, file)?;
    let payments = element.children("TxInfAndSts");
    Ok(GroupStatus {
        payment_info_id: element.text_at(&["OrgnlPmtInfId"])?,
        payments: payments
            .map(|payment| self::payment(payment, own.as_ref(), reading))
            .collect::<Result<_, _>>()?,
        verdict: own,
    })
}

fn payment(
    element: Element<'_>,
    group: Option<&Verdict>,
    reading: &mut Reading<'_>,
) -> Result<PaymentStatus, Pain002Error> {
    let own = verdict(element, "TxSts")?;
    let own_reason = own.as_ref().is_some_and(|own| own.reason.is_some());
    let verdict = within(element, own, group)?;
    let id = element.child("OrgnlEndToEndId")?;
    let end_to_end = id.and_then(Element::text).filter(|id| *id != "NOTPROVIDED");
    if let Some((element, end_to_end)) = id.zip(end_to_end)
        && !reading.named.insert(end_to_end.to_owned())
    {
        return Err(element.error(Pain002Problem::Repeated("OrgnlEndToEndId")));
    }
    let refused = verdict.as_ref().is_some_and(|verdict| verdict.status.is_refusal());
    if refused && end_to_end.is_none() {
        return Err(element.error(Pain002Problem::Missing("OrgnlEndToEndId")));
    }
    let amount = element.path(&["OrgnlTxRef", "Amt", "InstdAmt"])?;
    Ok(PaymentStatus {
        line: reading.lines.at(element),
        end_to_end: end_to_end.map(str::to_owned),
        verdict,
        own_reason,
        amount: amount.map(Element::euros).transpose()?,
        accepted: element.instant_at(&["AccptncDtTm"])?,
    })
}

/// What holds for the whole holds for the part, which cannot say otherwise.
fn within(
    element: Element<'_>,
    own: Option<Verdict>,
    whole: Option<&Verdict>,
) -> Result<Option<Verdict>, Pain002Error> {
    let Some(whole) = whole.filter(|whole| whole.status.is_refusal()) else {
        return Ok(own);
    };
    match own {
        None => Ok(Some(whole.clone())),
        Some(own) if own.status.is_refusal() => Ok(Some(Verdict {
            reason: own.reason.or_else(|| whole.reason.clone()),
            information: own.information.or_else(|| whole.information.clone()),
            ..own
        })),
        Some(own) => Err(element.error(Pain002Problem::Contradiction {
            found: own.status.code(),
            whole: whole.status.code(),
        })),
    }
}

fn verdict(element: Element<'_>, name: &'static str) -> Result<Option<Verdict>, Pain002Error> {
    let Some(status) = element.child(name)? else {
        return Ok(None);
    };
    let code = status.text().unwrap_or_default();
    let known = Status::from_code(code).ok_or_else(|| status.error(Pain002Problem::Status(code.to_owned())))?;
    // Several reasons may be given: the first is the bank's first.
    let mut reason = None;
    let mut words = Vec::new();
    for information in element.children("StsRsnInf") {
        if reason.is_none() {
            reason = information
                .text_at(&["Rsn", "Cd"])?
                .or(information.text_at(&["Rsn", "Prtry"])?);
        }
        words.extend(information.children("AddtlInf").filter_map(Element::text));
    }
    Ok(Some(Verdict {
        status: known,
        reason,
        information: Some(words.join(" ")).filter(|words| !words.is_empty()),
    }))
}
