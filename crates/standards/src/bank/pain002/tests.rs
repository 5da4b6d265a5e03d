use super::*;

const FIRST: &str = "00000000000000000000000000000001";
const SECOND: &str = "00000000000000000000000000000002";

fn payment(end_to_end: &str, status: &str) -> String {
    format!(
        "<TxInfAndSts><OrgnlInstrId>I</OrgnlInstrId><OrgnlEndToEndId>{end_to_end}</OrgnlEndToEndId>{status}</TxInfAndSts>"
    )
}

fn rejected(end_to_end: &str, reason: &str) -> String {
    let amount = "<OrgnlTxRef><Amt><InstdAmt Ccy=\"EUR\">40.5</InstdAmt></Amt></OrgnlTxRef>";
    let why = format!(
        "<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn><AddtlInf>compte</AddtlInf><AddtlInf>clos</AddtlInf></StsRsnInf>"
    );
    payment(end_to_end, &format!("<TxSts>RJCT</TxSts>{why}{amount}"))
}

fn xml(version: &str, file: &str, group: &str, payments: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}">
<CstmrPmtStsRpt><GrpHdr><MsgId>BANK-1</MsgId><CreDtTm>2026-04-03T09:00:00</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>CCN1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{file}</OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>CCN1</OrgnlPmtInfId>{group}
{payments}
</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"#
    )
}

fn one(text: &str) -> StatusReport {
    let mut reports = read(text.as_bytes()).unwrap();
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

fn refusal(text: &str) -> Pain002Error {
    read(text.as_bytes()).expect_err(text)
}

#[test]
fn both_versions_are_read_as_other_software_reads_them() {
    for version in ["03", "10"] {
        let payments = rejected(FIRST, "AC04") + &payment(SECOND, "<TxSts>ACSP</TxSts>");
        let text = xml(version, "<GrpSts>PART</GrpSts>", "", &payments);
        let report = one(&text);
        assert_eq!(
            (report.id.as_str(), report.original_message_id.as_str()),
            ("BANK-1", "CCN1")
        );
        assert_eq!(
            report.verdict.as_ref().map(|verdict| verdict.status),
            Some(Status::Partial)
        );
        let group = &report.groups[0];
        let expected = PaymentStatus {
            line: 6,
            end_to_end: Some(FIRST.to_owned()),
            verdict: Some(Verdict {
                status: Status::Rejected,
                reason: Some("AC04".to_owned()),
                information: Some("compte clos".to_owned()),
            }),
            own_reason: true,
            amount: Some(Cents::new(4050)),
            accepted: None,
        };
        assert_eq!(group.payments[0], expected);
        let second = group.payments[1].verdict.as_ref().map(|verdict| verdict.status);
        assert_eq!(second, Some(Status::InProcess));

        let theirs = sepa::pain002::parse_pain002(&text).unwrap();
        assert_eq!(
            (&theirs.msg_id, &theirs.original_msg_id),
            (&report.id, &report.original_message_id)
        );
        for (theirs, ours) in theirs.payment_info_statuses[0].transactions.iter().zip(&group.payments) {
            assert_eq!(theirs.original_end_to_end_id, ours.end_to_end);
            let code = ours.verdict.as_ref().map(|verdict| verdict.status.code());
            assert_eq!(theirs.status.as_ref().map(sepa::pain002::PaymentStatus::as_code), code);
            assert_eq!(theirs.original_amount_ct, ours.amount.map(Cents::get));
        }
    }
}

#[test]
fn each_payment_knows_its_line_in_every_group() {
    let many = |from: usize| -> String {
        let line = |n: usize| payment(&format!("{n:032x}"), "<TxSts>ACSP</TxSts>") + "\n";
        (from..from + 3).map(line).collect()
    };
    let second = format!("\n</OrgnlPmtInfAndSts>\n\n<OrgnlPmtInfAndSts>\n{}", many(10));
    let text = xml("10", "<GrpSts>ACSP</GrpSts>", "", &(many(1) + &second));
    let report = one(&text);
    let told: Vec<u64> = report
        .groups
        .iter()
        .flat_map(|group| group.payments.iter().map(|payment| payment.line))
        .collect();
    let expected: Vec<u64> = (1..)
        .zip(text.lines())
        .filter(|(_, line)| line.contains("<TxInfAndSts>"))
        .map(|(number, _)| number)
        .collect();
    assert_eq!((told.len(), told), (6, expected));
}

#[test]
fn the_banks_dates_are_kept() {
    let payments = payment(
        FIRST,
        "<TxSts>ACSP</TxSts><AccptncDtTm>2026-04-03T10:30:00+02:00</AccptncDtTm>",
    );
    let text = xml("10", "", "", &payments).replace(
        "<OrgnlMsgNmId>",
        "<OrgnlCreDtTm>2026-04-02T08:00:00Z</OrgnlCreDtTm><OrgnlMsgNmId>",
    );
    let report = one(&text);
    let instant = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!(report.created.at(), instant("2026-04-03T07:00:00Z"));
    assert_eq!(
        report.original_created.map(BankInstant::at),
        Some(instant("2026-04-02T08:00:00Z"))
    );
    let accepted = report.groups[0].payments[0].accepted;
    assert_eq!(accepted.map(BankInstant::at), Some(instant("2026-04-03T08:30:00Z")));
    let wrong = refusal(&text.replace("T10:30:00+02:00", "T10:30"));
    assert_eq!((wrong.line, wrong.element.as_str()), (6, "AccptncDtTm"));
}

#[test]
fn what_holds_for_the_whole_holds_for_its_payments() {
    let why = "<StsRsnInf><Rsn><Prtry>FF01</Prtry></Rsn></StsRsnInf>";
    for (file, group) in [("<GrpSts>RJCT</GrpSts>", ""), ("", "<PmtInfSts>RJCT</PmtInfSts>")] {
        let with_why = |status: &str| {
            if status.is_empty() {
                String::new()
            } else {
                format!("{status}{why}")
            }
        };
        let text = xml("10", &with_why(file), &with_why(group), &payment(FIRST, ""));
        let verdict = one(&text).groups[0].payments[0].verdict.clone().unwrap();
        assert_eq!(
            (verdict.status, verdict.reason.as_deref()),
            (Status::Rejected, Some("FF01"))
        );
        let contrary = refusal(&xml("10", file, group, &payment(FIRST, "<TxSts>ACSP</TxSts>")));
        assert_eq!((contrary.line, contrary.element.as_str()), (6, "TxInfAndSts"));
        assert!(matches!(contrary.problem, Pain002Problem::Contradiction { .. }));
    }
    let silent = one(&xml("10", "<GrpSts>ACCP</GrpSts>", "", &payment(FIRST, "")));
    assert_eq!(silent.groups[0].payments[0].verdict, None);
}

#[test]
fn a_file_rejected_outright_names_no_payment() {
    let text = xml("03", "<GrpSts>RJCT</GrpSts>", "", "");
    let start = text.find("<OrgnlPmtInfAndSts>").unwrap();
    let end = text.find("</CstmrPmtStsRpt>").unwrap();
    let report = one(&(text[..start].to_owned() + &text[end..]));
    assert_eq!(
        (report.groups.len(), report.verdict.unwrap().status),
        (0, Status::Rejected)
    );
}

#[test]
fn a_refusal_names_the_line_and_the_element() {
    let good = xml("10", "", "", &rejected(FIRST, "AC04"));
    for (from, to, line, element) in [
        ("<TxSts>RJCT", "<TxSts>DONE", 6, "TxSts"),
        (FIRST, "NOTPROVIDED", 6, "TxInfAndSts"),
        ("pain.001.001.09", "pain.008.001.08", 4, "OrgnlMsgNmId"),
        ("<MsgId>BANK-1</MsgId>", "", 3, "GrpHdr"),
        ("<CreDtTm>2026-04-03T09:00:00</CreDtTm>", "", 3, "GrpHdr"),
        ("2026-04-03T09:00:00", "2026-02-30T09:00:00", 3, "CreDtTm"),
        ("2026-04-03T09:00:00", "03/04/2026 09:00", 3, "CreDtTm"),
        ("<OrgnlMsgId>CCN1</OrgnlMsgId>", "", 4, "OrgnlGrpInfAndSts"),
        ("Ccy=\"EUR\"", "Ccy=\"USD\"", 6, "InstdAmt"),
        ("40.5", "40.505", 6, "InstdAmt"),
        ("pain.002.001.10", "pain.002.001.09", 2, "Document"),
        ("CstmrPmtStsRpt>", "Other>", 2, "Document"),
    ] {
        let wrong = good.replace(from, to);
        assert_ne!(wrong, good, "{from}");
        let error = refusal(&wrong);
        assert_eq!((error.line, error.element.as_str()), (line, element), "{to}: {error}");
    }
    let twice = rejected(FIRST, "AC04") + "\n" + &payment(FIRST, "<TxSts>ACSP</TxSts>");
    let error = refusal(&xml("10", "", "", &twice));
    assert_eq!(
        (error.line, error.problem),
        (7, Pain002Problem::Repeated("OrgnlEndToEndId"))
    );
}

#[test]
fn dtds_truncated_files_unread_encodings_and_two_documents_are_refused() {
    let good = xml("10", "", "", &rejected(FIRST, "AC04"));
    let bomb = format!("<!DOCTYPE a [<!ENTITY b \"c\"><!ENTITY d \"&b;&b;\">]>{}", &good[39..]);
    assert_eq!(refusal(&bomb).problem, Pain002Problem::Dtd);
    assert!(matches!(
        refusal(&good[..good.len() - 30]).problem,
        Pain002Problem::Xml(_)
    ));
    let latin = good.replace("compte", "\u{0}").replace('\u{0}', "é");
    let latin: Vec<u8> = latin.chars().map(|one| u8::try_from(one).unwrap()).collect();
    // Words, and no reason to leave a rejection unread.
    assert!(read(&latin).is_ok());
    let declared = good.replacen("UTF-8", "EBCDIC-FR", 1);
    assert_eq!(
        refusal(&declared).problem,
        Pain002Problem::Encoding("EBCDIC-FR".to_owned())
    );
    let deep = "<a>".repeat(500_000);
    assert!(matches!(refusal(&deep).problem, Pain002Problem::Xml(_)));
}

#[test]
fn several_documents_in_one_file_are_all_read_or_none_is() {
    let one = xml("10", "", "", &rejected(FIRST, "AC04"));
    let other = xml("03", "", "", &rejected(SECOND, "AC06")).replace("BANK-1", "BANK-2");
    let third = other.replace("BANK-2", "BANK-3");
    for (file, ids) in [
        (format!("{one}{other}"), vec!["BANK-1", "BANK-2"]),
        (format!("\n{one}\r\n\r\n{other}\n"), vec!["BANK-1", "BANK-2"]),
        (format!("{other}\n{one}\n{third}"), vec!["BANK-2", "BANK-1", "BANK-3"]),
    ] {
        let reports = read(file.as_bytes()).unwrap();
        let read: Vec<&str> = reports.iter().map(|report| report.id.as_str()).collect();
        assert_eq!(read, ids, "{file}");
    }
    // Lines are the file's.
    let reports = read(format!("{one}\n{other}").as_bytes()).unwrap();
    let lines = reports.iter().map(|report| report.groups[0].payments[0].line);
    assert_eq!(lines.collect::<Vec<_>>(), [6, 13]);
    let broken = format!("{one}\n{}", other.replace("RJCT", "MAYB"));
    let refused = refusal(&broken);
    assert_eq!((refused.line, refused.element.as_str()), (13, "TxSts"));
}
