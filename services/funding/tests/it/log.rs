//! The log over HTTP: proofs of what concerns whom, months that close, co-signatures.

use data_encoding::BASE64;
use database::NamedLock;
use http::StatusCode;
use sealed_log::{AnyLeaf, Checkpoint, Cosigner, CosignerKey, Hash, Note, verify_consistency, verify_inclusion};
use serde_json::{Value, json};
use sqlx::{Executor, PgPool};

use crate::bank::naming;
use crate::cycle::{PAID, march};
use crate::fixture::{FUNDERS, Fixture, id, instant, log_key};
use crate::fixture_exports::seals;

fn hashes(path: &Value) -> Vec<Hash> {
    let hash = |text: &Value| Hash::from_base64(text.as_str().unwrap()).unwrap();
    path.as_array().unwrap().iter().map(hash).collect()
}

fn opened(note: &Value) -> Checkpoint {
    Checkpoint::open(note.as_str().unwrap(), &log_key().verifier()).unwrap()
}

/// The leaf of a proven entry, checked against the signed root.
fn proven(entry: &Value, checkpoint: &Checkpoint) -> AnyLeaf {
    let bytes = BASE64
        .decode(entry["transfer"]["leaf"].as_str().unwrap().as_bytes())
        .unwrap();
    let leaf = AnyLeaf::from_bytes(&bytes).unwrap();
    assert_eq!(entry["transfer"], leaf.to_json());
    let path = hashes(&entry["path"]);
    assert_eq!(
        verify_inclusion(leaf.hash(), leaf.seq(), checkpoint.size, &path, checkpoint.root),
        Ok(())
    );
    leaf
}

/// The proof of an event, when everything is sealed.
async fn sealed(fixture: &Fixture, event: impl std::fmt::Display) -> Value {
    seals(fixture, &log_key(), fixture.clock.now()).await;
    fixture.get_json(&format!("/funding/v1/proofs/events/{event}")).await
}

async fn text(fixture: &Fixture, path: &str) -> String {
    String::from_utf8(fixture.get(path).await).unwrap()
}

/// A settled month: 20 € paid to a structure, for one claim of two vouchers.
async fn settled(admin: PgPool) -> (Fixture, Value) {
    let fixture = march(admin).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = settlement["payments"][0]["end_to_end"].clone();
    fixture.loads(2, "200.00", vec![naming("-20.00", &end_to_end)]).await;
    (fixture, end_to_end)
}

#[testkit::test]
async fn a_claim_a_payment_and_a_contribution_are_proven_to_whom_they_concern(admin: PgPool) {
    let (fixture, end_to_end) = settled(admin).await;
    fixture.all_hold().await;
    let claim = sealed(&fixture, id(201)).await;
    let checkpoint = opened(&claim["checkpoint"]);
    let entries = claim["entries"].as_array().unwrap();
    let kinds: Vec<&str> = entries
        .iter()
        .map(|entry| proven(entry, &checkpoint).kind_name())
        .collect();
    // Two vouchers, and what paid them.
    assert_eq!(kinds, ["claimed", "claimed", "settlement_line"]);

    let payment = uuid::Uuid::parse_str(end_to_end.as_str().unwrap()).unwrap();
    let proof = sealed(&fixture, payment).await;
    let checkpoint = opened(&proof["checkpoint"]);
    let leaves: Vec<AnyLeaf> = proof["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| proven(entry, &checkpoint))
        .collect();
    let kinds: Vec<&str> = leaves.iter().map(AnyLeaf::kind_name).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "settled").count(), 2);
    assert_eq!(kinds.iter().filter(|kind| **kind == "settlement_line").count(), 1);
    assert_eq!(kinds.last(), Some(&"paid"));
    let line = leaves.iter().find(|leaf| leaf.transfer().is_none()).unwrap();
    assert_eq!(line.to_json()["claim"], json!(id(201)));
    assert_eq!(line.to_json()["payment"], json!(payment));

    let received: uuid::Uuid =
        sqlx::query_scalar("select transfer_id from ledger.fund_movement where kind = 'received' limit 1")
            .fetch_one(&fixture.admin)
            .await
            .unwrap();
    let proof = fixture
        .get_json(&format!("/funding/v1/proofs/transfers/{received}"))
        .await;
    assert_eq!(proven(&proof, &opened(&proof["checkpoint"])).kind_name(), "received");
    let unknown = format!("/funding/v1/proofs/transfers/{}", id(0xdead));
    assert_eq!(fixture.status(&unknown).await, StatusCode::NOT_FOUND);

    // The structure sees its claim; another funder's contribution does not exist for it.
    let new = json!({"id": PAID, "name": "Médiathèque", "roles": ["structure"]});
    let structure = fixture.key_of(PAID, Some(new)).await;
    let seen = async |path: String| fixture.send("GET", &path, &structure, Vec::new()).await.0;
    assert_eq!(
        seen(format!("/funding/v1/proofs/events/{}", id(201))).await,
        StatusCode::OK
    );
    assert_eq!(
        seen(format!("/funding/v1/proofs/events/{payment}")).await,
        StatusCode::OK
    );
    assert_eq!(
        seen(format!("/funding/v1/proofs/transfers/{received}")).await,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        seen("/funding/log/tile/entries/000.p/1".to_owned()).await,
        StatusCode::FORBIDDEN
    );
}

#[testkit::test]
async fn a_settlement_line_that_was_rewritten_shows_on_either_side(admin: PgPool) {
    let (fixture, _) = settled(admin).await;
    sealed(&fixture, id(201)).await;
    fixture
        .admin
        .execute("update funding.settlement_line set cents = 1900")
        .await
        .unwrap();
    let failing = fixture.failing().await;
    assert!(
        failing.iter().any(|name| name.contains("lignes du journal scellé")),
        "{failing:?}"
    );
    fixture
        .admin
        .execute("update ledger.record set cents = 1900")
        .await
        .unwrap();
    let (status, answer) = fixture
        .send(
            "GET",
            &format!("/funding/v1/proofs/events/{}", id(201)),
            &fixture.secret,
            Vec::new(),
        )
        .await;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::CONFLICT, &json!("urn:ccn:problem:books-changed"))
    );
}

#[testkit::test]
async fn one_checkpoint_extends_another(admin: PgPool) {
    let (fixture, _) = settled(admin).await;
    sealed(&fixture, id(201)).await;
    let older = text(&fixture, "/funding/log/checkpoint").await;
    let size = |note: &str| -> u64 { note.lines().nth(1).unwrap().parse().unwrap() };
    fixture.claims(id(207), PAID, &[5], "2026-04-02T09:00:00Z").await;
    sealed(&fixture, id(207)).await;
    let proof = fixture
        .get_json(&format!("/funding/v1/proofs/consistency?older={}", size(&older)))
        .await;
    assert_eq!(proof["older"], older);
    let (before, now) = (opened(&proof["older"]), opened(&proof["checkpoint"]));
    assert_eq!(now.size, before.size + 1);
    let path = hashes(&proof["path"]);
    assert_eq!(
        verify_consistency((before.size, before.root), (now.size, now.root), &path),
        Ok(())
    );
    assert_eq!(
        text(&fixture, &format!("/funding/v1/checkpoints/{}", before.size)).await,
        older
    );
    for nowhere in [
        "/funding/v1/proofs/consistency?older=1".to_owned(),
        format!("/funding/v1/proofs/consistency?older={}&size={}", now.size, before.size),
        "/funding/v1/checkpoints/1".to_owned(),
        "/funding/v1/checkpoints/18446744073709551615".to_owned(),
    ] {
        assert_eq!(fixture.status(&nowhere).await, StatusCode::NOT_FOUND, "{nowhere}");
    }
}

#[testkit::test]
async fn one_month_is_closed_at_a_time(admin: PgPool) {
    let fixture = march(admin).await;
    fixture.hand.move_to(instant("2026-04-02T08:00:00Z"));
    let mut other = fixture.admin.begin().await.unwrap();
    NamedLock::MonthCloses.take(&mut other).await.unwrap();
    let (status, answer) = fixture.post("/funding/v1/closes", json!({"month": "2026-03"})).await;
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::CONFLICT, &json!("urn:ccn:problem:close-under-way"))
    );
    other.rollback().await.unwrap();
    assert_eq!(closes(&fixture, "2026-03").await.0, StatusCode::CREATED);
}

/// PostgreSQL's own housekeeping may hold a close up for a moment.
async fn closes(fixture: &Fixture, month: &str) -> (StatusCode, Value) {
    loop {
        let (status, answer) = fixture.post("/funding/v1/closes", json!({"month": month})).await;
        if status != StatusCode::SERVICE_UNAVAILABLE {
            return (status, answer);
        }
    }
}

#[testkit::test]
async fn the_operator_closes_months_in_order_and_for_ever(admin: PgPool) {
    let (fixture, _) = settled(admin).await;
    for (month, why) in [("2026-04", "month-not-over"), ("2026-02", "nothing-to-close")] {
        let (status, answer) = closes(&fixture, month).await;
        let why = format!("urn:ccn:problem:{why}");
        assert_eq!(
            (status, answer["type"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(why.as_str()))
        );
    }
    fixture.hand.move_to(instant("2026-06-02T08:00:00Z"));
    let (status, answer) = closes(&fixture, "2026-04").await;
    assert_eq!(
        (status, &answer["next"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("2026-03"))
    );
    let (status, close) = closes(&fixture, "2026-03").await;
    assert_eq!(status, StatusCode::CREATED, "{close}");
    let (status, again) = closes(&fixture, "2026-03").await;
    assert_eq!((status, &again), (StatusCode::OK, &close));
    let signed = opened(&close["checkpoint"]);
    assert_eq!(signed.closed.map(|month| month.to_string()).as_deref(), Some("2026-03"));
    assert_eq!(
        (json!(signed.size), json!(signed.root.to_base64())),
        (close["size"].clone(), close["root"].clone())
    );
    assert_eq!(fixture.get_json("/funding/v1/closes").await, json!([close]));

    // What is posted of March now is late, and says so.
    fixture.claims(id(208), PAID, &[5], "2026-03-20T09:00:00Z").await;
    let late = sealed(&fixture, id(208)).await;
    let line = &late["entries"][0]["transfer"];
    assert_eq!(
        (&line["late"], &line["at"]),
        (&json!(true), &json!("2026-03-20T09:00:00.000000Z"))
    );
    assert!(line["booked_on"].as_str().unwrap() >= "2026-04-01");

    let audited: i64 = sqlx::query_scalar("select count(*) from access.audit where action = 'month.close'")
        .fetch_one(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(audited, 1);
    let funder = fixture.key_of(FUNDERS[0], None).await;
    let body = json!({"month": "2026-04"}).to_string().into_bytes();
    assert_eq!(
        fixture.send("POST", "/funding/v1/closes", &funder, body).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        fixture.send("GET", "/funding/v1/closes", &funder, Vec::new()).await.0,
        StatusCode::OK
    );
}

#[testkit::test]
async fn a_month_does_not_close_over_sums_that_were_falsified(admin: PgPool) {
    let (fixture, _) = settled(admin).await;
    fixture
        .admin
        .execute("update ledger.account set debits_cents = debits_cents - 500, credits_cents = credits_cents - 500 where ledger.name_of_account_kind(kind) = 'available'")
        .await
        .unwrap();
    let (status, answer) = closes(&fixture, "2026-03").await;
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::CONFLICT, &json!("urn:ccn:problem:books-changed"))
    );
    assert!(answer["account"].is_string(), "{answer}");
    assert!(!fixture.failing().await.is_empty());
}

fn cosigner(n: u8) -> Cosigner {
    Cosigner::from_seed(&format!("funder{n}.example/log"), &[n; 32]).unwrap()
}

fn verified(key: &Cosigner, note: &str) -> bool {
    let key: CosignerKey = key.verifier().to_string().parse().unwrap();
    key.verify(&Note::parse(note).unwrap()).is_ok()
}

#[testkit::test]
async fn a_funder_registers_its_key_and_cosigns(admin: PgPool) {
    let (fixture, _) = settled(admin).await;
    sealed(&fixture, id(201)).await;
    let note = text(&fixture, "/funding/log/checkpoint").await;
    let checkpoint = opened(&json!(note));
    let funder = fixture.key_of(FUNDERS[0], None).await;
    let other = fixture.key_of(FUNDERS[1], None).await;
    let line = cosigner(1)
        .line(&checkpoint.to_string(), instant("2026-04-02T08:00:00Z"))
        .unwrap();
    let path = format!("/funding/v1/checkpoints/{}/cosignatures", checkpoint.size);
    let sends = async |path: &str, secret: &str, body: Value| {
        let (status, bytes) = fixture.send("POST", path, secret, body.to_string().into_bytes()).await;
        (status, serde_json::from_slice::<Value>(&bytes).unwrap())
    };
    // A key that nobody registered is not believed.
    let (status, answer) = sends(&path, &funder, json!({"line": line})).await;
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("urn:ccn:problem:not-cosigned"))
    );

    let vkey = json!({"vkey": cosigner(1).verifier().to_string()});
    let (status, answer) = sends("/funding/v1/cosigners", &funder, vkey.clone()).await;
    assert_eq!(
        (status, &answer["organisation_id"]),
        (StatusCode::CREATED, &json!(FUNDERS[0]))
    );
    assert_eq!(
        sends("/funding/v1/cosigners", &funder, vkey.clone()).await,
        (StatusCode::OK, answer)
    );
    assert_eq!(
        sends("/funding/v1/cosigners", &other, vkey.clone()).await.0,
        StatusCode::CONFLICT
    );
    let for_another = json!({"vkey": cosigner(2).verifier().to_string(), "organisation_id": FUNDERS[1]});
    assert_eq!(
        sends("/funding/v1/cosigners", &funder, for_another.clone()).await.0,
        StatusCode::FORBIDDEN
    );
    fixture.created("/funding/v1/cosigners", for_another).await;
    for noise in [log_key().verifier().to_string(), "x+y+z".to_owned()] {
        assert_eq!(
            sends("/funding/v1/cosigners", &funder, json!({"vkey": noise})).await.0,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }

    assert_eq!(
        sends(&path, &other, json!({"line": line})).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        sends(&path, &funder, json!({"line": line})).await.0,
        StatusCode::CREATED
    );
    assert_eq!(sends(&path, &funder, json!({"line": line})).await.0, StatusCode::OK);
    let second = cosigner(2)
        .line(&checkpoint.to_string(), instant("2026-04-02T08:00:00Z"))
        .unwrap();
    fixture.created(&path, json!({"line": second})).await;
    let nowhere = "/funding/v1/checkpoints/1/cosignatures";
    assert_eq!(
        sends(nowhere, &funder, json!({"line": line})).await.0,
        StatusCode::NOT_FOUND
    );

    // Everybody sees them, wherever the checkpoint is shown.
    let served = text(&fixture, "/funding/log/checkpoint").await;
    assert!(served.starts_with(&note) && verified(&cosigner(1), &served) && verified(&cosigner(2), &served));
    assert_eq!(
        text(&fixture, &format!("/funding/v1/checkpoints/{}", checkpoint.size)).await,
        served
    );
    // Not sealed again: the lines of the trail that came since would be in another checkpoint.
    let proof = fixture
        .get_json(&format!("/funding/v1/proofs/events/{}", id(201)))
        .await;
    assert_eq!(proof["checkpoint"], served);
    let audited: Vec<String> = sqlx::query_scalar(
        "select action from access.audit where action in ('cosigner.register', 'checkpoint.cosign') order by action",
    )
    .fetch_all(&fixture.admin)
    .await
    .unwrap();
    assert_eq!(
        audited,
        [
            "checkpoint.cosign",
            "checkpoint.cosign",
            "cosigner.register",
            "cosigner.register"
        ]
    );
}

/// The close has a checkpoint of its own, which a funder co-signs like another.
#[testkit::test]
async fn a_close_is_cosigned_too(admin: PgPool) {
    let (fixture, _) = settled(admin).await;
    let (_, close) = closes(&fixture, "2026-03").await;
    fixture
        .created(
            "/funding/v1/cosigners",
            json!({"vkey": cosigner(1).verifier().to_string(), "organisation_id": FUNDERS[0]}),
        )
        .await;
    let signed = opened(&close["checkpoint"]);
    let line = cosigner(1)
        .line(&signed.to_string(), instant("2026-04-02T08:00:00Z"))
        .unwrap();
    fixture
        .created(
            &format!("/funding/v1/checkpoints/{}/cosignatures", signed.size),
            json!({"line": line}),
        )
        .await;
    let closes = fixture.get_json("/funding/v1/closes").await;
    assert!(verified(&cosigner(1), closes[0]["checkpoint"].as_str().unwrap()));
    let text = text(&fixture, "/funding/log/checkpoint").await;
    assert!(!verified(&cosigner(1), &text));
}
