//! Files that no bank sends: each is refused with its reason, changes nothing, and costs little.

mod change;
mod records;
mod xml;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::statement;
use crate::fixture::{Fixture, id};
use crate::payment_reports::report;
use change::{billion_laughs, doubled, external, half, with};

async fn refused(fixture: &Fixture, answer: (StatusCode, Value), problem: &str, reason: &str, what: &str) {
    let (status, answer) = answer;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {answer}");
    assert_eq!(answer["type"], format!("urn:ccn:problem:{problem}"), "{what}: {answer}");
    let detail = answer["detail"].as_str().unwrap();
    assert!(detail.contains(reason), "{what}: {detail}");
    // Where: but for what is no such file at all.
    let whole = detail.contains("Ni du XML");
    let place = (
        answer["line"].as_u64(),
        answer["element"].is_string() || answer["columns"].is_array(),
    );
    assert!(whole || matches!(place, (Some(1..), true)), "{what}: {answer}");
    let kept: i64 = sqlx::query_scalar(
        "select (select count(*) from funding.statement) + (select count(*) from funding.payment_report)
             + (select count(*) from ledger.movement)",
    )
    .fetch_one(&fixture.admin)
    .await
    .unwrap();
    assert_eq!(kept, 0, "{what}");
}

#[testkit::test]
async fn every_broken_statement_is_refused_with_its_reason(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    for (what, file, reason) in xml::corpus().into_iter().chain(records::corpus()) {
        let answer = fixture.put(&format!("/funding/v1/statements/{}", id(1)), file).await;
        refused(&fixture, answer, "statement-invalid", reason, what).await;
    }
}

#[testkit::test]
async fn every_broken_report_is_refused_with_its_reason(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let payment = "00000000000000000000000000000001";
    let xml = report(1, "CCN1", "", &[(payment, "RJCT", Some("20.00"))]);
    let twice = report(1, "CCN1", "", &[(payment, "RJCT", None), (payment, "ACSP", None)]);
    for (what, file, reason) in [
        ("empty", Vec::new(), "le fichier est vide"),
        ("cut in two", half(&xml), "mal formé"),
        (
            "EBCDIC",
            with(
                &xml,
                "<Document ",
                "<?xml version=\"1.0\" encoding=\"EBCDIC-FR\"?><Document ",
            ),
            "demandez à la banque un fichier en UTF-8",
        ),
        ("dollars", with(&xml, "EUR", "USD"), "« USD » n'est pas l'euro"),
        ("three decimals", with(&xml, "20.00", "20.001"), "deux décimales"),
        ("half an amount", with(&xml, "20.00", "2<!-- -->0.00"), "montant"),
        (
            "a report and half of one",
            [xml.clone(), half(&xml)].concat(),
            "mal formé",
        ),
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
        let answer = fixture.reports(file).await;
        refused(&fixture, answer, "payment-report-invalid", reason, what).await;
    }
    let answer = fixture.reports(xml).await;
    assert_eq!(answer.1["type"], "urn:ccn:problem:payment-report-unknown-file");
}

/// Bytes of the noise, and of each piece of it.
const NOISE: usize = 500 << 20;
const PIECE: usize = 64 << 10;

#[testkit::test]
async fn half_a_gigabyte_of_noise_is_refused_before_it_has_arrived(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    for (method, path) in [
        ("PUT", format!("/funding/v1/statements/{}", id(1))),
        ("POST", "/funding/v1/payment-status-reports".to_owned()),
    ] {
        let pulled = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&pulled);
        // The same piece again and again: the test itself needs no more memory than that.
        let piece = Bytes::from(vec![b'<'; PIECE]);
        let pieces = (0..NOISE / PIECE).map(move |_| {
            counter.fetch_add(PIECE, Ordering::Relaxed);
            Ok::<_, std::io::Error>(piece.clone())
        });
        let (status, answer) = fixture
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
