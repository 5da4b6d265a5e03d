use super::*;

/// A statement of one entry in a version, with the entry's XML given.
fn xml(version: &str, entries: &str, closing: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">
<BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-06-09T06:00:00</CreDtTm></GrpHdr>
<Stmt><Id>2026-06-08</Id><ElctrncSeqNb>42</ElctrncSeqNb>
<Acct><Id><IBAN>FR7630006000011234567890189</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-06-05</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{closing}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-06-08</Dt></Dt></Bal>
{entries}
</Stmt></BkToCstmrStmt></Document>"#
    )
}

fn entry(status: &str, details: &str) -> String {
    format!(
        r#"<Ntry><Amt Ccy="EUR">40.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>{status}</Sts>
<BookgDt><Dt>2026-06-08</Dt></BookgDt><AcctSvcrRef>REF1</AcctSvcrRef><BkTxCd/>{details}</Ntry>"#
    )
}

fn one(text: &str) -> Statement {
    let mut statements = read(text.as_bytes()).unwrap();
    assert_eq!(statements.len(), 1);
    statements.remove(0)
}

fn refusal(text: &str) -> Camt053Error {
    read(text.as_bytes()).expect_err(text)
}

#[test]
fn every_version_is_read() {
    for (version, status, party) in [
        ("02", "BOOK", "<Nm>Médiathèque</Nm>"),
        ("03", "BOOK", "<Nm>Médiathèque</Nm>"),
        ("04", "BOOK", "<Nm>Médiathèque</Nm>"),
        ("05", "BOOK", "<Nm>Médiathèque</Nm>"),
        ("06", "BOOK", "<Nm>Médiathèque</Nm>"),
        ("07", "<Cd>BOOK</Cd>", "<Pty><Nm>Médiathèque</Nm></Pty>"),
        ("08", "<Cd>BOOK</Cd>", "<Pty><Nm>Médiathèque</Nm></Pty>"),
        ("09", "<Cd>BOOK</Cd>", "<Pty><Nm>Médiathèque</Nm></Pty>"),
        ("10", "<Cd>BOOK</Cd>", "<Pty><Nm>Médiathèque</Nm></Pty>"),
        ("13", "<Cd>BOOK</Cd>", "<Pty><Nm>Médiathèque</Nm></Pty>"),
    ] {
        let details = format!(
            "<NtryDtls><TxDtls><Refs><EndToEndId>CCN-1</EndToEndId></Refs><RltdPties><Dbtr><Nm>Fonds</Nm></Dbtr>\
             <Cdtr>{party}</Cdtr><CdtrAcct><Id><IBAN>FR7630006424462601815908634</IBAN></Id></CdtrAcct></RltdPties>\
             <RmtInf><Ustrd>mai</Ustrd><Ustrd>2026</Ustrd></RmtInf></TxDtls></NtryDtls>"
        );
        let statement = one(&xml(version, &entry(status, &details), "60.0"));
        assert_eq!((statement.id.as_str(), statement.sequence), ("2026-06-08", Some(42)));
        assert_eq!(
            (statement.opening.amount, statement.closing.amount),
            (Cents::new(10_000), Cents::new(6_000))
        );
        let [entry] = &statement.entries[..] else {
            panic!("one entry")
        };
        assert_eq!(
            (entry.amount, entry.reference.as_deref()),
            (Cents::new(-4_000), Some("REF1"))
        );
        let expected = Transfer {
            end_to_end: Some("CCN-1".into()),
            amount: Cents::new(-4_000),
            counterparty_name: Some("Médiathèque".into()),
            counterparty_iban: Some("FR7630006424462601815908634".parse().unwrap()),
            remittance: Some("mai 2026".into()),
            ..Transfer::default()
        };
        assert_eq!(entry.transfers, [expected], "{version}");
    }
}

#[test]
fn other_documents_and_versions_are_refused() {
    for namespace in [
        "camt.053.001.01",
        "camt.053.001.14",
        "camt.053.001.8",
        "camt.053.001.008",
        "camt.052.001.08",
        "pain.001.001.09",
    ] {
        let text = xml("08", "", "100").replace("camt.053.001.08", namespace);
        assert!(
            matches!(refusal(&text).problem, Camt053Problem::OtherDocument { .. }),
            "{namespace}"
        );
    }
    assert!(matches!(
        refusal("<html/>").problem,
        Camt053Problem::OtherDocument { .. }
    ));
}

#[test]
fn dtds_entities_and_bad_xml_are_refused() {
    let bomb = r#"<!DOCTYPE a [<!ENTITY b "c">]><Document>&b;</Document>"#;
    assert_eq!(refusal(bomb).problem, Camt053Problem::Dtd);
    assert!(matches!(
        refusal("<Document>&b;</Document>").problem,
        Camt053Problem::Xml(_)
    ));
    assert!(matches!(refusal("<Document>\n</Docu>").problem, Camt053Problem::Xml(_)));
    assert_eq!(refusal("").problem, Camt053Problem::Empty);
    assert_eq!(refusal(" \n").problem, Camt053Problem::Empty);
}

#[test]
fn files_made_to_exhaust_the_reader_are_refused() {
    assert_eq!(
        read(&vec![b' '; BYTES_MAX + 1]).unwrap_err().problem,
        Camt053Problem::TooLarge
    );
    let attributes = (0..5_000)
        .map(|number| format!(" a{number}=\">\""))
        .collect::<Vec<_>>()
        .concat();
    assert_eq!(refusal(&format!("<a{attributes}/>")).problem, Camt053Problem::TooLarge);
    let namespaces = (0..5_000)
        .map(|number| format!("<a xmlns:n{number}=\"{number}\">"))
        .collect::<Vec<_>>()
        .concat();
    assert_eq!(refusal(&namespaces).problem, Camt053Problem::TooLarge);
    assert!(matches!(
        refusal(&"<a>".repeat(500_000)).problem,
        Camt053Problem::Xml(_)
    ));
}

#[test]
fn deep_nesting_where_it_does_not_matter_is_no_harm() {
    let deep = format!("{}{}", "<X>".repeat(100_000), "</X>".repeat(100_000));
    assert!(one(&xml("08", &deep, "100")).entries.is_empty());
    let wide = "<Ntry><Amt Ccy=\"EUR\">1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts></Ntry>";
    assert!(one(&xml("08", &wide.repeat(10_000), "100")).entries.is_empty());
}

#[test]
fn a_statement_that_does_not_add_up_is_refused() {
    let error = refusal(&xml("08", &entry("BOOK", ""), "60.01"));
    assert_eq!(error.element, "Stmt");
    let (closing, expected) = (Cents::new(6_001), Cents::new(6_000));
    assert_eq!(
        error.problem,
        Camt053Problem::Imbalance(Imbalance::Closing { closing, expected })
    );
}

#[test]
fn a_refusal_names_the_line_and_the_element() {
    let good = xml("08", &entry("BOOK", ""), "60");
    for (from, to, line, element) in [
        ("<Amt Ccy=\"EUR\">40.00", "<Amt Ccy=\"USD\">40.00", 8, "Amt"),
        ("<Amt Ccy=\"EUR\">40.00", "<Amt Ccy=\"EUR\">40.001", 8, "Amt"),
        ("<Amt Ccy=\"EUR\">40.00", "<Amt Ccy=\"EUR\">-40", 8, "Amt"),
        ("<Amt Ccy=\"EUR\">40.00", "<Amt>40", 8, "Amt"),
        (
            "<Amt Ccy=\"EUR\">40.00",
            "<Amt Ccy=\"EUR\">99999999999999999999",
            8,
            "Amt",
        ),
        ("DBIT", "OUT", 8, "Ntry"),
        ("<Sts>BOOK", "<Sts>DONE", 8, "Sts"),
        ("FR7630006000011234567890189", "FR7630006000011234567890188", 5, "IBAN"),
        ("<Ccy>EUR", "<Ccy>CHF", 5, "Ccy"),
        ("<Cd>OPBD", "<Cd>ITBD", 4, "Stmt"),
        ("<Cd>CLBD", "<Cd>CLAV", 4, "Stmt"),
        ("<Cd>OPBD", "<Cd>CLBD", 4, "Stmt"),
        ("<Dt><Dt>2026-06-08", "<Dt><Dt>08/06/2026", 7, "Dt"),
        (
            "<Acct><Id><IBAN>FR7630006000011234567890189</IBAN></Id>",
            "<Acct>",
            5,
            "Acct",
        ),
    ] {
        let wrong = good.replacen(from, to, 1);
        assert_ne!(wrong, good, "{from}");
        let error = refusal(&wrong);
        assert_eq!((error.element.as_str(), error.line), (element, line), "{to}: {error}");
    }
    let wrong = refusal(&good.replacen("Ccy=\"EUR\">40.00", "Ccy=\"USD\">40.00", 1)).to_string();
    assert_eq!(wrong, "ligne 8, élément <Amt> : la devise « USD » n'est pas l'euro");
}

#[test]
fn a_batch_is_split_into_its_transfers() {
    let part = |id: &str, amount: &str| {
        format!(
            "<TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy=\"EUR\">{amount}</Amt></TxAmt></AmtDtls></TxDtls>"
        )
    };
    let details = |second: &str| {
        format!(
            "<NtryDtls><Btch><MsgId>FILE1</MsgId><NbOfTxs>2</NbOfTxs></Btch>{}{second}</NtryDtls>",
            part("E1", "15.50")
        )
    };
    let statement = one(&xml("02", &entry("BOOK", &details(&part("E2", "24.50"))), "60"));
    let entry_read = &statement.entries[0];
    let amounts: Vec<_> = entry_read
        .transfers
        .iter()
        .map(|transfer| transfer.amount.get())
        .collect();
    assert_eq!(amounts, [-1_550, -2_450]);
    let batch = entry_read.batch.as_ref().unwrap();
    assert_eq!((batch.message_id.as_deref(), batch.transfers), (Some("FILE1"), Some(2)));
}

#[test]
fn a_transfer_that_came_back_says_why_and_from_whom() {
    let details = "<NtryDtls><TxDtls><Refs><EndToEndId>CCN-1</EndToEndId></Refs>\
        <RltdPties><Dbtr><Pty><Nm>Fonds</Nm></Pty></Dbtr><Cdtr><Pty><Nm>Médiathèque</Nm></Pty></Cdtr></RltdPties>\
        <RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls></NtryDtls>";
    let returned = entry("<Cd>BOOK</Cd>", details).replace("DBIT", "CRDT");
    let statement = one(&xml("08", &returned, "140"));
    let transfer = &statement.entries[0].transfers[0];
    assert_eq!(
        (transfer.amount, transfer.return_reason.as_deref()),
        (Cents::new(4_000), Some("AC04"))
    );
    assert_eq!(transfer.counterparty_name.as_deref(), Some("Médiathèque"));
}

#[test]
fn announced_entries_moved_no_money() {
    let entries = format!("{}{}", entry("PDNG", ""), entry("BOOK", ""));
    assert_eq!(one(&xml("02", &entries, "60")).entries.len(), 1);
}

#[test]
fn an_entry_without_details_is_one_transfer_without_a_reference() {
    let statement = one(&xml(
        "02",
        &entry(
            "BOOK",
            "<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs></TxDtls></NtryDtls>",
        ),
        "60",
    ));
    let alone = Transfer {
        amount: Cents::new(-4_000),
        ..Transfer::default()
    };
    assert_eq!(statement.entries[0].transfers, std::slice::from_ref(&alone));
    assert_eq!(one(&xml("02", &entry("BOOK", ""), "60")).entries[0].transfers, [alone]);
}

fn rich() -> Statement {
    let date = |text: &str| text.parse::<NaiveDate>().unwrap();
    let transfer = |amount, name: &str, reason: Option<&str>| Transfer {
        end_to_end: Some("CCN-2026-05-0001".into()),
        amount: Cents::new(amount),
        counterparty_name: Some(name.into()),
        counterparty_iban: Some("FR7630006424462601815908634".parse().unwrap()),
        remittance: Some("Chèques <mai> & \"juin\"".into()),
        return_reason: reason.map(str::to_owned),
        information: Some("VIR SEPA RECU".into()),
        ..Transfer::default()
    };
    let entry = |transfers: Vec<Transfer>| Entry {
        reference: Some("REF1".into()),
        amount: Cents::try_sum(transfers.iter().map(|transfer| transfer.amount)).unwrap(),
        booked_on: date("2026-06-08"),
        value_on: Some(date("2026-06-09")),
        reversal: false,
        batch: None,
        information: Some("VIR SEPA".into()),
        transfers,
    };
    let batch = Batch {
        message_id: Some("FILE1".into()),
        payment_info_id: Some("FILE1-1".into()),
        transfers: Some(2),
    };
    Statement {
        id: "2026-06-08".into(),
        sequence: Some(7),
        account: "FR7630006000011234567890189".parse().unwrap(),
        opening: Balance {
            amount: Cents::new(-5),
            date: date("2026-06-05"),
        },
        closing: Balance {
            amount: Cents::new(99_495),
            date: date("2026-06-08"),
        },
        entries: vec![
            entry(vec![transfer(100_000, "Département de la Côte-d'Or", None)]),
            Entry {
                batch: Some(batch),
                ..entry(vec![transfer(-4_000, "A", None), transfer(-500, "B", None)])
            },
            Entry {
                reversal: true,
                ..entry(vec![transfer(4_000, "A", Some("AC04"))])
            },
            Entry {
                reference: None,
                value_on: None,
                information: None,
                ..entry(vec![Transfer::default()])
            },
        ],
    }
}

#[test]
fn a_statement_written_reads_back_the_same() {
    let written = write(&rich(), "STMT-1", "2026-06-09T04:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(
        read(&written),
        Ok(vec![rich()]),
        "{}",
        String::from_utf8_lossy(&written)
    );
}

#[test]
fn what_does_not_add_up_or_fit_is_not_written() {
    let at = "2026-06-09T04:00:00Z".parse().unwrap();
    let mut wrong = rich();
    wrong.closing.amount = Cents::ZERO;
    assert!(matches!(
        write(&wrong, "S", at),
        Err(WriteError::Imbalance(Imbalance::Closing { .. }))
    ));
    let mut wrong = rich();
    wrong.entries[0].transfers[0].end_to_end = Some("X".repeat(36));
    assert_eq!(
        write(&wrong, "S", at),
        Err(WriteError::Text {
            element: "EndToEndId",
            most: 35
        })
    );
    assert_eq!(
        write(&rich(), "", at),
        Err(WriteError::Text {
            element: "MsgId",
            most: 35
        })
    );
}

mod of_banks;
