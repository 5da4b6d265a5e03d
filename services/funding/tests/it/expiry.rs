//! The statement of a programme's end, the answers to it, and what is given back. D is 30 June 2026: the statement is due on 6 August.

use std::path::Path;
use std::process::Command;

use data_encoding::HEXLOWER;
use http::StatusCode;
use ledger::{Account, BookId, PartyId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgPool;

use crate::world::{START, id, instant};
use crate::world_expiry::{Actor, ENDED, Ended, FIRST, FUNDERS, OWED, SPONSOR};

const ISSUED: &str = "2026-08-06T05:00:00Z";

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

fn checker(script: &str, file: &[u8], more: &[&str]) -> String {
    let python = std::env::var("TEST_PYTHON")
        .expect("TEST_PYTHON is not set: run scripts/test (tests/requirements.txt says more)");
    let path = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&path, file).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/checkers")
        .join(script);
    let output = Command::new(python)
        .arg("-B")
        .arg(script)
        .arg(path.path())
        .args(more)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

#[sqlx::test(migrations = false)]
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
        assert_eq!((&of["refundable"], &of["to_give_back"]), (&json!(owed), &json!(owed)));
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

#[sqlx::test(migrations = false)]
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
        .execute(&ended.world.admin)
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
    assert_eq!(rows.iter().find(of).unwrap()["to_give_back"], "43.41");
    let text = pdf_text(&files[0]);
    for digest in [&files[1], &files[2]].map(|bytes| HEXLOWER.encode(&Sha256::digest(bytes))) {
        assert!(
            text.contains(&digest),
            "the signature covers the data by their digests: {text}"
        );
    }
}

/// As poppler reads it, without spaces: lines break where they must.
fn pdf_text(pdf: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, pdf).unwrap();
    let output = Command::new("pdftotext").arg(file.path()).arg("-").output().unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().collect()
}

#[sqlx::test(migrations = false)]
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

#[sqlx::test(migrations = false)]
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

#[sqlx::test(migrations = false)]
async fn nothing_is_stated_before_the_sweep_or_without_a_certificate(pool: PgPool) {
    let ended = Ended::with(pool, false).await;
    assert_eq!(
        ended.round_at(ISSUED).await,
        [0, 0, 1],
        "no certificate: the failure is told"
    );
    sqlx::query("delete from issuer.expiry_step where step = 'sweep'")
        .execute(&ended.world.admin)
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

#[sqlx::test(migrations = false)]
async fn books_that_disagree_are_not_stated(pool: PgPool) {
    let ended = Ended::new(pool).await;
    let refundable = Account::refundable(BookId::from_uuid(ENDED), PartyId::from_uuid(FUNDERS[1]));
    sqlx::query("update ledger.account set credits_cents = credits_cents + 1 where book_id = $1 and number = $2")
        .bind(ENDED)
        .bind(refundable.number().get())
        .execute(&ended.world.admin)
        .await
        .unwrap();
    assert_eq!(ended.round_at(ISSUED).await, [0, 0, 1]);
    sqlx::query("update ledger.account set credits_cents = credits_cents - 1 where book_id = $1 and number = $2")
        .bind(ENDED)
        .bind(refundable.number().get())
        .execute(&ended.world.admin)
        .await
        .unwrap();
    assert_eq!(ended.round_at(ISSUED).await, [1, 0, 0], "mended, it is issued");
}

#[sqlx::test(migrations = false)]
async fn every_answer_is_kept_and_the_last_one_counts(pool: PgPool) {
    let ended = Ended::new(pool).await;
    let (sponsor, funder) = (ended.key(SPONSOR).await, ended.key(FUNDERS[2]).await);
    let accepts = |n: u128| json!({"id": id(n), "answer": "accepted"});
    assert_eq!(Actor::kind(&sponsor.says("responses", accepts(1)).await), "not-found");
    ended.round_at(ISSUED).await;
    let contest = json!({"id": id(2), "answer": "contested", "reasons": "Le lot 2 n'a jamais été livré."});
    assert_eq!(
        Actor::kind(
            &sponsor
                .says("responses", json!({"id": id(2), "answer": "contested"}))
                .await
        ),
        "no-reasons"
    );
    let (status, first) = sponsor.says("responses", contest.clone()).await;
    assert_eq!(
        (status, &first["organisation_id"]),
        (StatusCode::CREATED, &json!(SPONSOR))
    );
    assert_eq!(sponsor.says("responses", contest).await, (StatusCode::OK, first));
    assert_eq!(
        Actor::kind(&sponsor.says("responses", accepts(2)).await),
        "same-id-other-content"
    );
    let standing = async || sponsor.reads("expiry-statement").await["standing"].clone();
    assert_eq!(standing().await, "contested");
    ended.at("2026-08-21T21:59:00Z");
    assert_eq!(sponsor.says("responses", accepts(3)).await.0, StatusCode::CREATED);
    assert_eq!(funder.says("responses", accepts(4)).await.0, StatusCode::CREATED);
    assert_eq!(standing().await, "open");
    ended.at("2026-08-21T22:00:00Z");
    assert_eq!(Actor::kind(&funder.says("responses", accepts(5)).await), "contest-over");
    assert_eq!(standing().await, "tacitly_accepted");
    let responses = sponsor.reads("expiry-statement").await["responses"].clone();
    assert_eq!(responses.as_array().unwrap().len(), 3);
    assert_eq!(responses[0]["reasons"], "Le lot 2 n'a jamais été livré.");
    assert_eq!(ended.traces("expiry.respond").await, 3);
    let operator = ended.operator().await;
    assert_eq!(
        Actor::kind(&operator.says("responses", accepts(6)).await),
        "contest-over"
    );
    ended.at(ISSUED);
    assert_eq!(Actor::kind(&operator.says("responses", accepts(6)).await), "forbidden");
}

#[sqlx::test(migrations = false)]
async fn each_funder_gets_its_exact_share_back_by_the_way_it_chose(pool: PgPool) {
    let ended = Ended::new(pool).await;
    ended.round_at(ISSUED).await;
    let operator = ended.operator().await;
    let first = ended.key(FUNDERS[0]).await;
    let give = json!({"execute_on": "2026-08-28"});
    assert_eq!(
        Actor::kind(&operator.says("giving-back", give.clone()).await),
        "too-early"
    );
    for (n, way) in [(1, "credit"), (2, "bank")] {
        let (status, _) = first.says("choices", json!({"id": id(n), "way": way})).await;
        assert_eq!(status, StatusCode::CREATED, "it may change its mind");
    }
    let own = first.reads("expiry-statement").await["choices"].clone();
    assert_eq!(own.as_array().unwrap().len(), 2);
    let other = ended.key(FUNDERS[1]).await.reads("expiry-statement").await;
    assert_eq!(other["choices"], json!([]), "another's choice is not its business");
    let not_a_funder = ended
        .key(SPONSOR)
        .await
        .says("choices", json!({"id": id(3), "way": "bank"}))
        .await;
    assert_eq!(Actor::kind(&not_a_funder), "forbidden");

    assert_eq!(ended.round_at("2026-08-22T05:00:00Z").await, [0, 1, 0]);
    assert_eq!(
        ended.round_at("2026-08-22T06:00:00Z").await,
        [0, 0, 0],
        "credits once; the bank is the operator's act"
    );
    assert_eq!(
        Actor::kind(&first.says("choices", json!({"id": id(4), "way": "credit"})).await),
        "contest-over"
    );
    assert_eq!(
        Actor::kind(&operator.says("giving-back", json!({"execute_on": "2026-08-20"})).await),
        "execute-on-past"
    );
    let (status, given) = operator.says("giving-back", give.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{given}");
    assert_eq!(
        operator.says("giving-back", give).await,
        (StatusCode::OK, given.clone())
    );
    let given: Vec<[&str; 3]> = given
        .as_array()
        .unwrap()
        .iter()
        .map(|one| ["way", "chosen_by", "amount"].map(|name| one[name].as_str().unwrap()))
        .collect();
    assert_eq!(
        given,
        [
            ["bank", "funder", OWED[0]],
            ["credit", "default", OWED[1]],
            ["credit", "default", OWED[2]]
        ]
    );
    let refund: uuid::Uuid =
        sqlx::query_scalar("select refund_id from funding.expiry_giving_back where funder_id = $1")
            .bind(FUNDERS[0])
            .fetch_one(&ended.world.admin)
            .await
            .unwrap();
    let file = ended.world.get(&format!("/v1/refunds/{refund}/pain.001.xml")).await;
    assert!(String::from_utf8(file).unwrap().contains("43.41"));

    // The credit is free for the next programme, to the cent.
    let next = id(0x1011);
    ended.programme(next).await;
    ended.convention(0x10b1, FUNDERS[1], next).await;
    let allocation =
        |n: u128, amount: &str| json!({"id": id(n), "funder_id": FUNDERS[1], "programme_id": next, "amount": amount});
    let refused = ended
        .world
        .refused("/v1/allocations", allocation(0x10c1, "43.31"))
        .await;
    assert_eq!(refused["type"], "urn:ccn:problem:not-enough-deposited");
    ended
        .world
        .created("/v1/allocations", allocation(0x10c2, OWED[1]))
        .await;
}

#[sqlx::test(migrations = false)]
async fn a_contested_statement_gives_nothing_back_by_itself(pool: PgPool) {
    let ended = Ended::new(pool).await;
    ended.round_at(ISSUED).await;
    let contest = json!({"id": id(2), "answer": "contested", "reasons": "Il manque un encaissement."});
    ended.key(FUNDERS[2]).await.says("responses", contest).await;
    assert_eq!(ended.round_at("2026-08-22T05:00:00Z").await, [0, 0, 0]);
    let operator = ended.operator().await;
    let refused = operator.says("giving-back", json!({"execute_on": "2026-08-28"})).await;
    assert_eq!(Actor::kind(&refused), "statement-contested");
    assert_eq!(refused.1["contested_by"], json!([FUNDERS[2]]));
    let despite =
        json!({"execute_on": "2026-08-28", "despite": "Encaissement retrouvé le 20 août, accord écrit de la Caf."});
    let (status, given) = operator.says("giving-back", despite).await;
    assert_eq!(status, StatusCode::CREATED);
    assert!(
        given
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["despite"].is_string() && one["by"].is_string()),
        "{given}"
    );
    let sums: i64 = sqlx::query_scalar("select sum(cents)::bigint from funding.expiry_giving_back")
        .fetch_one(&ended.world.admin)
        .await
        .unwrap();
    assert_eq!(sums, 13_000);
}

#[sqlx::test(migrations = false)]
async fn what_the_operator_gave_back_by_hand_is_not_given_twice(pool: PgPool) {
    let ended = Ended::new(pool).await;
    ended.round_at(ISSUED).await;
    let by_hand = json!({"id": id(0x10d1), "funder_id": FUNDERS[0], "programme_id": ENDED, "way": "credit", "execute_on": "2026-08-07"});
    ended.world.created("/v1/refunds", by_hand).await;
    assert_eq!(ended.round_at("2026-08-22T05:00:00Z").await, [0, 1, 0]);
    let given = ended.operator().await.reads("expiry-statement").await["given_back"].clone();
    let amounts: Vec<&str> = given
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["amount"].as_str().unwrap())
        .collect();
    assert_eq!(amounts, ["0.00", OWED[1], OWED[2]]);
    assert_eq!(given[0]["refund_id"], Value::Null);
}

#[sqlx::test(migrations = false)]
async fn the_calendar_shows_each_step_to_those_concerned(pool: PgPool) {
    let ended = Ended::new(pool).await;
    ended.at("2026-08-05T05:00:00Z");
    let sponsor = ended.key(SPONSOR).await;
    let calendar = sponsor.reads("expiry-calendar").await;
    let steps: Vec<String> = calendar["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            format!(
                "{} {} {}",
                step["step"].as_str().unwrap(),
                step["due_on"].as_str().unwrap(),
                step["state"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        steps,
        [
            "alert 2026-05-31 done",
            "block 2026-06-15 done",
            "acceptance 2026-06-23 done",
            "refusal 2026-08-01 done",
            "sweep 2026-08-04 done",
            "statement 2026-08-06 to_come"
        ]
    );
    assert_eq!(calendar["steps"][0]["offset"], json!({"days": 30, "by_default": true}));
    assert_eq!(
        (&calendar["unused_value"], &calendar["unused_value_by_default"]),
        (&json!("credit"), &json!(true))
    );
    assert_eq!(calendar["steps"][0]["data"]["points"][0]["name"], "CCAS");
    let of_funder = ended.key(FUNDERS[1]).await.reads("expiry-calendar").await;
    assert_eq!(
        of_funder["steps"][0]["data"]["sums"],
        calendar["steps"][0]["data"]["sums"]
    );
    assert_eq!(
        of_funder["steps"][0]["data"]["points"],
        Value::Null,
        "no distribution point for funders"
    );
    ended.operator().await.reads("expiry-calendar").await;
    // A funder of another programme, and a structure.
    for (n, stranger) in [crate::world::FUNDERS[0], id(0x1099)].into_iter().enumerate() {
        if n == 1 {
            let other = json!({"id": stranger, "name": "Autre", "roles": ["structure"]});
            ended.world.created("/v1/organisations", other).await;
        }
        let stranger = ended.key(stranger).await;
        assert_eq!(stranger.gets("expiry-calendar").await.0, StatusCode::NOT_FOUND);
        ended.round_at(ISSUED).await;
        for file in [
            "expiry-statement",
            "expiry-statement.pdf",
            "expiry-statement.json",
            "expiry-statement.csv",
        ] {
            assert_eq!(stranger.gets(file).await.0, StatusCode::NOT_FOUND, "{file}");
        }
        let answer = stranger
            .says("responses", json!({"id": id(9), "answer": "accepted"}))
            .await;
        assert_eq!(answer.0, StatusCode::NOT_FOUND);
        assert_eq!(
            stranger.posts("/v1/expiry/statement-rounds", json!({})).await.0,
            StatusCode::FORBIDDEN
        );
    }
    let done = sponsor.reads("expiry-calendar").await["steps"][5].clone();
    assert_eq!((&done["state"], &done["late"]), (&json!("done"), &json!(false)));
    assert_eq!(done["done_at"], json!(instant(ISSUED)), "{START}");
}

#[sqlx::test(migrations = false)]
async fn a_statement_that_comes_late_is_contested_for_as_long(pool: PgPool) {
    let ended = Ended::new(pool).await;
    assert_eq!(ended.round_at("2026-10-01T05:00:00Z").await, [1, 0, 0]);
    let statement = ended.key(SPONSOR).await.reads("expiry-statement").await;
    assert_eq!(
        (&statement["due_on"], &statement["late"], &statement["contest_until"]),
        (&json!("2026-08-06"), &json!(true), &json!("2026-10-16"))
    );
}
