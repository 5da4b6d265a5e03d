//! Keys that co-sign end: lost, stolen or replaced.

use http::StatusCode;
use sealed_log::{Checkpoint, Cosigner, CosignerKey, Note};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::cycle::march;
use crate::fixture::{FUNDERS, Fixture, instant, log_key};
use crate::fixture_exports::seals;

const RETIREMENTS: &str = "/funding/v1/cosigners/retirements";

fn cosigner(n: u8) -> Cosigner {
    Cosigner::from_seed(&format!("funder{n}.example/log"), &[n; 32]).unwrap()
}

fn vkey(n: u8) -> String {
    cosigner(n).verifier().to_string()
}

/// The last checkpoint as it is served.
async fn note(fixture: &Fixture) -> String {
    String::from_utf8(fixture.get("/funding/log/checkpoint").await).unwrap()
}

fn opened(note: &str) -> Checkpoint {
    Checkpoint::open(note, &log_key().verifier()).unwrap()
}

fn verified(n: u8, note: &str) -> bool {
    let key: CosignerKey = vkey(n).parse().unwrap();
    key.verify(&Note::parse(note).unwrap()).is_ok()
}

async fn posts(fixture: &Fixture, path: &str, secret: &str, body: Value) -> (StatusCode, Value) {
    let (status, bytes) = fixture.send("POST", path, secret, body.to_string().into_bytes()).await;
    (status, serde_json::from_slice(&bytes).unwrap())
}

fn kind(answer: &Value) -> &str {
    answer["type"].as_str().unwrap().rsplit(':').next().unwrap()
}

/// A sealed log with a checkpoint that the first funder co-signed; its path for co-signatures, and its key.
async fn cosigned(admin: PgPool) -> (Fixture, String, String) {
    let fixture = march(admin).await;
    seals(&fixture, &log_key(), instant("2026-04-02T08:00:00Z")).await;
    let funder = fixture.key_of(FUNDERS[0], None).await;
    let (status, answer) = posts(&fixture, "/funding/v1/cosigners", &funder, json!({"vkey": vkey(1)})).await;
    assert_eq!((status, &answer["retired_from"]), (StatusCode::CREATED, &Value::Null));
    let checkpoint = opened(&note(&fixture).await);
    let path = format!("/funding/v1/checkpoints/{}/cosignatures", checkpoint.size);
    let line = cosigner(1)
        .line(&checkpoint.to_string(), instant("2026-04-02T08:00:00Z"))
        .unwrap();
    assert_eq!(
        posts(&fixture, &path, &funder, json!({"line": line})).await.0,
        StatusCode::CREATED
    );
    (fixture, path, funder)
}

#[testkit::test]
async fn a_retired_key_signs_no_more_and_what_it_signed_stays(admin: PgPool) {
    let (fixture, path, funder) = cosigned(admin).await;
    let other = fixture.key_of(FUNDERS[1], None).await;
    let end = json!({"vkey": vkey(1), "reason": "Clé perdue."});
    // Its own key and no other's; with a reason; not for the past.
    assert_eq!(
        posts(&fixture, RETIREMENTS, &other, end.clone()).await.0,
        StatusCode::NOT_FOUND
    );
    for (body, why) in [
        (json!({"vkey": vkey(1), "reason": "  "}), "retirement-reason"),
        (json!({"vkey": vkey(1), "reason": "x".repeat(501)}), "retirement-reason"),
        (json!({"vkey": "x+y+z", "reason": "Perdue."}), "not-a-key"),
        (
            json!({"vkey": vkey(1), "reason": "Perdue.", "from": "2026-04-02T07:59:59Z"}),
            "retired-in-the-past",
        ),
    ] {
        let (status, answer) = posts(&fixture, RETIREMENTS, &funder, body).await;
        assert_eq!((status, kind(&answer)), (StatusCode::UNPROCESSABLE_ENTITY, why));
    }
    let (status, retired) = posts(&fixture, RETIREMENTS, &funder, end.clone()).await;
    assert_eq!(
        (status, &retired["retired_from"], &retired["retired_reason"]),
        (
            StatusCode::CREATED,
            &json!("2026-04-02T08:00:00Z"),
            &json!("Clé perdue.")
        )
    );
    fixture.hand.move_to(instant("2026-04-03T08:00:00Z"));
    assert_eq!(
        posts(&fixture, RETIREMENTS, &funder, end).await,
        (StatusCode::OK, retired)
    );
    let otherwise = json!({"vkey": vkey(1), "reason": "Clé volée."});
    let (status, answer) = posts(&fixture, RETIREMENTS, &funder, otherwise).await;
    assert_eq!(
        (status, kind(&answer), &answer["retired_reason"]),
        (
            StatusCode::CONFLICT,
            "cosigner-retired-otherwise",
            &json!("Clé perdue.")
        )
    );

    // What it signed before is served, and a repeated request is answered as it was; a thief's line is refused, also one that bears an
    // earlier time.
    let served = note(&fixture).await;
    assert!(verified(1, &served));
    let checkpoint = opened(&served);
    let at = |time: &str| cosigner(1).line(&checkpoint.to_string(), instant(time)).unwrap();
    let again = json!({"line": at("2026-04-02T08:00:00Z")});
    assert_eq!(posts(&fixture, &path, &funder, again).await.0, StatusCode::OK);
    for time in ["2026-04-03T08:00:00Z", "2026-04-01T08:00:00Z"] {
        for secret in [&funder, &fixture.secret] {
            let (status, answer) = posts(&fixture, &path, secret, json!({"line": at(time)})).await;
            assert_eq!(
                (status, kind(&answer)),
                (StatusCode::UNPROCESSABLE_ENTITY, "cosigner-retired"),
                "{time}"
            );
            assert!(answer["detail"].as_str().unwrap().contains("Clé perdue."), "{answer}");
        }
    }
    // It does not come back; another one takes its place.
    let (_, answer) = posts(&fixture, "/funding/v1/cosigners", &funder, json!({"vkey": vkey(1)})).await;
    assert_eq!(kind(&answer), "cosigner-retired");
    fixture
        .created(
            "/funding/v1/cosigners",
            json!({"vkey": vkey(2), "organisation_id": FUNDERS[0]}),
        )
        .await;
    let line = cosigner(2)
        .line(&checkpoint.to_string(), instant("2026-04-03T08:00:00Z"))
        .unwrap();
    assert_eq!(
        posts(&fixture, &path, &funder, json!({"line": line})).await.0,
        StatusCode::CREATED
    );
    let served = note(&fixture).await;
    assert!(verified(1, &served) && verified(2, &served));

    let list = fixture.get_json("/funding/v1/cosigners").await;
    let ends: Vec<bool> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["retired_from"].is_string())
        .collect();
    assert_eq!(ends, [true, false]);
    let audited: Vec<Value> = sqlx::query_scalar("select detail from access.audit where action = 'cosigner.retire'")
        .fetch_all(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(audited, [json!([vkey(1), "2026-04-02T08:00:00Z"])]);
}

#[testkit::test]
async fn an_operator_retires_a_key_for_later_and_it_signs_until_then(admin: PgPool) {
    let (fixture, path, funder) = cosigned(admin).await;
    let end = json!({"vkey": vkey(1), "reason": "Remplacée en mai.", "from": "2026-05-01T00:00:00Z"});
    fixture.created(RETIREMENTS, end).await;
    // Registered still, until then.
    let (status, _) = posts(&fixture, "/funding/v1/cosigners", &funder, json!({"vkey": vkey(1)})).await;
    assert_eq!(status, StatusCode::OK);
    fixture
        .claims(
            crate::fixture::id(207),
            crate::cycle::PAID,
            &[5],
            "2026-04-02T09:00:00Z",
        )
        .await;
    seals(&fixture, &log_key(), instant("2026-04-30T23:59:59Z")).await;
    let checkpoint = opened(&note(&fixture).await);
    let later = format!("/funding/v1/checkpoints/{}/cosignatures", checkpoint.size);
    assert_ne!(later, path);
    let line = cosigner(1)
        .line(&checkpoint.to_string(), instant("2026-04-30T23:00:00Z"))
        .unwrap();
    fixture.hand.move_to(instant("2026-04-30T23:59:59Z"));
    assert_eq!(
        posts(&fixture, &later, &funder, json!({"line": line})).await.0,
        StatusCode::CREATED
    );
    fixture.hand.move_to(instant("2026-05-01T00:00:00Z"));
    let line = cosigner(1)
        .line(&checkpoint.to_string(), instant("2026-04-30T23:30:00Z"))
        .unwrap();
    let (_, answer) = posts(&fixture, &later, &funder, json!({"line": line})).await;
    assert_eq!(kind(&answer), "cosigner-retired");
    assert!(verified(1, &note(&fixture).await));
    // A structure has no say.
    let new = json!({"id": crate::cycle::PAID, "name": "Médiathèque", "roles": ["structure"]});
    let structure = fixture.key_of(crate::cycle::PAID, Some(new)).await;
    let end = json!({"vkey": vkey(1), "reason": "x"});
    assert_eq!(
        posts(&fixture, RETIREMENTS, &structure, end).await.0,
        StatusCode::FORBIDDEN
    );
}

/// Each key may put a line below every checkpoint, for ever: one organisation cannot make the notes too long for everybody.
#[testkit::test]
async fn an_organisation_has_so_many_keys_with_names_of_some_length(admin: PgPool) {
    let (fixture, _, funder) = cosigned(admin).await;
    let named = |name: &str, n: u8| Cosigner::from_seed(name, &[n; 32]).unwrap().verifier().to_string();
    let long = json!({"vkey": named(&"x".repeat(65), 9)});
    let (status, answer) = posts(&fixture, "/funding/v1/cosigners", &funder, long).await;
    assert_eq!((status.as_u16(), kind(&answer)), (422, "not-a-key"));
    for n in 2..=16 {
        let key = json!({"vkey": named(&"x".repeat(64), n)});
        assert_eq!(
            posts(&fixture, "/funding/v1/cosigners", &funder, key).await.0,
            StatusCode::CREATED
        );
    }
    let (status, answer) = posts(&fixture, "/funding/v1/cosigners", &funder, json!({"vkey": vkey(17)})).await;
    assert_eq!((status.as_u16(), kind(&answer)), (422, "too-many-keys"));
    // The ones that it has are known still.
    assert_eq!(
        posts(&fixture, "/funding/v1/cosigners", &funder, json!({"vkey": vkey(1)}))
            .await
            .0,
        StatusCode::OK
    );
}
