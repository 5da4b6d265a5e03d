//! Tokens between implementations that share no code: ours, `cwt` (Python), WebCrypto (JavaScript), and the public page's own.
//! What one makes the others verify; what one refuses the others refuse, for the same reason where they name one.

use std::path::PathBuf;

use chrono::NaiveDate;
use data_encoding::HEXLOWER;
use e2e::{check, check_js, write_temporarily};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use voucher::{
    Bounds, Host, Idx, JwkSet, KeyPolicy, Keyring, LastDay, PublicKey, Purpose, SigningKey, Terms, VoucherId,
};

/// 1 June 2026, noon.
const AT: i64 = 1_780_315_200;

/// Tokens that each foreign library makes.
const MADE: usize = 200;

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn vectors() -> Value {
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

fn public(key: &[u8; 32], policy: KeyPolicy) -> PublicKey {
    PublicKey::new(key, policy).expect("a strong key")
}

/// The ring that believes the vectors' keys.
fn vectors_ring(vectors: &Value) -> Keyring {
    let host = vectors["host"].as_str().expect("a host").parse().expect("a host");
    let keys = vectors["keys"].as_array().expect("keys").iter();
    let unbounded = |key: &Value| public(&bytes(&key["public"]), KeyPolicy::unbounded(Purpose::Voucher));
    Keyring::new(host, keys.map(unbounded).collect())
}

fn reason(ring: &Keyring, text: &str, at: i64) -> &'static str {
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

#[test]
fn the_public_page_refuses_signatures_that_only_a_lenient_check_accepts() {
    let said = check_js("page.mjs", &[&repository("services/redemption/assets"), &"lenient"], "");
    assert_eq!(said.lines().count(), 6, "{said}");
}

/// What the public page's modules say of each text, under the keys of `ring`.
fn page_says(ring: &Keyring, texts: &[String], at: i64) -> Vec<String> {
    let jwks = write_temporarily(&serde_json::to_vec(&JwkSet::of(ring.keys())).expect("plain data"));
    let assets = repository("services/redemption/assets");
    let input: String = texts.iter().flat_map(|text| [text, "\n"]).collect();
    let said = check_js("page.mjs", &[&assets, &jwks.path(), &at.to_string()], &input);
    said.lines().map(str::to_owned).collect()
}

/// The page and we say the same of each text; gives what.
fn agree(ring: &Keyring, texts: &[String], at: i64) -> Vec<&'static str> {
    let page = page_says(ring, texts, at);
    assert_eq!(page.len(), texts.len());
    let ours: Vec<_> = texts.iter().map(|text| reason(ring, text, at)).collect();
    for ((text, page), ours) in texts.iter().zip(&page).zip(&ours) {
        assert_eq!(page, ours, "of {text}");
    }
    ours
}

#[test]
fn the_public_page_says_of_every_vector_what_we_say() {
    let vectors = vectors();
    let ring = vectors_ring(&vectors);
    let all = ["valid", "invalid"]
        .map(|kind| vectors[kind].as_array().expect("vectors").clone())
        .concat();
    // The page stands on one host and sees only what follows the #.
    let digits = all.iter().filter_map(|vector| vector["digits"].as_str());
    let texts: Vec<String> = digits.filter(|text| !text.contains('\n')).map(str::to_owned).collect();
    let said = agree(&ring, &texts, AT);
    assert!(["valid", "forged", "expired"].iter().all(|word| said.contains(word)));
}

#[test]
fn the_public_page_holds_keys_to_the_same_bounds() {
    let key = SigningKey::from_seed(&[9; 32].into());
    let terms = Terms {
        series: 7,
        idx: Idx::new(5).expect("24 bits"),
        cents: 1000,
        day: LastDay::from_date(NaiveDate::from_ymd_opt(2026, 12, 31).expect("a day")).expect("in range"),
        id: VoucherId::new([3; 8]),
    };
    let host: Host = "cheque.example.fr".parse().expect("a host");
    let digits = key.sign(&terms).digits();
    let exp = terms.day.exp_unix_seconds();
    let unbounded = || KeyPolicy::unbounded(Purpose::Voucher);
    let bounded = |bounds| KeyPolicy { bounds, ..unbounded() };
    let earlier = LastDay::new(terms.day.days() - 1);
    let policies = [
        (unbounded(), "valid"),
        (
            KeyPolicy {
                withdrawn: true,
                ..unbounded()
            },
            "key_withdrawn",
        ),
        (KeyPolicy::unbounded(Purpose::Status), "wrong_purpose"),
        (
            bounded(Bounds {
                series: 7..=7,
                max_cents: 1000,
                latest_day: terms.day,
            }),
            "valid",
        ),
        (
            bounded(Bounds {
                series: 8..=9,
                ..Bounds::NONE
            }),
            "out_of_bounds",
        ),
        (
            bounded(Bounds {
                max_cents: 999,
                ..Bounds::NONE
            }),
            "out_of_bounds",
        ),
        (
            bounded(Bounds {
                latest_day: earlier,
                ..Bounds::NONE
            }),
            "out_of_bounds",
        ),
        (
            KeyPolicy {
                valid_from: Some(AT),
                valid_until: Some(AT + 1),
                ..unbounded()
            },
            "valid",
        ),
        (
            KeyPolicy {
                valid_from: Some(AT + 1),
                ..unbounded()
            },
            "key_not_yet_valid",
        ),
        (
            KeyPolicy {
                valid_until: Some(AT),
                ..unbounded()
            },
            "key_expired",
        ),
    ];
    let say = |policy: KeyPolicy, at: i64, expected: &str| {
        let ring = Keyring::new(host.clone(), vec![public(&key.public_bytes(), policy)]);
        assert_eq!(reason(&ring, &digits, at), expected);
        assert_eq!(page_says(&ring, std::slice::from_ref(&digits), at), [expected]);
    };
    for (policy, expected) in policies {
        say(policy, AT, expected);
    }
    say(unbounded(), exp - 1, "valid");
    say(unbounded(), exp, "expired");
}

#[test]
fn the_public_page_agrees_on_a_thousand_altered_tokens() {
    let vectors = vectors();
    let ring = vectors_ring(&vectors);
    let valid: Vec<&str> = vectors["valid"]
        .as_array()
        .expect("some")
        .iter()
        .filter_map(|v| v["digits"].as_str())
        .collect();
    let mut random = StdRng::seed_from_u64(3);
    let altered = |_| {
        let mut digits: Vec<char> = valid[random.random_range(0..valid.len())].chars().collect();
        let place = random.random_range(0..digits.len());
        digits[place] = char::from_digit(random.random_range(0..10), 10).expect("a digit");
        digits.into_iter().collect::<String>()
    };
    let texts: Vec<String> = (0..1000).map(altered).collect();
    agree(&ring, &texts, AT);
}
