//! Files that no bank sends: each is refused with its reason, changes nothing, and costs little.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::{moved, statement};
use crate::payment_reports::report;
use crate::statements::cfonb;
use crate::world::{World, id};

/// A file's text with one part exchanged.
fn with(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(file.to_vec()).unwrap();
    let changed = text.replace(from, to);
    assert_ne!(text, changed, "{from}");
    changed.into_bytes()
}

fn latin(file: &[u8]) -> Vec<u8> {
    let end = file.iter().rposition(|byte| *byte == b'<').unwrap();
    [&file[..end], b"\xE9", &file[end..]].concat()
}

fn utf16(file: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(file.to_vec()).unwrap();
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// Entities that would grow to gigabytes.
fn billion_laughs(file: &[u8]) -> Vec<u8> {
    let entities: String = (1..30)
        .map(|n| format!("<!ENTITY l{n} \"&l{};&l{};\">", n - 1, n - 1))
        .collect();
    let text = String::from_utf8(file.to_vec()).unwrap();
    let start = text.find("<Document").unwrap();
    format!("<!DOCTYPE x [<!ENTITY l0 \"ha\">{entities}]>{}", &text[start..]).into_bytes()
}

/// The first `<x>…</x>` twice.
fn doubled(file: &[u8], start: &str, end: &str) -> Vec<u8> {
    let text = String::from_utf8(file.to_vec()).unwrap();
    let from = text.find(start).unwrap();
    let to = from + text[from..].find(end).unwrap() + end.len();
    format!("{}{}", &text[..to], &text[from..]).into_bytes()
}

/// An entity that would read a file of ours.
fn external(file: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(file.to_vec()).unwrap();
    let start = text.find("<Document").unwrap();
    format!(
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/hostname\">]>{}",
        &text[start..]
    )
    .into_bytes()
}

fn half(file: &[u8]) -> Vec<u8> {
    file[..file.len() / 2].to_vec()
}

async fn refused(world: &World, answer: (StatusCode, Value), problem: &str, reason: &str, what: &str) {
    let (status, answer) = answer;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {answer}");
    assert_eq!(answer["type"], format!("urn:ccn:problem:{problem}"), "{what}: {answer}");
    let detail = answer["detail"].as_str().unwrap();
    assert!(detail.contains(reason), "{what}: {detail}");
    // Where: but for what is no such file at all, or several of them.
    let whole = ["Ni du XML", "relevés :"].iter().any(|said| detail.contains(said));
    let place = (
        answer["line"].as_u64(),
        answer["element"].is_string() || answer["columns"].is_array(),
    );
    assert!(whole || matches!(place, (Some(1..), true)), "{what}: {answer}");
    let kept: i64 = sqlx::query_scalar(
        "select (select count(*) from funding.statement) + (select count(*) from funding.payment_report)
             + (select count(*) from ledger.transfer)",
    )
    .fetch_one(&world.admin)
    .await
    .unwrap();
    assert_eq!(kept, 0, "{what}");
}

#[sqlx::test(migrations = false)]
async fn every_broken_statement_is_refused_with_its_reason(admin: PgPool) {
    let world = World::new(admin).await;
    let xml = statement(1, "0.00", vec![moved("30.00")]);
    let records = cfonb(0, &[(3000, &[("LIB", "VIREMENT")])]);
    let deep = "<a>".repeat(300_000).into_bytes();
    let attributes: String = (0..5000).map(|n| format!(" a{n}=\">\"")).collect();
    let corpus: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", Vec::new(), "Ni du XML"),
        ("a spreadsheet", b"PK\x03\x04".to_vec(), "Ni du XML"),
        ("XML cut in two", half(&xml), "mal formé"),
        ("XML in ISO 8859-1", latin(&xml), "UTF-8"),
        ("XML in UTF-16", utf16(&xml), "Ni du XML"),
        ("XML in dollars", with(&xml, "EUR", "USD"), "« USD » n'est pas l'euro"),
        (
            "XML of three decimals",
            with(&xml, ">30.00<", ">30.001<"),
            "deux décimales",
        ),
        (
            "XML of a comma",
            with(&xml, ">30.00<", ">30,00<"),
            "« 30,00 » n'est pas un montant",
        ),
        (
            "XML of an exponent",
            with(&xml, ">30.00<", ">3e1<"),
            "« 3e1 » n'est pas un montant",
        ),
        (
            "XML of a sign",
            with(&xml, ">30.00<", ">-30.00<"),
            "« -30.00 » n'est pas un montant",
        ),
        (
            "XML of a sum beyond all",
            with(&xml, ">30.00<", &format!(">{}.00<", "9".repeat(30))),
            "n'est pas un montant",
        ),
        (
            "XML of half an amount",
            with(&xml, ">30.00<", ">3<!-- -->0.00<"),
            "n'est pas un montant",
        ),
        (
            "XML of no currency",
            with(&xml, " Ccy=\"EUR\"", ""),
            "« » n'est pas l'euro",
        ),
        (
            "XML of neither in nor out",
            with(&xml, "CRDT", "CREDIT"),
            "ni CRDT ni DBIT",
        ),
        (
            "XML of a closing that is not the sum",
            with(&xml, "<Bal><Tp><CdOrPrtry><Cd>CLBD", "<Bal><Tp><CdOrPrtry><Cd>XXXX"),
            "CLBD",
        ),
        ("XML of a movement twice", doubled(&xml, "<Ntry>", "</Ntry>"), "solde"),
        ("XML of a balance twice", doubled(&xml, "<Bal>", "</Bal>"), "répété"),
        ("XML of two statements", doubled(&xml, "<Stmt>", "</Stmt>"), "2 relevés"),
        ("XML twice", [xml.clone(), xml.clone()].concat(), "mal formé"),
        (
            "XML of a later version",
            with(&xml, "camt.053.001.08", "camt.053.001.13"),
            "camt.053.001.13",
        ),
        ("XML with a NUL", with(&xml, "RELEVE-1", "RELEVE\0"), "mal formé"),
        ("XML of another file's text", external(&xml), "DTD"),
        (
            "XML of 30 February",
            with(&xml, "2026-04-10", "2026-02-30"),
            "« 2026-02-30 » n'est pas une date",
        ),
        ("XML with entities", billion_laughs(&xml), "DTD"),
        ("XML without end", deep, "mal formé"),
        (
            "XML of many attributes",
            format!("<a{attributes}/>").into_bytes(),
            "trop grand",
        ),
        (
            "XML of another kind",
            report(1, "X", "", &[]),
            "ce n'est pas un relevé camt.053",
        ),
        ("records cut in two", half(&records), "ligne"),
        (
            "records without the last",
            records[..records.len() - 121].to_vec(),
            "avant le nouveau solde",
        ),
        (
            "records whose first is missing",
            records[121..].to_vec(),
            "enregistrement",
        ),
        (
            "records of a movement twice",
            {
                let movement = records[121..242].to_vec();
                [&records[..242], &movement, &records[242..]].concat()
            },
            "solde",
        ),
        (
            "records of an unknown sign",
            with(&records, "000300{", "0003000"),
            "montant",
        ),
        (
            "records of a column too many",
            with(&records, "LIBVIREMENT", "LIBVIREMENTX"),
            "120",
        ),
        (
            "records with a NUL",
            with(&records, "LIBVIREMENT", "LIBVIREMEN\0"),
            "encod",
        ),
        (
            "records with a line of XML",
            [&records[..121], b"<a/>\n", &records[121..]].concat(),
            "ligne 2",
        ),
        (
            "records in EBCDIC",
            [0xF0, 0xF1].into_iter().chain([0x40; 118]).collect(),
            "ligne 1",
        ),
        ("records in UTF-16", utf16(&records), "Ni du XML"),
        (
            "records in dollars",
            with(&records, "EUR", "USD"),
            "« USD » n'est pas l'euro",
        ),
        (
            "records of three decimals",
            with(&records, "EUR2", "EUR3"),
            "« 3 » décimales",
        ),
        (
            "records of 30 February",
            with(&records, "100426", "300226"),
            "« 300226 » n'est pas une date",
        ),
        (
            "records twice",
            [records.clone(), records.clone()].concat(),
            "2 relevés",
        ),
    ];
    for (what, file, reason) in corpus {
        let answer = world.put(&format!("/v1/statements/{}", id(1)), file).await;
        refused(&world, answer, "statement-invalid", reason, what).await;
    }
}

#[sqlx::test(migrations = false)]
async fn every_broken_report_is_refused_with_its_reason(admin: PgPool) {
    let world = World::new(admin).await;
    let payment = "00000000000000000000000000000001";
    let xml = report(1, "CCN1", "", &[(payment, "RJCT", Some("20.00"))]);
    let twice = report(1, "CCN1", "", &[(payment, "RJCT", None), (payment, "ACSP", None)]);
    for (what, file, reason) in [
        ("empty", Vec::new(), "mal formé"),
        ("cut in two", half(&xml), "mal formé"),
        ("ISO 8859-1", latin(&xml), "UTF-8"),
        ("dollars", with(&xml, "EUR", "USD"), "« USD » n'est pas l'euro"),
        ("three decimals", with(&xml, "20.00", "20.001"), "deux décimales"),
        ("half an amount", with(&xml, "20.00", "2<!-- -->0.00"), "montant"),
        ("the report twice", [xml.clone(), xml.clone()].concat(), "mal formé"),
        ("UTF-16", utf16(&xml), "UTF-8"),
        ("NUL", with(&xml, "RAPPORT-1", "RAPPORT\0"), "mal formé"),
        ("another file's text", external(&xml), "DTD"),
        (
            "a file that nobody names",
            with(&xml, "<OrgnlMsgId>CCN1</OrgnlMsgId>", ""),
            "OrgnlMsgId",
        ),
        (
            "two names of the file",
            doubled(&xml, "<OrgnlMsgId>", "</OrgnlMsgId>"),
            "répété",
        ),
        ("entities", billion_laughs(&xml), "DTD"),
        ("one payment twice", twice, "répété"),
        (
            "an unknown status",
            with(&xml, "RJCT", "MAYB"),
            "n'est pas un état connu",
        ),
        (
            "no payment named",
            with(&xml, payment, "NOTPROVIDED"),
            "OrgnlEndToEndId",
        ),
        (
            "direct debits",
            with(&xml, "pain.001.001.09", "pain.008.001.08"),
            "pain.001",
        ),
        (
            "a statement",
            statement(1, "0.00", vec![]),
            "ce n'est pas un compte rendu",
        ),
    ] {
        let answer = world.reports(file).await;
        refused(&world, answer, "payment-report-invalid", reason, what).await;
    }
    let answer = world.reports(xml).await;
    assert_eq!(answer.1["type"], "urn:ccn:problem:payment-report-unknown-file");
}

/// Bytes of the noise, and of each piece of it.
const NOISE: usize = 500 << 20;
const PIECE: usize = 64 << 10;

#[sqlx::test(migrations = false)]
async fn half_a_gigabyte_of_noise_is_refused_before_it_has_arrived(admin: PgPool) {
    let world = World::new(admin).await;
    for (method, path) in [
        ("PUT", format!("/v1/statements/{}", id(1))),
        ("POST", "/v1/payment-status-reports".to_owned()),
    ] {
        let pulled = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&pulled);
        // The same piece again and again: the test itself needs no more memory than that.
        let piece = Bytes::from(vec![b'<'; PIECE]);
        let pieces = (0..NOISE / PIECE).map(move |_| {
            counter.fetch_add(PIECE, Ordering::Relaxed);
            Ok::<_, std::io::Error>(piece.clone())
        });
        let (status, answer) = world
            .stream(method, &path, Body::from_stream(futures_util::stream::iter(pieces)))
            .await;
        assert_eq!(
            (status, &answer["type"]),
            (StatusCode::PAYLOAD_TOO_LARGE, &json!("urn:ccn:problem:too-large"))
        );
        let pulled = pulled.load(Ordering::Relaxed);
        assert!(pulled <= web::UPLOAD_BYTES_MAX + 2 * PIECE, "{pulled} bytes were taken");
    }
}
