//! The life of keys: announced, used, overlapping, withdrawn; and the sets in which they are published.

use std::sync::Arc;

use axum::body::Body;
use http::Method;
use issuer::possession_challenge;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;
use voucher::{
    Bounds, Delegation, JwkSet, KEY_SET_SECONDS_MAX, KeyPolicy, KeySet, Keyring, PublicKey, Purpose, Signer, SigningKey,
};

use crate::fixture::{Fixture, HOST, ROOT_SEED, instant, uuid};

const MORNING: &str = "2026-05-04T08:00:00Z";

fn key(seed: u8) -> Arc<SigningKey> {
    Arc::new(SigningKey::from_seed(&[seed; 32].into()))
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// What `ccn keys publish` sends.
fn publication(key: &SigningKey, purpose: Purpose, from: &str, until: &str) -> Value {
    let public = key.public_bytes();
    let proof = key.sign_bytes(&possession_challenge(&public, purpose)).unwrap();
    json!({"public_key": hex(&public), "purpose": purpose, "valid_from": from, "valid_until": until, "proof": hex(&proof)})
}

impl Fixture {
    /// The operator publishes the voucher key of `seed`, and it is loaded.
    async fn announces(&self, seed: u8, from: &str) -> Arc<SigningKey> {
        let key = key(seed);
        let body = publication(&key, Purpose::Voucher, from, "2029-01-01T00:00:00Z");
        self.operator.post("/issuer/v1/keys", body).await.created();
        self.holds(&[9, seed]);
        key
    }

    fn holds(&self, seeds: &[u8]) {
        self.signers
            .replace(seeds.iter().map(|&seed| key(seed) as Arc<dyn Signer>));
    }

    async fn withdraws(&self, n: u128, kid: &str, reason: &str) -> testkit::Answer {
        let body = json!({"id": uuid(n), "reason": reason});
        self.operator
            .post(&format!("/issuer/v1/keys/{kid}/withdrawal"), body)
            .await
    }

    /// The texts of a batch's QR codes.
    async fn texts(&self, batch: Uuid) -> Vec<String> {
        let csv = self
            .sponsor
            .get(&self.path(&format!("batches/{batch}/vouchers.csv")))
            .await;
        assert_eq!(csv.status, 200, "{}", csv.text());
        csv.text()
            .lines()
            .skip(1)
            .map(|line| line.split(',').nth(1).unwrap().to_owned())
            .collect()
    }

    async fn keyring(&self) -> Keyring {
        catalogue::keyring(&self.owner, HOST.parse().unwrap()).await.unwrap()
    }

    /// The root allows the key-set key of seed 21 until `until`, and all of it is published.
    async fn delegates(&self, until: &str) {
        let delegate = key(21);
        let mut body = publication(&delegate, Purpose::KeySet, MORNING, "2028-01-01T00:00:00Z");
        body["short_notice"] = true.into();
        self.operator.post("/issuer/v1/keys", body).await.created();
        self.holds(&[9, 21]);
        let answer = self.publishes_delegation(&delegation(&delegate, until)).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }

    async fn publishes_delegation(&self, document: &[u8]) -> testkit::Answer {
        self.operator
            .send(
                Method::POST,
                "/issuer/v1/keys/delegations",
                Some((document.to_vec(), "application/cose")),
            )
            .await
    }
}

fn delegation(delegate: &SigningKey, until: &str) -> Vec<u8> {
    let says = Delegation {
        delegate: delegate.public_bytes(),
        valid_from: instant(MORNING).timestamp(),
        valid_until: instant(until).timestamp(),
        bounds: Bounds {
            max_cents: 2000,
            ..Bounds::NONE
        },
    };
    says.sign(&SigningKey::from_seed(&ROOT_SEED.into())).unwrap()
}

fn roots() -> Vec<PublicKey> {
    let root = SigningKey::from_seed(&ROOT_SEED.into());
    vec![PublicKey::new(&root.public_bytes(), KeyPolicy::unbounded(Purpose::Root)).unwrap()]
}

fn kids(keys: &[PublicKey]) -> Vec<String> {
    let mut kids: Vec<String> = keys.iter().map(|key| key.kid().to_string()).collect();
    kids.sort();
    kids
}

#[testkit::test]
async fn a_key_follows_another_and_nothing_is_printed_again(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let first = fixture.minted(500, 2).await;
    let next = fixture.announces(31, "2026-05-11T08:00:00Z").await;
    // Announced and loaded, it is not used before its day.
    let before = fixture.minted(501, 2).await;
    fixture.clock.move_to(instant("2026-05-11T08:00:00Z"));
    let after = fixture.minted(502, 2).await;

    let keyring = fixture.keyring().await;
    let at = instant("2026-05-12T08:00:00Z").timestamp();
    for (batch, signer) in [(first, key(9)), (before, key(9)), (after, next)] {
        for text in fixture.texts(batch).await {
            assert_eq!(keyring.verify(&text, at).unwrap().kid(), signer.kid());
        }
    }
    // The same paper, whenever it is printed.
    assert_eq!(fixture.texts(first).await, fixture.texts(first).await);
}

#[testkit::test]
async fn a_withdrawn_key_takes_its_vouchers_with_it_and_no_others(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let old = fixture.minted(500, 2).await;
    let next = fixture.announces(31, "2026-05-11T08:00:00Z").await;
    fixture.clock.move_to(instant("2026-05-11T08:00:00Z"));
    let stolen = fixture.minted(501, 2).await;
    let kid = next.kid().to_string();

    fixture.withdraws(1, &kid, " ").await.refused("reason-missing");
    assert_eq!(
        fixture.withdraws(1, &kid, "clé copiée").await.created()["state"],
        "withdrawn"
    );
    let again = fixture.withdraws(1, &kid, "clé copiée").await.ok();
    assert_eq!(again["withdrawn_reason"], "clé copiée");
    fixture
        .withdraws(1, &kid, "autre motif")
        .await
        .refused("same-id-other-content");
    fixture.withdraws(2, &kid, "clé copiée").await.refused("key-withdrawn");
    fixture.withdraws(3, "00000000", "x").await.refused("not-found");
    assert_eq!(fixture.traces("key.withdraw").await, 1);

    let keyring = fixture.keyring().await;
    let at = instant("2026-05-12T08:00:00Z").timestamp();
    for text in fixture.texts(old).await {
        keyring.verify(&text, at).unwrap();
    }
    for text in fixture.texts(stolen).await {
        assert_eq!(keyring.verify(&text, at).unwrap_err().reason(), "key_withdrawn");
    }
    // The mint goes back to the key that is left.
    let later = fixture.minted(502, 2).await;
    for text in fixture.texts(later).await {
        assert_eq!(keyring.verify(&text, at).unwrap().kid(), key(9).kid());
    }
}

#[testkit::test]
async fn without_a_key_that_may_sign_nothing_is_minted_and_the_reason_is_told(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = uuid(500);
    fixture
        .sponsor
        .post(&fixture.path("orders"), json!({"id": batch, "booklets": 2}))
        .await
        .created();
    let mint = fixture.path(&format!("batches/{batch}/mint"));
    let cheap = key(31);
    let mut body = publication(&cheap, Purpose::Voucher, MORNING, "2029-01-01T00:00:00Z");
    body["short_notice"] = true.into();
    body["max_face_value"] = "9.99".into();
    fixture.operator.post("/issuer/v1/keys", body).await.created();
    fixture.holds(&[31]);
    let told = fixture.sponsor.post(&mint, json!({})).await.refused("no-signing-key");
    assert!(
        told["detail"].as_str().unwrap().contains("dépasse ses limites"),
        "{told}"
    );
    fixture.holds(&[31, 9]);
    fixture.sponsor.post(&mint, json!({})).await.ok();
}

#[testkit::test]
async fn a_key_is_announced_in_time_by_who_holds_it_and_never_changed(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let publish = |body: Value| fixture.operator.post("/issuer/v1/keys", body);
    let body = publication(
        &key(31),
        Purpose::Voucher,
        "2026-05-11T08:00:00Z",
        "2029-01-01T00:00:00Z",
    );
    let edited = |name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    publish(edited("valid_from", "2026-05-11T07:59:59Z".into()))
        .await
        .refused("key-notice");
    publish(edited("valid_until", "2026-05-11T08:00:00Z".into()))
        .await
        .refused("key-window");
    publish(edited("valid_until", "2036-06-01T00:00:00Z".into()))
        .await
        .refused("key-window");
    publish(edited("latest_day", "2028-12-28".into()))
        .await
        .refused("key-ends-early");
    publish(edited("first_series", 9.into())).await.created();
    publish(edited("first_series", 9.into())).await.ok();
    publish(body.clone()).await.refused("same-id-other-content");

    // Somebody else's key, the right key for another purpose, and a key under which anybody can forge.
    let mut theirs = publication(
        &key(33),
        Purpose::Voucher,
        "2026-05-11T08:00:00Z",
        "2029-01-01T00:00:00Z",
    );
    theirs["public_key"] = hex(&key(34).public_bytes()).into();
    publish(theirs).await.refused("key-possession");
    let mut status = publication(
        &key(33),
        Purpose::Voucher,
        "2026-05-11T08:00:00Z",
        "2029-01-01T00:00:00Z",
    );
    status["purpose"] = "status".into();
    publish(status).await.refused("key-possession");
    let mut weak = body.clone();
    weak["public_key"] = format!("{:0>64}", "").into();
    publish(weak).await.refused("key-weak");
    fixture.sponsor.post("/issuer/v1/keys", body).await.refused("forbidden");
    assert_eq!(fixture.traces("key.publish").await, 1);

    let list = fixture.operator.get("/issuer/v1/keys").await.ok();
    let listed: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (key["state"].clone(), key["loaded"].clone()))
        .collect();
    assert_eq!(
        listed,
        [(json!("active"), json!(true)), (json!("announced"), json!(false))]
    );
    assert_eq!(list[1]["latest_day"], "2028-12-27");
    fixture.sponsor.get("/issuer/v1/keys").await.refused("forbidden");
}

#[testkit::test]
async fn every_published_form_lists_the_same_keys(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    fixture.delegates("2027-05-04T08:00:00Z").await;
    let next = fixture.announces(31, "2026-05-11T08:00:00Z").await;
    let gone = fixture.announces(32, "2026-05-11T08:00:00Z").await;
    fixture.holds(&[9, 21]);
    let mut status = publication(&key(41), Purpose::Status, MORNING, "2029-01-01T00:00:00Z");
    status["short_notice"] = true.into();
    fixture.operator.post("/issuer/v1/keys", status).await.created();
    fixture
        .withdraws(1, &gone.kid().to_string(), "clé copiée")
        .await
        .created();

    let at = instant(MORNING).timestamp();
    let jwks = fixture.operator.get("/.well-known/jwks.json").await;
    let jwks = JwkSet::read(&jwks.text()).unwrap();
    let signed = fixture.operator.get("/.well-known/ccn-key-set").await;
    let set = KeySet::verify(&signed.bytes, &roots(), at).unwrap();
    assert_eq!(kids(&jwks), kids(&set.keys));
    assert_eq!(jwks.len(), 4);
    assert!(kids(&jwks).contains(&next.kid().to_string()));
    let withdrawn: Vec<_> = set
        .keys
        .iter()
        .filter(|key| key.policy().withdrawn)
        .map(PublicKey::kid)
        .collect();
    assert_eq!(withdrawn, [gone.kid()]);
    assert_eq!(set.series.len(), 1);
    assert_eq!(set.series[0].name, "Chèques de Côte-d'Or 2026");

    let usable: Vec<PublicKey> = jwks.into_iter().filter(|key| !key.policy().withdrawn).collect();
    let cose = fixture.operator.get("/.well-known/cose-keys").await;
    assert_eq!(cose.bytes, voucher::cose_key_set(&usable));

    let jwt = fixture.operator.get("/.well-known/jwks.jwt").await.text();
    let part = |n: usize| {
        data_encoding::BASE64URL_NOPAD
            .decode(jwt.split('.').nth(n).unwrap().as_bytes())
            .unwrap()
    };
    let header: Value = serde_json::from_slice(&part(0)).unwrap();
    assert_eq!(
        (&header["typ"], &header["alg"]),
        (&json!("jwk-set+jwt"), &json!("Ed25519"))
    );
    let delegate = PublicKey::new(&key(21).public_bytes(), KeyPolicy::unbounded(Purpose::KeySet)).unwrap();
    let (message, _) = jwt.rsplit_once('.').unwrap();
    assert!(delegate.verifies(message.as_bytes(), &part(2).try_into().unwrap()));
    let inside = JwkSet::read(std::str::from_utf8(&part(1)).unwrap()).unwrap();
    assert_eq!(kids(&inside), kids(&set.keys));
}

#[testkit::test]
async fn the_signed_set_is_made_anew_each_day_and_at_each_change(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let path = "/.well-known/ccn-key-set";
    fixture.operator.get(path).await.refused("not-found");
    fixture.delegates("2027-05-04T08:00:00Z").await;
    let get = async || fixture.operator.get(path).await.bytes;
    let first = get().await;
    let read = |bytes: &[u8], at: &str| KeySet::verify(bytes, &roots(), instant(at).timestamp());
    let set = read(&first, MORNING).unwrap();
    assert_eq!(set.expires_at - set.issued_at, KEY_SET_SECONDS_MAX);
    // The root allows 20 € at most, so no key of the set may do more.
    assert!(set.keys.iter().all(|key| key.policy().bounds.max_cents <= 2000));

    fixture.clock.move_to(instant("2026-05-04T18:00:00Z"));
    assert_eq!(get().await, first);
    fixture
        .withdraws(1, &key(9).kid().to_string(), "clé copiée")
        .await
        .created();
    let changed = read(&get().await, "2026-05-04T18:00:00Z").unwrap();
    assert!(changed.replaces(&set) && changed.keys[0].policy().withdrawn);
    fixture.clock.move_to(instant("2026-05-05T07:00:00Z"));
    let next_day = read(&get().await, "2026-05-05T07:00:00Z").unwrap();
    assert_eq!(next_day.issued_at, instant("2026-05-05T00:00:00Z").timestamp());
    assert!(read(&first, "2026-05-12T08:00:00Z").is_err());

    // After its delegation, nobody signs.
    fixture.clock.move_to(instant("2027-05-04T08:00:00Z"));
    fixture.operator.get(path).await.refused("not-found");
}

#[testkit::test]
async fn a_delegation_is_taken_only_from_a_trusted_root_for_a_published_key(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let stranger = delegation(&key(21), "2027-05-04T08:00:00Z");
    fixture.publishes_delegation(&stranger).await.refused("delegation");
    fixture.delegates("2027-05-04T08:00:00Z").await;
    let document = delegation(&key(21), "2027-05-04T08:00:00Z");
    assert_eq!(fixture.publishes_delegation(&document).await.status, 200);
    let says = Delegation::peek(&document).unwrap().1;
    let forged = says.sign(&*key(66)).unwrap();
    let told = fixture.publishes_delegation(&forged).await.refused("delegation");
    assert!(
        told["detail"].as_str().unwrap().contains("racines de confiance"),
        "{told}"
    );
    fixture
        .publishes_delegation(&delegation(&key(21), "2028-05-04T08:00:00Z"))
        .await
        .refused("delegation");
    fixture
        .publishes_delegation(b"not a delegation")
        .await
        .refused("delegation");
    assert_eq!(fixture.traces("key.delegate").await, 1);
}

#[testkit::test]
async fn published_keys_are_cached_and_asked_for_again_cheaply(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    fixture.delegates("2027-05-04T08:00:00Z").await;
    for path in [
        "/.well-known/jwks.json",
        "/.well-known/cose-keys",
        "/.well-known/ccn-key-set",
        "/.well-known/jwks.jwt",
    ] {
        let ask = async |tag: Option<&str>| {
            let mut request = http::Request::builder().method(Method::GET).uri(path);
            if let Some(tag) = tag {
                request = request.header("if-none-match", tag);
            }
            fixture.operator.respond(request, Body::empty()).await
        };
        let first = ask(None).await;
        assert_eq!(first.status(), 200, "{path}");
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        let fresh = first.headers()["cache-control"].to_str().unwrap();
        assert!(
            fresh.contains("public, max-age=") && fresh.contains("stale-if-error="),
            "{fresh}"
        );
        for held in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
            assert_eq!(ask(Some(&held)).await.status(), 304, "{path}");
        }
        assert_eq!(ask(Some("\"other\"")).await.status(), 200, "{path}");
    }
}
