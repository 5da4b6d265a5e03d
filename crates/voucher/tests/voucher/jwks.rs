//! JWK Sets: what we publish is read back, what others publish is read, and nothing dangerous is let pass.

use serde_json::{Value, json};
use voucher::{Bounds, JwkSet, JwksError, KeyPolicy, LastDay, PublicKey, Purpose};

use crate::support::{VECTORS, public, unbounded};

fn keys() -> Vec<PublicKey> {
    let policies = [
        KeyPolicy::unbounded(Purpose::Voucher),
        KeyPolicy {
            valid_from: Some(1_700_000_000),
            valid_until: Some(1_900_000_000),
            bounds: Bounds {
                series: 5..=9,
                max_cents: 1000,
                latest_day: LastDay::new(3287),
            },
            withdrawn: true,
            ..KeyPolicy::unbounded(Purpose::Voucher)
        },
        KeyPolicy::unbounded(Purpose::Status),
    ];
    VECTORS
        .keys
        .iter()
        .zip(policies)
        .map(|(key, policy)| public(&key.signing(), policy))
        .collect()
}

fn published() -> Value {
    serde_json::to_value(JwkSet::of(&keys())).expect("a set is serialisable")
}

fn read(set: &Value) -> Result<Vec<PublicKey>, JwksError> {
    JwkSet::read(&set.to_string())
}

/// What reading says after one member of the first key was set.
fn with(member: &str, value: Value) -> Result<Vec<PublicKey>, JwksError> {
    let mut set = published();
    set["keys"][0][member] = value;
    read(&set)
}

#[test]
fn what_is_published_is_read_back() {
    assert_eq!(read(&published()).expect("our own"), keys());
}

#[test]
fn a_published_key_is_plain_to_other_software() {
    let set = published();
    let expected = json!({
        "kty": "OKP", "crv": "Ed25519", "alg": "Ed25519", "use": "sig", "kid": "f741d794",
        "x": "r-DpLUcUlKDTM9oGXdaUT6tl71lHKVNKAJ8s3bKjU5k",
        "ccn": {
            "purpose": "voucher", "valid_from": 1_700_000_000, "valid_until": 1_900_000_000, "series": [5, 9],
            "max_cents": 1000, "latest_day": "2028-12-31", "withdrawn": true,
        },
    });
    assert_eq!(set["keys"][1], expected);
}

#[test]
fn a_plain_set_of_another_tool_is_read() {
    let keys: Vec<_> = VECTORS.keys.iter().map(|key| unbounded(&key.signing())).collect();
    let mut set = published();
    for jwk in set["keys"].as_array_mut().expect("an array") {
        let jwk = jwk.as_object_mut().expect("an object");
        for member in ["ccn", "use", "alg"] {
            jwk.remove(member);
        }
    }
    assert_eq!(read(&set).expect("plain"), keys);
    set["keys"][0]["alg"] = json!("EdDSA");
    set["keys"][0]["kid"] = json!("CBF65C8A");
    assert_eq!(read(&set).expect("as older libraries write it"), keys);
    set["keys"][0].as_object_mut().expect("an object").remove("kid");
    assert_eq!(read(&set).expect("kid is optional"), keys);
}

#[test]
fn keys_of_another_kind_are_passed_over() {
    for (member, value) in [
        ("kty", json!("EC")),
        ("crv", json!("X25519")),
        ("alg", json!("ES256")),
        ("use", json!("enc")),
    ] {
        assert_eq!(with(member, value).expect(member), keys()[1..]);
    }
    let mut set = published();
    set["keys"][0]["ccn"]["purpose"] = json!("checkpoint");
    assert_eq!(read(&set).expect("another purpose"), keys()[1..]);
    assert!(matches!(
        read(&json!({"keys": [{"kty": "RSA"}]})),
        Err(JwksError::Empty)
    ));
}

#[test]
fn a_secret_key_in_the_set_is_an_alarm() {
    assert!(matches!(with("d", json!("AAAA")), Err(JwksError::Secret(1))));
    assert!(matches!(
        read(&json!({"keys": [{"kty": "oct", "k": "AAAA"}]})),
        Err(JwksError::Secret(1))
    ));
}

#[test]
fn a_key_that_disagrees_with_its_identifier_is_refused() {
    assert!(matches!(with("kid", json!("00000000")), Err(JwksError::Kid(1, _, _))));
}

#[test]
fn a_weak_or_mangled_key_is_refused() {
    let identity = format!("AQ{}", "A".repeat(41)); // the neutral point: every signature would do
    for x in [identity.as_str(), "AAAA", "not base64url", ""] {
        assert!(matches!(with("x", json!(x)), Err(JwksError::Key(1))), "{x}");
    }
    assert!(matches!(with("x", json!(1)), Err(JwksError::Member(1, _))));
}

#[test]
fn a_bound_that_cannot_be_read_is_never_no_bound() {
    let ccn = published()["keys"][0]["ccn"].clone();
    for member in ["series", "max_cents", "latest_day", "withdrawn"] {
        let mut without = ccn.clone();
        without.as_object_mut().expect("an object").remove(member);
        assert!(matches!(with("ccn", without), Err(JwksError::Member(1, _))), "{member}");
    }
    let mut more = ccn.clone();
    more["territory"] = json!("21");
    assert!(matches!(with("ccn", more), Err(JwksError::Member(1, _))));
    let mut late = ccn;
    late["latest_day"] = json!("2199-06-07");
    assert!(matches!(with("ccn", late), Err(JwksError::Day(1))));
}

#[test]
fn a_file_that_is_no_set_is_refused() {
    for text in ["", "{}", "[]", "{\"keys\": 1}"] {
        assert!(matches!(JwkSet::read(text), Err(JwksError::Json(_))), "{text}");
    }
}
