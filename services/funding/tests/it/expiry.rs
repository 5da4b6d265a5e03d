//! The statement of a programme's end: when it is issued, what it says, its files. D is 30 June 2026: the statement is due on 6 August.

use std::process::Command;

use data_encoding::HEXLOWER;
use http::StatusCode;
use ledger::{Account, BookId, PartyId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgPool;

use crate::checkers::checker;
use crate::ended_programme::{ENDED, Ended, FIRST, FUNDERS, OWED, SPONSOR};

pub const ISSUED: &str = "2026-08-06T05:00:00Z";

/// Figures of a funder or a batch, in the order of the report.
fn figures(of: &Value) -> Vec<&str> {
    let names = [
        "ordered",
        "funded",
        "activated",
        "handed_over",
        "claimed",
        "paid",
        "unpaid",
        "expired",
        "revoked",
        "cancelled",
        "refundable",
    ];
    names.into_iter().map(|name| of[name].as_str().unwrap()).collect()
}

/// As poppler reads it, without spaces: lines break where they must.
fn pdf_text(pdf: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, pdf).unwrap();
    let output = Command::new("pdftotext").arg(file.path()).arg("-").output().unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().collect()
}

#[testkit::test]
async fn the_statement_is_that_of_a_hand_count(pool: PgPool) {
    let ended = Ended::new(pool).await;
    assert_eq!(
        ended.round_at("2026-08-05T21:59:59Z").await,
        [0, 0, 0],
        "the day begins in Paris"
    );
    assert_eq!(ended.round_at("2026-08-05T22:00:00Z").await, [1, 0, 0]);
    let sponsor = ended.key(SPONSOR).await;
    let statement = sponsor.reads("expiry-statement").await;
    let content = &statement["content"];
    let of_first: Vec<Vec<&str>> = content["batches"]
        .as_array()
        .unwrap()
        .iter()
        .find(|batch| batch["id"] == json!(FIRST))
        .unwrap()["funders"]
        .as_array()
        .unwrap()
        .iter()
        .map(figures)
        .collect();
    assert_eq!(
        of_first,
        [
            [
                "33.39", "33.39", "16.70", "16.70", "6.68", "3.34", "3.34", "23.37", "3.34", "0.00", "26.71"
            ],
            [
                "33.31", "33.31", "16.65", "16.65", "6.66", "3.33", "3.33", "23.32", "3.33", "0.00", "26.65"
            ],
            [
                "33.30", "33.30", "16.65", "16.65", "6.66", "3.33", "3.33", "23.31", "3.33", "0.00", "26.64"
            ],
        ]
    );
    assert_eq!(
        figures(&content["total"]),
        [
            "150.00", "150.00", "50.00", "50.00", "20.00", "10.00", "10.00", "70.00", "10.00", "50.00", "130.00"
        ]
    );
    for (funder, owed) in FUNDERS.into_iter().zip(OWED) {
        let of = content["funders"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["id"] == json!(funder))
            .unwrap();
        assert_eq!((&of["refundable"], &of["to_refund"]), (&json!(owed), &json!(owed)));
    }
    assert_eq!(
        (&statement["contest_until"], &content["contest"]["days"]),
        (&json!("2026-08-21"), &json!({"days": 15, "by_default": true}))
    );
    let parties: Vec<&str> = content["contest"]["parties"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        parties,
        [
            "Département de la Côte-d'Or",
            "État",
            "Région Bourgogne-Franche-Comté",
            "Caf de la Côte-d'Or"
        ],
        "in the plan's order"
    );
    assert_eq!(content["steps"][2]["by"], "Département de la Côte-d'Or");
    assert!(
        !content.to_string().contains("CCAS"),
        "no distribution point in what everybody reads"
    );
}

#[testkit::test]
async fn the_files_are_kept_as_they_were_issued_and_agree(pool: PgPool) {
    let ended = Ended::new(pool).await;
    assert_eq!(ended.round_at(ISSUED).await, [1, 0, 0]);
    let sponsor = ended.key(SPONSOR).await;
    let statement = sponsor.reads("expiry-statement").await;
    let mut files = Vec::new();
    for file in statement["files"].as_array().unwrap() {
        let (status, bytes) = sponsor.sends("GET", file["href"].as_str().unwrap(), Vec::new()).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(file["sha256"], HEXLOWER.encode(&Sha256::digest(&bytes)));
        assert_eq!(file["bytes"], bytes.len());
        files.push(bytes);
    }
    // Money moves on; the statement does not.
    ended.at("2026-09-10T05:00:00Z");
    sqlx::query("update funding.funder set name = 'Autre nom'")
        .execute(&ended.fixture.admin)
        .await
        .unwrap();
    assert_eq!(ended.round_at("2026-09-10T06:00:00Z").await, [0, 1, 0]);
    for (ending, bytes) in ["pdf", "json", "csv"].into_iter().zip(&files) {
        assert_eq!(&sponsor.gets(&format!("expiry-statement.{ending}")).await.1, bytes);
    }
    let said = checker("check_statement.py", &files[1], &[]);
    assert!(said.contains("4 parties, 3 funders, 2 batches"), "{said}");
    let mut csv = csv::Reader::from_reader(files[2].as_slice());
    let rows: Vec<std::collections::BTreeMap<String, String>> = csv.deserialize().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 6 + 3);
    let of = |row: &&std::collections::BTreeMap<String, String>| {
        row["batch_id"].is_empty() && row["funder_id"] == FUNDERS[0].to_string()
    };
    assert_eq!(rows.iter().find(of).unwrap()["to_refund"], "43.41");
    let text = pdf_text(&files[0]);
    for digest in [&files[1], &files[2]].map(|bytes| HEXLOWER.encode(&Sha256::digest(bytes))) {
        assert!(
            text.contains(&digest),
            "the signature covers the data by their digests: {text}"
        );
    }
}

#[testkit::test]
async fn the_pdf_is_signed_accessible_and_says_the_sums(pool: PgPool) {
    let ended = Ended::new(pool).await;
    ended.round_at(ISSUED).await;
    let (_, pdf) = ended.key(FUNDERS[0]).await.gets("expiry-statement.pdf").await;
    if let Ok(folder) = std::env::var("CCN_KEEP_PDF") {
        std::fs::write(format!("{folder}/etat-contradictoire.pdf"), &pdf).unwrap();
    }
    let certificate = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&certificate, &ended.identity.certificate).unwrap();
    checker("check_signature.py", &pdf, &[certificate.path().to_str().unwrap()]);
    // Of funders, two of each batch, of steps.
    checker("check_document.py", &pdf, &["--tables", "6", "--signed"]);
    let text = pdf_text(&pdf);
    for part in [
        "43,41€",
        "43,30€",
        "43,29€",
        "130,00€",
        "33,305%",
        "21août2026",
        "acceptéparDépartementdelaCôte-d'Orle22juin2026",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[testkit::test]
async fn two_instances_at_once_issue_one_statement(pool: PgPool) {
    let ended = Ended::new(pool).await;
    let rounds = tokio::join!(ended.round_at(ISSUED), ended.round_at(ISSUED), ended.round_at(ISSUED));
    assert_eq!(
        [rounds.0, rounds.1, rounds.2]
            .map(|[issued, ..]| issued)
            .iter()
            .sum::<usize>(),
        1
    );
    assert_eq!(ended.traces("expiry.state").await, 1);
    ended.at("2026-08-22T05:00:00Z");
    let at = "2026-08-22T05:00:00Z";
    tokio::join!(ended.round_at(at), ended.round_at(at), ended.round_at(at));
    assert_eq!(ended.traces("expiry.give_back").await, 3, "once a funder");
    assert_eq!(ended.traces("refund.create").await, 3);
}

#[testkit::test]
async fn nothing_is_stated_before_the_sweep_or_without_a_certificate(pool: PgPool) {
    let ended = Ended::with(pool, false).await;
    assert_eq!(
        ended.round_at(ISSUED).await,
        [0, 0, 1],
        "no certificate: the failure is told"
    );
    sqlx::query("delete from issuer.expiry_step where step = 'sweep'")
        .execute(&ended.fixture.admin)
        .await
        .unwrap();
    assert_eq!(ended.round_at(ISSUED).await, [0, 0, 0]);
    let sponsor = ended.key(SPONSOR).await;
    assert_eq!(sponsor.gets("expiry-statement").await.0, StatusCode::NOT_FOUND);
    let calendar = sponsor.reads("expiry-calendar").await;
    assert_eq!(
        (&calendar["steps"][4]["state"], &calendar["steps"][5]["state"]),
        (&json!("due"), &json!("due"))
    );
}

#[testkit::test]
async fn books_that_disagree_are_not_stated(pool: PgPool) {
    let ended = Ended::new(pool).await;
    let refundable = Account::refundable(BookId::from_uuid(ENDED), PartyId::from_uuid(FUNDERS[1]));
    sqlx::query("update ledger.account set credits_cents = credits_cents + 1 where book_id = $1 and number = $2")
        .bind(ENDED)
        .bind(refundable.number().get())
        .execute(&ended.fixture.admin)
        .await
        .unwrap();
    assert_eq!(ended.round_at(ISSUED).await, [0, 0, 1]);
    sqlx::query("update ledger.account set credits_cents = credits_cents - 1 where book_id = $1 and number = $2")
        .bind(ENDED)
        .bind(refundable.number().get())
        .execute(&ended.fixture.admin)
        .await
        .unwrap();
    assert_eq!(ended.round_at(ISSUED).await, [1, 0, 0], "mended, it is issued");
}

#[testkit::test]
async fn a_statement_that_comes_late_is_contested_for_as_long(pool: PgPool) {
    let ended = Ended::new(pool).await;
    assert_eq!(ended.round_at("2026-10-01T05:00:00Z").await, [1, 0, 0]);
    let statement = ended.key(SPONSOR).await.reads("expiry-statement").await;
    assert_eq!(
        (&statement["due_on"], &statement["late"], &statement["contest_until"]),
        (&json!("2026-08-06"), &json!(true), &json!("2026-10-16"))
    );
}
