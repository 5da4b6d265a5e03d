//! What banks really send: information that is unusual, and never refuses a statement.

use super::*;

const FUND: &str = "FR7630006000011234567890189";

fn fund() -> Iban {
    FUND.parse().unwrap()
}

/// The transfers of a credit of this amount with these details.
fn credit(amount: &str, rest: &str) -> Vec<Transfer> {
    let entry = format!(
        "<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
         <BookgDt><Dt>2026-06-08</Dt></BookgDt><BkTxCd/>{rest}</Ntry>"
    );
    let (whole, cents) = amount.split_once('.').unwrap();
    let closing = format!("{}.{cents}", 100 + whole.parse::<i64>().unwrap());
    one(&xml("08", &entry, &closing)).entries.remove(0).transfers
}

fn details(parts: &[&str]) -> String {
    let parts: Vec<_> = parts.iter().map(|part| format!("<TxDtls>{part}</TxDtls>")).collect();
    format!("<NtryDtls>{}</NtryDtls>", parts.concat())
}

fn amounts(transfers: &[Transfer]) -> Vec<i64> {
    transfers.iter().map(|transfer| transfer.amount.get()).collect()
}

#[test]
fn what_moved_is_the_entrys_amount_and_the_charges_are_told_with_it() {
    let charges = |inside: &str| {
        let told = format!("<Amt Ccy=\"EUR\">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Chrgs>{inside}</Chrgs>");
        let transfers = credit("988.00", &details(&[&told]));
        let [transfer] = &transfers[..] else {
            panic!("{transfers:?}")
        };
        assert_eq!(
            (transfer.amount.get(), transfer.own_amount.as_deref(), transfer.several),
            (98_800, Some("1000.00 EUR"), false)
        );
        transfer.charges.clone()
    };
    let record = |amount: &str| format!("<Rcrd><Amt Ccy=\"EUR\">{amount}</Amt></Rcrd>");
    assert_eq!(charges(&record("12.00")).as_deref(), Some("12.00 EUR"));
    assert_eq!(
        charges(&(record("10.00") + &record("2.00"))).as_deref(),
        Some("10.00 EUR 2.00 EUR")
    );
    let sum = "<TtlChrgsAndTaxAmt Ccy=\"EUR\">12.00</TtlChrgsAndTaxAmt>".to_owned();
    assert_eq!(charges(&(sum + &record("10.00"))).as_deref(), Some("12.00 EUR"));
    assert_eq!(charges(""), None);
}

#[test]
fn an_amount_of_the_details_that_is_something_else_is_information() {
    for (told, own) in [
        (
            "<AmtDtls><InstdAmt><Amt Ccy=\"EUR\">45.00</Amt></InstdAmt><TxAmt><Amt Ccy=\"EUR\">0.04</Amt></TxAmt></AmtDtls>",
            Some("0.04 EUR"),
        ),
        ("<Amt Ccy=\"USD\">52.10</Amt>", Some("52.10 USD")),
        (
            "<AmtDtls><InstdAmt><Amt Ccy=\"CHF\">44.5</Amt></InstdAmt></AmtDtls>",
            Some("44.5 CHF"),
        ),
        ("<Amt Ccy=\"EUR\">45.000</Amt>", None),
        ("<Amt Ccy=\"EUR\">quarante-cinq</Amt>", Some("quarante-cinq EUR")),
        ("<Amt/>", None),
        ("", None),
    ] {
        let transfers = credit("45.00", &details(&[told]));
        assert_eq!(amounts(&transfers), [4_500], "{told}");
        assert_eq!(transfers[0].own_amount.as_deref(), own, "{told}");
    }
}

#[test]
fn a_batch_is_split_by_whichever_of_its_amounts_make_the_entry() {
    let instructed = |amount: &str| format!("<AmtDtls><InstdAmt><Amt Ccy=\"EUR\">{amount}</Amt></InstdAmt></AmtDtls>");
    let only = credit("10.00", &details(&[&instructed("3.00"), &instructed("7.000")]));
    assert_eq!(amounts(&only), [300, 700]);
    // Before charges in one field, what moved in another.
    let net = |gross: &str, net: &str| {
        format!("<Amt Ccy=\"EUR\">{gross}</Amt><AmtDtls><TxAmt><Amt Ccy=\"EUR\">{net}</Amt></TxAmt></AmtDtls>")
    };
    let charged = credit("10.00", &details(&[&net("4.00", "3.00"), &net("8.00", "7.00")]));
    assert_eq!(amounts(&charged), [300, 700]);
    assert_eq!(charged[0].own_amount.as_deref(), Some("4.00 EUR"));
    // One in another currency, of which the account's amount is told too.
    let foreign =
        "<AmtDtls><InstdAmt><Amt Ccy=\"USD\">3.40</Amt></InstdAmt><TxAmt><Amt Ccy=\"EUR\">3.00</Amt></TxAmt></AmtDtls>";
    assert_eq!(
        amounts(&credit("10.00", &details(&[foreign, &instructed("7.00")]))),
        [300, 700]
    );
}

#[test]
fn details_that_do_not_make_the_entry_are_one_transfer_with_all_that_they_say() {
    let part = |amount: &str, id: &str| {
        format!("<Refs><EndToEndId>{id}</EndToEndId></Refs>{amount}<RmtInf><Ustrd>facture {id}</Ustrd></RmtInf>")
    };
    let euros = |amount: &str| format!("<Amt Ccy=\"EUR\">{amount}</Amt>");
    for (first, second) in [
        (euros("3.00"), euros("6.00")),
        (euros("3.00"), String::new()),
        (String::new(), String::new()),
        (euros("3.00"), "<Amt Ccy=\"USD\">7.00</Amt>".to_owned()),
    ] {
        let batch = "<NtryDtls><Btch><MsgId>FILE1</MsgId></Btch></NtryDtls>";
        let rest = batch.to_owned() + &details(&[&part(&first, "E1"), &part(&second, "E2")]);
        let transfers = credit("10.00", &rest);
        let [transfer] = &transfers[..] else {
            panic!("{transfers:?}")
        };
        assert_eq!((transfer.amount.get(), transfer.several), (1_000, true));
        assert_eq!((&transfer.end_to_end, &transfer.remittance), (&None, &None));
        let said = transfer.other_texts.join(" / ");
        assert!(
            said.contains("facture E1 E1") && said.contains("facture E2 E2"),
            "{said}"
        );
    }
    let counted = "<NtryDtls><Btch><MsgId>FILE1</MsgId><NbOfTxs>2</NbOfTxs></Btch></NtryDtls>";
    assert!(credit("10.00", counted)[0].several);
    assert!(!credit("10.00", &counted.replace('2', "1"))[0].several);
    assert!(!credit("10.00", &counted.replace('2', "deux"))[0].several);
}

#[test]
fn an_entry_of_two_files_is_neither() {
    let batch = |id: &str| format!("<NtryDtls><Btch><MsgId>{id}</MsgId></Btch></NtryDtls>");
    let read = |rest: &str| {
        let entry = entry("<Cd>BOOK</Cd>", rest);
        one(&xml("08", &entry, "60")).entries.remove(0).batch
    };
    assert_eq!(read(&(batch("A") + &batch("B"))), None);
    assert_eq!(
        read(&(batch("A") + &batch("A"))).unwrap().message_id.as_deref(),
        Some("A")
    );
}

#[test]
fn every_text_of_a_transfer_is_kept() {
    let transfer = |inside: &str| credit("10.00", &details(&[inside])).remove(0);
    let structured = transfer(
        "<RmtInf><Ustrd>mai</Ustrd><Strd><RfrdDocInf><Nb>AF-1</Nb></RfrdDocInf><CdtrRefInf><Ref>RF18</Ref></CdtrRefInf>\
         <AddtlRmtInf>merci</AddtlRmtInf></Strd></RmtInf>",
    );
    assert_eq!(structured.remittance.as_deref(), Some("mai RF18 AF-1 merci"));
    let bank = transfer("<AddtlTxInf>VIR RECU AF-1</AddtlTxInf>");
    assert_eq!(
        (bank.information.as_deref(), bank.remittance),
        (Some("VIR RECU AF-1"), None)
    );
    let references = transfer(
        "<Refs><MsgId>M</MsgId><AcctSvcrRef>S</AcctSvcrRef><InstrId>I</InstrId><EndToEndId>NOTPROVIDED</EndToEndId><TxId>NONREF</TxId></Refs>\
         <RltdPties><Dbtr><Pty><Nm>DDFIP</Nm></Pty></Dbtr><DbtrAcct><Id><Othr><Id>30001 00794</Id></Othr></Id></DbtrAcct>\
         <UltmtDbtr><Pty><Nm>Commune</Nm></Pty></UltmtDbtr></RltdPties><Purp><Prtry>SUBV</Prtry></Purp>",
    );
    assert_eq!(references.end_to_end, None);
    assert_eq!(references.counterparty_name.as_deref(), Some("DDFIP"));
    assert_eq!(
        references.other_texts,
        ["30001 00794", "Commune", "I", "M", "S", "SUBV"]
    );
}

#[test]
fn fields_that_are_blank_repeated_or_no_dates_are_left_out() {
    let good = xml("08", &entry("<Cd>BOOK</Cd>", ""), "60");
    for (from, to) in [
        ("<Ccy>EUR</Ccy>", "<Ccy/>"),
        ("<Ccy>EUR</Ccy>", ""),
        ("<Sts><Cd>BOOK</Cd></Sts>", "<Sts/>"),
        (">42<", ">n° 42<"),
        (">42<", "><"),
        ("<Id>2026-06-08</Id>", "<Id> </Id>"),
        (
            "<AcctSvcrRef>REF1</AcctSvcrRef>",
            "<AcctSvcrRef>A</AcctSvcrRef><AcctSvcrRef>B</AcctSvcrRef>",
        ),
        ("<BookgDt><Dt>2026-06-08", "<BookgDt><Dt>08/06/2026"),
        ("<BookgDt><Dt>2026-06-08", "<BookgDt><Dt>"),
        (
            "<BookgDt><Dt>2026-06-08</Dt>",
            "<BookgDt><DtTm>2026-06-07T22:00:00Z</DtTm>",
        ),
        ("<BookgDt><Dt>2026-06-08", "<BookgDt><Dt>2026-06-08+02:00"),
        ("<BkTxCd/>", "<ValDt><Dt>demain</Dt></ValDt>"),
        (
            "<BkTxCd/>",
            "<NtryDtls><Btch><NbOfTxs>x</NbOfTxs></Btch><TxDtls><Refs/><Refs/></TxDtls></NtryDtls>",
        ),
    ] {
        let unusual = good.replacen(from, to, 1);
        assert_ne!(unusual, good, "{from}");
        let statement = one(&unusual);
        assert_eq!(statement.entries[0].amount.get(), -4_000, "{to}");
        assert_eq!(statement.entries[0].booked_on, "2026-06-08".parse().unwrap(), "{to}");
        assert!(!statement.id.trim().is_empty());
    }
    let unnamed = one(&good.replace("<Id>2026-06-08</Id>", ""));
    assert_eq!(unnamed.id, "camt.053 2026-06-05/2026-06-08 100.00 60.00 1");
    let nothing = "<Amt Ccy=\"EUR\">0</Amt>";
    let empty = xml("08", "", "100").replacen("<Amt Ccy=\"EUR\">100</Amt><CdtDbtInd>CRDT</CdtDbtInd>", nothing, 1);
    let empty = empty.replacen("<Amt Ccy=\"EUR\">100</Amt><CdtDbtInd>CRDT</CdtDbtInd>", nothing, 1);
    assert!(one(&empty).opening.amount.is_zero());
}

#[test]
fn a_file_is_read_in_the_encoding_that_it_declares() {
    let details = "<NtryDtls><TxDtls><RmtInf><Ustrd>Chèque numérique Côte-d'Or</Ustrd></RmtInf></TxDtls></NtryDtls>";
    let text = xml("08", &entry("<Cd>BOOK</Cd>", details), "60");
    let text = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").unwrap();
    let latin = |text: &str| -> Vec<u8> { text.chars().map(|one| u8::try_from(one).unwrap()).collect() };
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(bytes).collect() };
    let declaring =
        |encoding: &str| format!("<?xml version=\"1.0\" encoding=\"{encoding}\" standalone=\"yes\"?>{text}");
    let same = |bytes: &[u8], what: &str| {
        let statements = read(bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
        let remittance = statements[0].entries[0].transfers[0].remittance.as_deref();
        assert_eq!(remittance, Some("Chèque numérique Côte-d'Or"), "{what}");
    };
    for encoding in [
        "ISO-8859-1",
        "iso-8859-15",
        "windows-1252",
        "Windows-1252",
        "latin1",
        "US-ASCII",
    ] {
        same(&latin(&declaring(encoding)), encoding);
    }
    same(
        &latin(&declaring("x").replace("encoding=\"x\"", "encoding = 'ISO-8859-1'")),
        "single quotes",
    );
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        same(&utf16(&declaring("UTF-16"), bytes), "UTF-16 without a mark");
        same(&utf16(&format!("\u{FEFF}{}", declaring("UTF-16")), bytes), "UTF-16");
    }
    for encoding in ["UTF-8", "utf-8", "UTF-16"] {
        same(declaring(encoding).as_bytes(), encoding);
        same(format!("\u{FEFF}{}", declaring(encoding)).as_bytes(), encoding);
    }
    // Bytes that the declaration does not hold: words, and no reason to refuse money.
    same(&latin(&declaring("UTF-8")), "said to be UTF-8");
    same(&latin(text), "without a declaration");

    let mut euro = latin(&declaring("ISO-8859-15").replace("numérique", "?"));
    let place = euro.iter().rposition(|byte| *byte == b'?').unwrap();
    euro[place] = 0xA4;
    let words = read(&euro).unwrap()[0].entries[0].transfers[0].remittance.clone();
    assert_eq!(words.as_deref(), Some("Chèque € Côte-d'Or"));
    let unread = read(declaring("EBCDIC-FR").as_bytes()).unwrap_err();
    assert_eq!(unread.problem, Camt053Problem::Encoding("EBCDIC-FR".into()));
    assert!(
        unread.to_string().ends_with("demandez à la banque un fichier en UTF-8"),
        "{unread}"
    );
}

/// Two days, of which the second begins where the first ends.
fn days() -> [String; 2] {
    let first = xml("08", &entry("<Cd>BOOK</Cd>", ""), "60");
    let second = xml("08", "", "60")
        .replace(">100<", ">60<")
        .replace("2026-06-08", "2026-06-09");
    [first, second]
}

#[test]
fn several_documents_of_one_file_are_read_one_after_the_other() {
    let [first, second] = days();
    let bare = second.split_once('\n').unwrap().1;
    for (what, file) in [
        ("with declarations", format!("{first}\n\n{second}\n")),
        ("without", format!("{first}{bare}")),
        ("blank lines before", format!("\n  {first}{second}")),
        ("a comment behind", format!("{first}{second}<!-- fin -->")),
        ("prefixes", {
            let prefixed = first
                .replace("xmlns=", "xmlns:c=")
                .replace("</", "\u{1}")
                .replace('<', "<c:")
                .replace('\u{1}', "</c:")
                .replace("<c:?xml", "<?xml");
            format!("{prefixed}\n{bare}")
        }),
    ] {
        let statements = read(file.as_bytes()).unwrap_or_else(|error| panic!("{what}: {error}"));
        let ids: Vec<_> = statements.iter().map(|statement| statement.id.as_str()).collect();
        assert_eq!(ids, ["2026-06-08", "2026-06-09"], "{what}");
    }
    // A month of days, each with its namespaces.
    let many = first.replace(
        "<Document ",
        "<Document xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" ",
    );
    assert_eq!(read(many.repeat(40).as_bytes()).unwrap().len(), 40);
    // A line is counted from the top of the file.
    let wrong = format!("{first}\n{}", second.replace("Ccy=\"EUR\"", "Ccy=\"USD\""));
    let lines = u64::try_from(first.lines().count()).unwrap();
    assert_eq!(read(wrong.as_bytes()).unwrap_err().line, lines + 6);
}

#[test]
fn the_statements_of_one_account_are_taken_and_the_others_are_named() {
    let [first, second] = days();
    // Neither in euro nor adding up: nobody here has to understand it.
    let other = first
        .replace(FUND, "FR7630006006119999000002176")
        .replace("Ccy=\"EUR\"", "Ccy=\"USD\"")
        .replace(">60<", ">61<");
    let unnamed = other.replace(
        "<IBAN>FR7630006006119999000002176</IBAN>",
        "<Othr><Id>LIVRET 7</Id></Othr>",
    );
    let file = [first, other, unnamed, second].concat();
    let found = read_account(file.as_bytes(), &fund()).unwrap();
    let ids: Vec<_> = found.statements.iter().map(|statement| statement.id.as_str()).collect();
    assert_eq!(ids, ["2026-06-08", "2026-06-09"]);
    let others: Vec<_> = found.others.iter().map(String::as_str).collect();
    assert_eq!(others, ["FR7630006006119999000002176", "LIVRET 7"]);
}

#[test]
fn an_account_is_known_with_spaces_and_as_a_rib() {
    let [first, _] = days();
    for (from, to) in [
        (FUND, "FR76 3000 6000 0112 3456 7890 189"),
        (FUND, "fr7630006000011234567890189"),
        (
            "<IBAN>FR7630006000011234567890189</IBAN>",
            "<Othr><Id>30006 00001 12345678901 89</Id></Othr>",
        ),
    ] {
        let found = read_account(first.replace(from, to).as_bytes(), &fund()).unwrap();
        assert_eq!((found.statements.len(), found.others.len()), (1, 0), "{to}");
        assert_eq!(found.statements[0].account, fund());
    }
}
