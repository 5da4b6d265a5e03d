//! What banks really send: each case stands for its kind.

use bank_simulator::entry;
use chrono::NaiveDate;
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;
use standards::camt053::{self, Balance, Entry, Statement};

use crate::bank::{euros, moved, quoting, statement};
use crate::cycle::march;
use crate::fixture::{FUND_IBAN, FUNDERS, Fixture, OTHER_IBAN, STRUCTURE_IBAN, id, instant};
use crate::payment_reports::report;
use crate::statements::cfonb;

/// An account that nobody registered.
const TREASURY: &str = "FR7630001007941234567890185";

/// A day's statement by its bank's name, with entries of that day.
fn of_day(name: &str, day: &str, opening: &str, amounts: &[&str]) -> Vec<u8> {
    of_account(FUND_IBAN, name, day, opening, amounts)
}

fn of_account(iban: &str, name: &str, day: &str, opening: &str, amounts: &[&str]) -> Vec<u8> {
    let date: NaiveDate = day.parse().unwrap();
    let entries: Vec<Entry> = amounts.iter().map(|amount| entry::moved(euros(amount), date)).collect();
    let moved = Cents::try_sum(entries.iter().map(|entry| entry.amount)).unwrap();
    let closing = euros(opening).checked_add(moved).unwrap();
    let statement = Statement {
        id: name.to_owned(),
        sequence: None,
        account: iban.parse().unwrap(),
        opening: Balance {
            amount: euros(opening),
            date,
        },
        closing: Balance { amount: closing, date },
        entries,
    };
    camt053::write(&statement, "M1", instant("2026-11-30T06:00:00Z")).unwrap()
}

/// A statement of one entry, written by a bank's program: its amount, and what follows it.
fn raw(opening: &str, amount: &str, rest: &str) -> Vec<u8> {
    let closing = euros(opening).checked_add(euros(amount)).unwrap();
    let balance = |code: &str, amount: &str| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
             <Dt><Dt>2026-04-10</Dt></Dt></Bal>"
        )
    };
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt><Id>R-{amount}-{opening}</Id>\
         <Acct><Id><IBAN>{FUND_IBAN}</IBAN></Id></Acct>{}{}<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
         <Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-04-10</Dt></BookgDt>{rest}</Ntry></Stmt></BkToCstmrStmt></Document>",
        balance("OPBD", opening),
        balance("CLBD", &closing.to_string()),
    )
    .into_bytes()
}

fn detail(inside: &str) -> String {
    format!("<NtryDtls><TxDtls>{inside}</TxDtls></NtryDtls>")
}

impl Fixture {
    async fn sends(&self, n: u128, file: &[u8]) -> (StatusCode, Value) {
        self.put(&format!("/funding/v1/statements/{}", id(n)), file.to_vec())
            .await
    }

    async fn takes(&self, n: u128, file: &[u8]) -> Value {
        let (status, answer) = self.sends(n, file).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        answer
    }

    async fn closing(&self) -> Value {
        self.get_json("/funding/v1/statements").await["items"][0]["closing"].clone()
    }
}

#[testkit::test]
async fn a_number_that_the_bank_uses_again_is_another_statement(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture
        .takes(1, &of_day("00001", "2026-11-30", "0.00", &["11.00"]))
        .await;
    fixture
        .takes(2, &of_day("00001", "2027-01-04", "11.00", &["12.00"]))
        .await;
    fixture
        .takes(3, &of_day("00002", "2027-01-05", "23.00", &["1.00"]))
        .await;
    // A day on which nothing moved, a movement of the same amount, and the name a third time.
    fixture.takes(4, &of_day("00001", "2027-01-06", "24.00", &[])).await;
    fixture
        .takes(5, &of_day("00001", "2027-01-07", "24.00", &["1.00"]))
        .await;
    fixture.all_hold().await;
    // What is told again in other bytes is known.
    for (n, day, opening, amounts) in [
        (6, "2027-01-04", "11.00", &["12.00"][..]),
        (7, "2027-01-06", "24.00", &[]),
    ] {
        let again = of_day("00001", day, opening, amounts);
        let again = String::from_utf8(again).unwrap().replace(">M1<", ">M2<").into_bytes();
        let (_, answer) = fixture.sends(n, &again).await;
        assert_eq!(answer["type"], "urn:ccn:problem:statement-already-loaded", "{answer}");
    }
}

#[testkit::test]
async fn a_report_number_that_the_bank_uses_again_is_another_report(admin: PgPool) {
    let fixture = march(admin).await;
    let settled = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = settled["payments"][0]["end_to_end"].as_str().unwrap();
    let file = format!("CCN{}", id(1).simple());
    let told = |status| report(1, &file, "", &[(end_to_end, status, None)]);
    let dated = |status, day: &str| {
        let text = String::from_utf8(told(status)).unwrap();
        let other = text.replace("2026-04-03T09:00:00", &format!("2026-04-{day}T09:00:00"));
        assert_ne!(text, other);
        other.into_bytes()
    };
    assert_eq!(fixture.reports(told("ACTC")).await.0, StatusCode::CREATED);
    // The same name: another day, and another status on the same day.
    assert_eq!(fixture.reports(dated("ACTC", "04")).await.0, StatusCode::CREATED);
    let (status, answer) = fixture.reports(told("RJCT")).await;
    assert_eq!(
        (status, &answer["rejected"]),
        (StatusCode::CREATED, &json!(1)),
        "{answer}"
    );
    fixture.all_hold().await;
    let again = String::from_utf8(told("RJCT"))
        .unwrap()
        .replace('\n', "\r\n")
        .into_bytes();
    let (_, answer) = fixture.reports(again).await;
    assert_eq!(answer["type"], "urn:ccn:problem:payment-report-already-loaded");
}

#[testkit::test]
async fn the_days_of_one_file_are_loaded_in_order_all_or_none(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let first = of_day("D1", "2026-11-30", "0.00", &["10.00"]);
    let second = of_day("D2", "2026-12-01", "10.00", &["5.00"]);
    let gap = of_day("D3", "2026-12-02", "16.00", &["1.00"]);
    let (status, answer) = fixture.sends(9, &[&first[..], &second, &gap].concat()).await;
    assert_eq!(
        (status, &answer["type"]),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            &json!("urn:ccn:problem:statement-gap")
        )
    );
    assert_eq!(fixture.get_json("/funding/v1/statements").await["items"], json!([]));

    // The newest first, as some banks write.
    let both = [&second[..], &first].concat();
    let answer = fixture.takes(1, &both).await;
    assert_eq!(
        (
            &answer["id"],
            &answer["identification"],
            &answer["further"][0]["identification"]
        ),
        (&json!(id(1)), &json!("D1"), &json!("D2"))
    );
    assert_eq!(answer["other_accounts"], json!([]));
    assert_eq!(fixture.closing().await, "15.00");
    fixture.all_hold().await;
    // Again, under whatever id, changes nothing; a file that goes further brings what is new.
    for n in [1, 2] {
        assert_eq!(fixture.sends(n, &both).await, (StatusCode::OK, answer.clone()));
    }
    let third = of_day("D3", "2026-12-02", "15.00", &["1.00"]);
    let further = fixture.takes(3, &[&first[..], &second, &third].concat()).await;
    assert_eq!(
        (
            &further["id"],
            &further["further"][0]["id"],
            &further["further"][1]["id"]
        ),
        (&json!(id(1)), &answer["further"][0]["id"], &json!(id(3)))
    );
    assert_eq!(fixture.closing().await, "16.00");
    fixture.all_hold().await;
    let (status, _) = fixture.sends(3, &third).await;
    assert_eq!(status, StatusCode::CONFLICT);
}

#[testkit::test]
async fn the_days_of_one_cfonb_file_are_loaded_in_order(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    // Two of one day, the newest first.
    let days = [cfonb(100, &[(50, &[])]), cfonb(0, &[(100, &[])])].concat();
    let answer = fixture.takes(1, &days).await;
    assert_eq!(answer["further"][0]["closing"], "1.50");
    // The same days from the other format bring nothing.
    let same = [
        statement(1, "0.00", vec![moved("1.00")]),
        statement(2, "1.00", vec![moved("0.50")]),
    ]
    .concat();
    let (status, told) = fixture.sends(2, &same).await;
    assert_eq!((status, &told["id"]), (StatusCode::OK, &json!(id(1))), "{told}");
    fixture.all_hold().await;
}

#[testkit::test]
async fn the_statements_of_other_accounts_are_left_out_and_named(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let ours = of_day("F1", "2026-11-30", "0.00", &["10.00"]);
    let other = of_account(OTHER_IBAN, "G1", "2026-11-30", "0.00", &["5.00"]);
    // In another currency, and not adding up: nobody here has to understand it.
    let foreign = of_account(TREASURY, "H1", "2026-11-30", "0.00", &["5.00"]);
    let foreign = String::from_utf8(foreign)
        .unwrap()
        .replace("EUR", "USD")
        .replace(">0.00<", ">1.00<");
    let answer = fixture
        .takes(1, &[&other[..], &ours, foreign.as_bytes()].concat())
        .await;
    assert_eq!(answer["other_accounts"], json!([OTHER_IBAN, TREASURY]));
    assert_eq!(
        (&answer["identification"], &answer["further"]),
        (&json!("F1"), &json!([]))
    );
    let (_, refused) = fixture.sends(2, &other).await;
    assert_eq!(refused["type"], "urn:ccn:problem:statement-other-account");
    assert!(refused["detail"].as_str().unwrap().contains(OTHER_IBAN), "{refused}");
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_credit_from_which_charges_were_kept_is_what_moved(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    let told = format!(
        "<Amt Ccy=\"EUR\">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Chrgs><Rcrd><Amt Ccy=\"EUR\">12.00</Amt></Rcrd></Chrgs>\
         <RmtInf><Ustrd>{reference}</Ustrd></RmtInf>"
    );
    let answer = fixture.takes(1, &raw("0.00", "88.00", &detail(&told))).await;
    let line = &answer["lines"][0];
    assert_eq!(
        (&line["amount"], &line["own_amount"], &line["charges"], &line["rule"]),
        (
            &json!("88.00"),
            &json!("100.00 EUR"),
            &json!("12.00 EUR"),
            &json!("call-reference")
        )
    );
    // An amount that is something else altogether.
    let other = "<AmtDtls><InstdAmt><Amt Ccy=\"EUR\">45.00</Amt></InstdAmt><TxAmt><Amt Ccy=\"EUR\">0.04</Amt></TxAmt></AmtDtls>";
    let answer = fixture.takes(2, &raw("88.00", "45.00", &detail(other))).await;
    assert_eq!(answer["lines"][0]["amount"], "45.00");
    // Two whose sum is not the entry: one line that a person explains, although a text quotes a call.
    let two = detail("<Amt Ccy=\"EUR\">6.00</Amt>").replace("</NtryDtls>", "")
        + &format!(
            "<TxDtls><Amt Ccy=\"EUR\">6.00</Amt><RmtInf><Ustrd>{reference}</Ustrd></RmtInf></TxDtls></NtryDtls>"
        );
    let answer = fixture.takes(3, &raw("133.00", "10.00", &two)).await;
    let [line] = &answer["lines"].as_array().unwrap()[..] else {
        panic!("{answer}")
    };
    assert_eq!((&line["amount"], &line["rule"]), (&json!("10.00"), &Value::Null));
    assert!(line["other_texts"].as_str().unwrap().contains(&reference), "{line}");
    fixture.all_hold().await;
}

#[testkit::test]
async fn the_words_of_an_entry_are_not_those_of_each_of_its_transfers(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    let words = format!("REMISE DE 2 VIREMENTS DONT {reference}");
    let two = entry_of(&[("10.00", None), ("20.00", Some(TREASURY))], &words);
    let answer = fixture.takes(1, &statement(1, "0.00", vec![two])).await;
    for line in answer["lines"].as_array().unwrap() {
        assert_eq!(
            (&line["rule"], &line["bank_words"], &line["entry_words"]),
            (&Value::Null, &Value::Null, &json!(words)),
            "{line}"
        );
    }
    // Of one transfer they are its own; a batch that the bank does not take apart is not one.
    let one = entry_of(&[("10.00", None)], &words);
    assert_eq!(
        fixture.loads(2, "30.00", vec![one]).await,
        [Some("call-reference".to_owned())]
    );
    let batch = format!("<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch></NtryDtls><AddtlNtryInf>{words}</AddtlNtryInf>");
    let answer = fixture.takes(3, &raw("40.00", "20.00", &batch)).await;
    assert_eq!(
        (&answer["lines"][0]["rule"], &answer["lines"][0]["text"]),
        (&Value::Null, &json!(words))
    );
    fixture.all_hold().await;
}

fn entry_of(parts: &[(&str, Option<&str>)], words: &str) -> Entry {
    let mut whole = moved(
        &Cents::try_sum(parts.iter().map(|part| euros(part.0)))
            .unwrap()
            .to_string(),
    );
    whole.information = Some(words.to_owned());
    whole.transfers = parts
        .iter()
        .map(|(amount, iban)| camt053::Transfer {
            amount: euros(amount),
            counterparty_iban: iban.map(|iban| iban.parse().unwrap()),
            ..camt053::Transfer::default()
        })
        .collect();
    whole
}

#[testkit::test]
async fn a_call_quoted_from_another_funders_account_is_a_break_to_decide(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let town = json!({"id": id(0xf3), "siren": "443061841", "name": "Ville", "iban": STRUCTURE_IBAN});
    fixture.created("/funding/v1/funders", town).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    let from = |amount: &str, iban: &str| {
        let mut entry = quoting(amount, &reference);
        entry.transfers[0].counterparty_iban = Some(iban.parse().unwrap());
        entry
    };
    let entries = vec![
        from("20.00", STRUCTURE_IBAN),
        from("30.00", OTHER_IBAN),
        from("50.00", TREASURY),
    ];
    let taken = Some("call-reference".to_owned());
    assert_eq!(fixture.loads(1, "0.00", entries).await, [None, taken.clone(), taken]);
    let breaks = fixture.breaks().await;
    let broken = breaks.iter().find(|one| one["line"] == 1).unwrap();
    assert_eq!(
        (&broken["kind"], &broken["counterparty_account"]),
        (&json!("unexpected"), &json!(STRUCTURE_IBAN))
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_mandates_call_quoted_from_another_funders_account_is_a_break_to_decide(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let town = json!({"id": id(0xf3), "siren": "443061841", "name": "Ville", "iban": STRUCTURE_IBAN});
    fixture.created("/funding/v1/funders", town).await;
    fixture.accepts_mandates(true).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    let mandate = json!({"id": id(0x1e1), "convention_id": id(0xa1), "call_id": id(0xc1), "number": "345",
        "amount": "100.00", "issued_on": "2026-02-20"});
    fixture.created("/funding/v1/mandates", mandate).await;
    let from = |iban: &str| {
        let mut entry = quoting("40.00", &reference);
        entry.transfers[0].counterparty_iban = Some(iban.parse().unwrap());
        entry
    };
    let found = fixture
        .loads(1, "0.00", vec![from(STRUCTURE_IBAN), from(OTHER_IBAN)])
        .await;
    assert_eq!(found, [None, Some("mandate".to_owned())]);
    fixture.all_hold().await;
}

#[testkit::test]
async fn whoever_explains_a_break_sees_who_paid_and_what_the_bank_says(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let mut paid = moved("123.45");
    paid.transfers[0] = camt053::Transfer {
        amount: euros("123.45"),
        end_to_end: Some("FACT-778".to_owned()),
        counterparty_name: Some("COMMUNAUTE DE COMMUNES EXEMPLE".to_owned()),
        counterparty_iban: Some(TREASURY.parse().unwrap()),
        information: Some("VIR INSTANTANE".to_owned()),
        ..camt053::Transfer::default()
    };
    let mut file = moved("-20.00");
    file.batch = Some(camt053::Batch {
        message_id: Some("FICHIER-9".to_owned()),
        ..camt053::Batch::default()
    });
    let mut back = moved("5.00");
    back.transfers[0].return_reason = Some("AC04".to_owned());
    let answer = fixture.takes(1, &statement(1, "0.00", vec![paid, file, back])).await;
    let breaks = fixture.breaks().await;
    for (line, field, said) in [
        (1, "counterparty_name", "COMMUNAUTE DE COMMUNES EXEMPLE"),
        (1, "counterparty_account", TREASURY),
        (1, "end_to_end", "FACT-778"),
        (1, "bank_words", "VIR INSTANTANE"),
        (1, "text", "VIR INSTANTANE"),
        (2, "file_id", "FICHIER-9"),
        (3, "return_reason", "AC04"),
    ] {
        let broken = breaks.iter().find(|one| one["line"] == line).unwrap();
        let shown = &answer["lines"][line - 1];
        assert_eq!((&shown[field], &broken[field]), (&json!(said), &json!(said)), "{field}");
    }
}

#[testkit::test]
async fn a_call_is_found_in_whichever_text_the_bank_puts_it(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    let mut opening = 0;
    let camt = [
        "<AddtlTxInf>VIR RECU {}</AddtlTxInf>",
        "<RmtInf><Strd><AddtlRmtInf>{}</AddtlRmtInf></Strd></RmtInf>",
        "<RmtInf><Strd><RfrdDocInf><Nb>{}</Nb></RfrdDocInf></Strd></RmtInf>",
        "<Refs><EndToEndId>{}</EndToEndId></Refs>",
        "<Refs><InstrId>{}</InstrId></Refs><RmtInf><Ustrd>SUBVENTION</Ustrd></RmtInf>",
    ];
    for (n, inside) in (1..).zip(camt) {
        let file = raw(
            &format!("{opening}.00"),
            "10.00",
            &detail(&inside.replace("{}", &reference)),
        );
        let line = fixture.takes(n, &file).await["lines"][0].clone();
        assert_eq!(line["rule"], "call-reference", "{inside}");
        assert!(line.to_string().contains(&reference), "{line}");
        opening += 10;
    }
    let second_half = format!("{:35}{reference}", "X");
    let records = [
        ("RCN", reference.as_str()),
        ("RCN", second_half.as_str()),
        ("REF", second_half.as_str()),
        ("LIB", reference.as_str()),
    ];
    for (n, (qualifier, text)) in (10..).zip(records) {
        let file = cfonb(opening * 100, &[(1_000, &[(qualifier, text), ("NPY", "DEPARTEMENT")])]);
        let line = fixture.takes(n, &file).await["lines"][0].clone();
        assert_eq!(
            (&line["rule"], &line["counterparty_name"]),
            (&json!("call-reference"), &json!("DEPARTEMENT")),
            "{qualifier}"
        );
        opening += 10;
    }
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_statement_is_read_in_its_banks_encoding_and_version(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let words = detail("<RmtInf><Ustrd>Chèque numérique Côte-d'Or</Ustrd></RmtInf>");
    let text = |opening: &str| {
        String::from_utf8(raw(opening, "10.00", &words))
            .unwrap()
            .replace(">10.00<", ">10.000<")
    };
    let latin = format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n{}", text("0.00"));
    let latin: Vec<u8> = latin.chars().map(|one| u8::try_from(one).unwrap()).collect();
    let utf16 = format!("\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n{}", text("10.00"));
    let utf16: Vec<u8> = utf16.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let later = text("20.00").replace("camt.053.001.08", "camt.053.001.13").into_bytes();
    for (n, file) in [(1, latin), (2, utf16), (3, later)] {
        let answer = fixture.takes(n, &file).await;
        assert_eq!(answer["lines"][0]["text"], "Chèque numérique Côte-d'Or");
    }
    assert_eq!(fixture.closing().await, "30.00");
    // LCL leaves the currency of the balances to the movements.
    let blank = String::from_utf8(cfonb(3_000, &[(100, &[])])).unwrap();
    let lines = blank.lines().map(|line| match &line[..2] {
        "04" => format!("{line}\n"),
        _ => format!("{}    {}\n", &line[..16], &line[20..]),
    });
    let blank = lines.collect::<String>();
    assert_eq!(fixture.takes(4, blank.as_bytes()).await["closing"], "31.00");
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_balance_from_before_the_first_statement_is_money_to_explain(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let answer = fixture
        .takes(1, &of_day("O1", "2026-04-10", "5000.00", &["10.00"]))
        .await;
    let before = &answer["lines"][0];
    assert_eq!(
        (&before["line"], &before["amount"], &before["rule"]),
        (&json!(0), &json!("5000.00"), &Value::Null)
    );
    assert_eq!(
        (&answer["unexplained"], &answer["opening"], &answer["closing"]),
        (&json!(2), &json!("5000.00"), &json!("5010.00"))
    );
    fixture.all_hold().await;
    let breaks = fixture.breaks().await;
    let broken = breaks.iter().find(|one| one["line"] == 0).unwrap();
    assert_eq!(
        (&broken["kind"], &broken["amount"], &broken["text"]),
        (
            &json!("unexpected"),
            &json!("5000.00"),
            &json!("Solde du compte avant le premier relevé chargé")
        )
    );
    let path = format!("/funding/v1/breaks/{}/explanation", broken["id"].as_str().unwrap());
    let said = json!({"what": "contribution", "funder_id": FUNDERS[0], "why": "Avance de 2025."});
    let (status, answer) = fixture.put_json(&path, said).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    fixture.all_hold().await;
    // The next one has to follow, and takes nothing over.
    let (_, answer) = fixture.sends(2, &of_day("O2", "2026-04-13", "5011.00", &[])).await;
    assert_eq!(answer["type"], "urn:ccn:problem:statement-gap");
    let next = fixture
        .takes(2, &of_day("O2", "2026-04-13", "5010.00", &["-5.00"]))
        .await;
    assert_eq!(next["lines"][0]["line"], 1);
    fixture.all_hold().await;
}

#[testkit::test]
async fn an_account_that_was_overdrawn_before_the_first_statement_is_refused(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let overdrawn = of_day("O1", "2026-04-10", "-5.00", &["10.00"]);
    let (status, answer) = fixture.sends(1, &overdrawn).await;
    assert_eq!(
        (status, &answer["type"]),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            &json!("urn:ccn:problem:statement-overdrawn")
        )
    );
    // A first file of several days takes over what its first day opens with.
    let days = [
        of_day("O2", "2026-04-13", "15.00", &["1.00"]),
        of_day("O1", "2026-04-10", "5.00", &["10.00"]),
    ];
    let answer = fixture.takes(1, &days.concat()).await;
    assert_eq!(
        (&answer["lines"][0]["amount"], &answer["further"][0]["lines"][0]["line"]),
        (&json!("5.00"), &json!(1))
    );
    fixture.all_hold().await;
}
