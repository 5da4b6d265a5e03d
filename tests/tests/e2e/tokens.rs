//! Tokens between implementations that share no code: ours, `cwt` (Python) and WebCrypto (JavaScript). What one makes the others
//! verify; what one refuses the others refuse, for the same reason where they name one.

use std::path::PathBuf;

use data_encoding::HEXLOWER;
use e2e::{check, check_js};
use serde_json::Value;
use voucher::{Host, Idx, KeyPolicy, Keyring, LastDay, PublicKey, Purpose, Terms, VoucherId};

/// 1 June 2026, noon.
pub(crate) const AT: i64 = 1_780_315_200;

/// Tokens that each foreign library makes.
const MADE: usize = 200;

pub(crate) fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

pub(crate) fn vectors() -> Value {
    let json = std::fs::read_to_string(repository("crates/voucher/tests/vectors/tokens.json")).expect("the vectors");
    serde_json::from_str(&json).expect("JSON")
}

fn bytes<const N: usize>(hex: &Value) -> [u8; N] {
    let hex = hex.as_str().expect("a text").as_bytes();
    HEXLOWER
        .decode(hex)
        .expect("hexadecimal")
        .try_into()
        .expect("the right length")
}

pub(crate) fn public(key: &[u8; 32], policy: KeyPolicy) -> PublicKey {
    PublicKey::new(key, policy).expect("a strong key")
}

/// The ring that believes the vectors' keys.
pub(crate) fn vectors_ring(vectors: &Value) -> Keyring {
    let host = vectors["host"].as_str().expect("a host").parse().expect("a host");
    let keys = vectors["keys"].as_array().expect("keys").iter();
    let unbounded = |key: &Value| public(&bytes(&key["public"]), KeyPolicy::unbounded(Purpose::Voucher));
    Keyring::new(host, keys.map(unbounded).collect())
}

pub(crate) fn reason(ring: &Keyring, text: &str, at: i64) -> &'static str {
    ring.verify(text, at).map_or_else(|error| error.reason(), |_| "valid")
}

#[test]
fn webcrypto_accepts_every_good_vector_and_refuses_every_bad_one_for_our_reason() {
    let vectors = vectors();
    let ring = vectors_ring(&vectors);
    let path = repository("crates/voucher/tests/vectors/tokens.json");
    let said = check_js("tokens.mjs", &[&"verify", &path], "");
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let (valid, invalid) = (
        vectors["valid"].as_array().expect("some"),
        vectors["invalid"].as_array().expect("some"),
    );
    assert_eq!(lines.len(), valid.len() + invalid.len());
    for (line, vector) in lines.iter().skip(valid.len()).zip(invalid) {
        let text = vector
            .get("url")
            .or(vector.get("digits"))
            .and_then(Value::as_str)
            .expect("a text");
        assert_eq!(line["why"], vector["why"]);
        assert_eq!(line["reason"], reason(&ring, text, AT), "{}", vector["why"]);
    }
}

/// Verifies here what was made elsewhere, and that each says what its maker wrote.
fn verify_made(said: &str) {
    let made: Value = serde_json::from_str(said).expect("JSON");
    let key = public(&bytes(&made["public_key"]), KeyPolicy::unbounded(Purpose::Voucher));
    assert_eq!(key.kid().to_string(), made["kid"]);
    let host: Host = "cheque.example.fr".parse().expect("a host");
    let ring = Keyring::new(host.clone(), vec![key]);
    let tokens = made["tokens"].as_array().expect("tokens");
    assert_eq!(tokens.len(), MADE);
    for token in tokens {
        let digits = token["digits"].as_str().expect("digits");
        // Before any day there is: only the signature decides.
        let verified = ring.verify(&format!("{}{digits}", host.prefix()), 0).expect("verified");
        let number = |name: &str| u32::try_from(token[name].as_u64().expect("a number")).expect("small");
        let wanted = Terms {
            series: u16::try_from(number("series")).expect("16 bits"),
            idx: Idx::new(number("idx")).expect("24 bits"),
            cents: u16::try_from(number("cents")).expect("16 bits"),
            day: LastDay::new(u16::try_from(number("day")).expect("16 bits")),
            id: VoucherId::new(bytes(&token["id"])),
        };
        assert_eq!(*verified.terms(), wanted);
    }
}

#[test]
fn tokens_that_webcrypto_made_verify_here() {
    verify_made(&check_js("tokens.mjs", &[&"make", &MADE.to_string()], ""));
}

#[test]
fn tokens_that_python_made_verify_here() {
    verify_made(&check("make_tokens.py", &[&MADE.to_string()]));
}
