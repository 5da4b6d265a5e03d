//! The code that the public page runs in a browser, under Node: it must accept what we accept and nothing else.

use chrono::NaiveDate;
use e2e::{check_js, write_temporarily};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use voucher::{
    Bounds, Host, Idx, JwkSet, KeyPolicy, Keyring, LastDay, Purpose, SigningKey, Status, StatusList, StatusShard,
    Terms, VoucherId,
};

use crate::tokens::{AT, public, reason, repository, vectors, vectors_ring};

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

/// What the public page's modules say of places in a published list.
fn page_reads(key: &SigningKey, policy: KeyPolicy, list: &[u8], uri: &str, at: i64, idxs: &[u32]) -> Vec<String> {
    let keys = [public(&key.public_bytes(), policy)];
    let jwks = write_temporarily(&serde_json::to_vec(&JwkSet::of(&keys)).expect("plain data"));
    let (assets, list) = (repository("services/redemption/assets"), write_temporarily(list));
    let (at, idxs): (_, Vec<String>) = (at.to_string(), idxs.iter().map(u32::to_string).collect());
    let mut args: Vec<&dyn AsRef<std::ffi::OsStr>> = vec![&assets, &"list"];
    let (jwks, list) = (jwks.path(), list.path());
    args.extend([&jwks as &dyn AsRef<_>, &at, &uri, &list]);
    args.extend(idxs.iter().map(|idx| idx as &dyn AsRef<_>));
    check_js("page.mjs", &args, "").lines().map(str::to_owned).collect()
}

#[test]
fn the_public_page_reads_a_status_list_as_we_write_it_and_believes_no_other() {
    let key = SigningKey::from_seed(&[8; 32].into());
    let host: Host = "cheque.example.fr".parse().expect("a host");
    let uri = host.status_list_uri(7, 1);
    let second = 1 << 20;
    let written = [
        (second, Status::Valid, "unused"),
        (second + 1, Status::Used, "used"),
        (second + 2, Status::Invalid, "blocked"),
        (second + 3, Status::Suspended, "inactive"),
        (second + 500_005, Status::Used, "used"),
        (second + 1_048_575, Status::Valid, "unused"),
    ];
    let mut shard = StatusShard::new();
    for (idx, status, _) in written {
        shard.set(Idx::new(idx).expect("24 bits").place(), status);
    }
    let list = StatusList::new(shard, AT - 60, AT + 3600, 60)
        .sign(&uri, &key)
        .expect("signed");
    let idxs = written.map(|(idx, _, _)| idx);
    let status = || KeyPolicy::unbounded(Purpose::Status);
    let reads = |policy, list: &[u8], uri: &str, at| page_reads(&key, policy, list, uri, at, &idxs);
    assert_eq!(reads(status(), &list, &uri, AT), written.map(|(_, _, word)| word));

    assert_eq!(
        reads(KeyPolicy::unbounded(Purpose::Voucher), &list, &uri, AT),
        ["forged"]
    );
    assert_eq!(
        reads(
            KeyPolicy {
                withdrawn: true,
                ..status()
            },
            &list,
            &uri,
            AT
        ),
        ["forged"]
    );
    assert_eq!(
        reads(
            KeyPolicy {
                valid_until: Some(AT),
                ..status()
            },
            &list,
            &uri,
            AT
        ),
        ["forged"]
    );
    assert_eq!(
        reads(status(), &list, &host.status_list_uri(7, 2), AT),
        ["another list"]
    );
    assert_eq!(reads(status(), &list, &uri, AT + 3600), ["stale"]);
    assert_eq!(reads(status(), &list, &uri, AT - 60 - 301), ["stale"]);
    let mut changed = list.clone();
    let place = changed.len() - 70;
    changed[place] ^= 1;
    assert_eq!(reads(status(), &changed, &uri, AT), ["forged"]);
    assert_eq!(reads(status(), &list[..list.len() - 1], &uri, AT), ["cut off"]);
    assert_eq!(
        reads(status(), &[list.as_slice(), &[0]].concat(), &uri, AT),
        ["something follows"]
    );
}
