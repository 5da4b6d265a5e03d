//! Status lists: what they say of vouchers, how they are published, how old they are.

use axum::body::{Body, Bytes, to_bytes};
use http::{HeaderMap, Request, StatusCode};
use redemption::status_lists::{LIST_HOURS, SIGNATURE_HOURS, Work};
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::Answers;
use tower::ServiceExt;
use uuid::Uuid;
use voucher::{KeyPolicy, PublicKey, Purpose, Status, StatusList};

use crate::fixture::{Dispositif, Fixture, MORNING, instant};

impl Fixture {
    /// Asks for a list as anybody can: without a key.
    pub async fn asks(&self, path: &str, known: Option<&str>) -> (StatusCode, HeaderMap, Bytes) {
        let mut request = Request::builder().uri(path);
        if let Some(known) = known {
            request = request.header("if-none-match", known);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = self.operator.router().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        (head.status, head.headers, to_bytes(body, usize::MAX).await.unwrap())
    }

    /// The list of a shard, verified as a phone does.
    pub async fn list(&self, programme: Dispositif, shard: u8) -> StatusList {
        let (status, _, token) = self
            .asks(&format!("/redemption/sl/{}/{shard}", programme.series), None)
            .await;
        assert_eq!(status, StatusCode::OK);
        let key = PublicKey::new(&self.status_key.public_bytes(), KeyPolicy::unbounded(Purpose::Status)).unwrap();
        let uri = self.host.status_list_uri(programme.series, shard);
        StatusList::verify(&token, &uri, &[key], self.clock.now().timestamp()).unwrap()
    }

    /// What the first list of a programme says of these places.
    pub async fn says<const N: usize>(&self, programme: Dispositif, places: [u32; N]) -> [Status; N] {
        let list = self.list(programme, 0).await;
        places.map(|place| list.shard().get(place))
    }
}

use Status::{Invalid, Suspended, Used, Valid};

#[testkit::test]
async fn a_list_follows_a_voucher_through_its_life(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    fixture.prints(programme, 1..=4).await;
    fixture.makes_lists().await;
    assert_eq!(fixture.says(programme, [0, 1, 2]).await, [Suspended; 3]);

    let tokens = fixture.hands_over(programme, 1..=4).await;
    let work = fixture.makes_lists().await;
    assert!(work.vouchers >= 4);
    assert_eq!(work.changed, 1);
    assert_eq!(
        fixture.says(programme, [0, 1, 2, 3, 4, 5]).await,
        [Suspended, Valid, Valid, Valid, Valid, Suspended]
    );

    let receipt = structure.claims(1, &tokens[..2]).await.created();
    fixture.makes_lists().await;
    assert_eq!(fixture.says(programme, [1, 2, 3, 4]).await, [Used, Used, Valid, Valid]);

    // Lost while it was spent: the claim stands, and so does what the list says.
    fixture.revokes(programme, 2).await;
    fixture.revokes(programme, 3).await;
    fixture.makes_lists().await;
    assert_eq!(
        fixture.says(programme, [1, 2, 3, 4]).await,
        [Used, Used, Invalid, Valid]
    );

    let path = format!(
        "/redemption/v1/programmes/{}/claims/{}/reversal",
        programme.id,
        receipt["claim_id"].as_str().unwrap()
    );
    let reversal = json!({ "id": Uuid::from_u128(9), "reason": "erreur de saisie" });
    structure.client.post(&path, reversal).await.created();
    fixture.makes_lists().await;
    assert_eq!(
        fixture.says(programme, [1, 2, 3, 4]).await,
        [Valid, Invalid, Invalid, Valid]
    );

    fixture.expires(programme, [1, 4]).await;
    fixture.makes_lists().await;
    assert_eq!(
        fixture.says(programme, [1, 2, 3, 4, 5]).await,
        [Invalid, Invalid, Invalid, Invalid, Suspended]
    );
}

#[testkit::test]
async fn a_voucher_revoked_before_it_was_handed_over_reads_invalid(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let programme = fixture.programme(1).await;
    fixture.prints(programme, 1..=2).await;
    fixture.makes_lists().await;
    // No money moves: only the issuer knows.
    fixture.revokes(programme, 1).await;
    assert_eq!(fixture.makes_lists().await.changed, 1);
    assert_eq!(fixture.says(programme, [1, 2]).await, [Invalid, Suspended]);
}

#[testkit::test]
async fn a_round_without_news_touches_no_list_until_its_signature_is_old(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, other) = (fixture.programme(1).await, fixture.programme(2).await);
    fixture.activates(programme, 1..=3).await;
    fixture.makes_lists().await;
    let path = format!("/redemption/sl/{}/0", programme.series);
    let (.., before) = fixture.asks(&path, None).await;
    for minutes in [1, 60, SIGNATURE_HOURS * 60 - 1] {
        fixture
            .hand
            .move_to(instant(MORNING) + chrono::TimeDelta::minutes(minutes));
        // Looking at something again costs no signature: somebody else's transaction may be under way in this cluster.
        let Work { changed, renewed, .. } = fixture.makes_lists().await;
        assert_eq!((changed, renewed), (0, 0));
    }
    assert_eq!(fixture.asks(&path, None).await.2, before);

    let old = fixture.list(programme, 0).await;
    fixture
        .hand
        .move_to(instant(MORNING) + chrono::TimeDelta::hours(SIGNATURE_HOURS));
    let work = fixture.makes_lists().await;
    assert_eq!((work.changed, work.renewed), (0, 2));
    let new = fixture.list(programme, 0).await;
    assert_eq!(new.shard(), old.shard());
    assert_eq!(new.issued_at - old.issued_at, SIGNATURE_HOURS * 3600);
    assert_eq!(new.expires_at - new.issued_at, LIST_HOURS * 3600);

    // News of one series leaves the other's list alone.
    let (_, headers, _) = fixture.asks(&format!("/redemption/sl/{}/0", other.series), None).await;
    fixture.activates(programme, 4..=4).await;
    assert_eq!(fixture.makes_lists().await.changed, 1);
    let (_, after, _) = fixture.asks(&format!("/redemption/sl/{}/0", other.series), None).await;
    assert_eq!(headers["etag"], after["etag"]);
}

#[testkit::test]
async fn a_list_is_public_and_asked_for_again_cheaply(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let programme = fixture.programme(1).await;
    let path = format!("/redemption/sl/{}/0", programme.series);
    assert_eq!(fixture.asks(&path, None).await.0, StatusCode::NOT_FOUND);
    fixture.activates(programme, 1..=1).await;
    fixture.makes_lists().await;

    let (status, headers, body) = fixture.asks(&path, None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-type"], "application/statuslist+cwt");
    assert_eq!(headers["cache-control"], "public, max-age=60");
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert_eq!(headers["content-length"], body.len().to_string().as_str());
    let tag = headers["etag"].to_str().unwrap();

    for known in [tag.to_owned(), format!("\"0badcafe\", W/{tag}")] {
        let (status, headers, body) = fixture.asks(&path, Some(&known)).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(headers["etag"], tag);
        assert_eq!(headers["access-control-allow-origin"], "*");
    }
    fixture.activates(programme, 2..=2).await;
    fixture.makes_lists().await;
    let (status, headers, _) = fixture.asks(&path, Some(tag)).await;
    assert_eq!(status, StatusCode::OK);

    let (status, _, index) = fixture
        .asks(&format!("/redemption/sl/{}", programme.series), None)
        .await;
    assert_eq!(status, StatusCode::OK);
    let index: Value = serde_json::from_slice(&index).unwrap();
    assert_eq!(index["series"], programme.series);
    assert_eq!(index["shards"][0]["shard"], 0);
    assert_eq!(index["shards"][0]["iat"], instant(MORNING).timestamp());
    assert_eq!(
        format!("\"{}\"", index["shards"][0]["sha256"].as_str().unwrap()),
        headers["etag"].to_str().unwrap()
    );

    for nobodys in [
        format!("/redemption/sl/{}/1", programme.series),
        "/redemption/sl/60000/0".to_owned(),
        "/redemption/sl/60000".to_owned(),
    ] {
        let (status, headers, problem) = fixture.asks(&nobodys, None).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert_eq!(
            serde_json::from_slice::<Value>(&problem).unwrap()["type"],
            "urn:ccn:problem:not-found"
        );
    }
}

#[testkit::test]
async fn a_page_of_another_origin_may_ask_whether_its_list_is_still_the_one(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let request = Request::builder()
        .method("OPTIONS")
        .uri("/redemption/sl/1/0")
        .header("origin", "https://autre.example")
        .header("access-control-request-headers", "if-none-match")
        .body(Body::empty())
        .unwrap();
    let response = fixture.operator.router().oneshot(request).await.unwrap();
    assert!(response.status().is_success());
    assert_eq!(response.headers()["access-control-allow-headers"], "If-None-Match");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
}

#[testkit::test]
async fn a_process_without_a_key_says_so_and_publishes_what_others_signed(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let programme = fixture.programme(1).await;
    let mut without = fixture.config();
    without.status_signer = None;
    assert!(redemption::run_status_list_worker(&without).unwrap().is_none());
    let app = web::frame(redemption::routes(without).split_for_parts().0);
    let ask = |path: String| {
        app.clone()
            .oneshot(Request::builder().uri(path).body(Body::empty()).unwrap())
    };

    let response = ask(format!("/redemption/sl/{}/0", programme.series)).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let problem = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&problem).unwrap()["type"],
        "urn:ccn:problem:no-status-list"
    );

    fixture.makes_lists().await;
    let response = ask(format!("/redemption/sl/{}/0", programme.series)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    // A list that nobody renewed is of no use to anybody.
    fixture
        .hand
        .move_to(instant(MORNING) + chrono::TimeDelta::hours(LIST_HOURS));
    let response = ask(format!("/redemption/sl/{}/0", programme.series)).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[testkit::test]
async fn the_age_of_a_phones_list_is_written_down_with_its_claim(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=3).await;
    let claim = |id: u128, token: &str, list: Value| {
        json!({ "id": Uuid::from_u128(id), "tokens": [token], "service": "bureautique", "date": "2026-03-10",
            "status_list_at": list })
    };
    let first = claim(1, &tokens[0], json!("2026-03-10T09:58:30Z"));
    let receipt = structure.client.post("/redemption/v1/claims", first).await.created();
    assert_eq!(receipt["status_list_at"], "2026-03-10T09:58:30Z");
    let path = format!(
        "/redemption/v1/claims/{}?programme={}",
        receipt["claim_id"].as_str().unwrap(),
        programme.id
    );
    assert_eq!(structure.client.get(&path).await.ok(), receipt);

    // A phone that has synchronised before it tries again sends the same claim.
    let again = claim(1, &tokens[0], json!("2026-03-10T09:59:30Z"));
    assert_eq!(
        structure.client.post("/redemption/v1/claims", again).await.ok(),
        receipt
    );

    let without = structure
        .client
        .post("/redemption/v1/claims", claim(2, &tokens[1], Value::Null))
        .await
        .created();
    assert_eq!(without["status_list_at"], Value::Null);

    let future = claim(3, &tokens[2], json!("2026-03-10T10:05:01Z"));
    let refused = structure.client.post("/redemption/v1/claims", future).await;
    assert_eq!(
        (refused.status, refused.kind().as_str()),
        (422, "status-list-from-future")
    );
}

/// By other people's COSE, zlib and JSON. `scripts/test` says which Python in `TEST_PYTHON`.
#[testkit::test]
async fn a_published_list_is_read_by_an_independent_implementation(pool: PgPool) {
    let Some(python) = std::env::var_os("TEST_PYTHON") else {
        panic!("TEST_PYTHON is not set: run scripts/test, or install tests/requirements.txt and set it to that python")
    };
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=40).await;
    structure.claims(1, &tokens[..25]).await.created();
    for idx in 30..=35 {
        fixture.revokes(programme, idx).await;
    }
    fixture.makes_lists().await;
    let (_, _, list) = fixture
        .asks(&format!("/redemption/sl/{}/0", programme.series), None)
        .await;

    let expected = |place: u32| match place {
        1..=25 => 3,
        30..=35 => 1,
        _ => 0,
    };
    let statuses: serde_json::Map<String, Value> = (1..=40)
        .map(|place| (place.to_string(), json!(expected(place))))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let [list_file, statuses_file] = ["list.cwt", "statuses.json"].map(|name| folder.path().join(name));
    std::fs::write(&list_file, &list).unwrap();
    std::fs::write(&statuses_file, Value::from(statuses).to_string()).unwrap();
    let checker = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/checkers/check_status_list.py");
    let check = |uri: &str, seconds: i64| {
        let output = std::process::Command::new(&python)
            .args(["-B", checker])
            .arg(&list_file)
            .arg(data_encoding::HEXLOWER.encode(&fixture.status_key.public_bytes()))
            .args([uri, &(instant(MORNING).timestamp() + seconds).to_string()])
            .arg(&statuses_file)
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        )
    };
    let uri = fixture.host.status_list_uri(programme.series, 0);
    let (agrees, said) = check(&uri, 0);
    assert!(agrees, "{said}");
    // And it can disagree.
    assert!(!check(&fixture.host.status_list_uri(programme.series, 1), 0).0);
    assert!(!check(&uri, LIST_HOURS * 3600).0);
}

#[testkit::test]
async fn the_lists_of_a_series_are_told_like_this(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, other) = (fixture.programme(1).await, fixture.programme(2).await);
    fixture.activates(programme, 1..=3).await;
    let path = format!("/redemption/sl/{}", programme.series);
    let mut answers = Answers::default();
    answers.add("before any was made", fixture.operator.get(&path).await);
    fixture.makes_lists().await;
    answers.add("made", fixture.operator.get(&path).await).ok();
    answers.add("the list itself", fixture.operator.get(&format!("{path}/0")).await);
    fixture.hand.move_to(instant("2026-03-10T10:30:00Z"));
    fixture.revokes(programme, 2).await;
    fixture.makes_lists().await;
    answers
        .add("after a revocation", fixture.operator.get(&path).await)
        .ok();
    let path = format!("/redemption/sl/{}", other.series);
    answers.add("of a programme without vouchers", fixture.operator.get(&path).await);
    insta::assert_json_snapshot!("status_lists", answers);
}
