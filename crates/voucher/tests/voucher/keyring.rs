//! What the key ring says about genuine vouchers: dates, windows, bounds, withdrawn keys, colliding identifiers.

use voucher::{Bounds, KeyPolicy, Keyring, LastDay, Purpose, SERVER_GRACE_SECONDS, Verified, VerifyError};

use crate::support::{AT, host, key, public, terms, unbounded};

/// The answer for the 10 € voucher, signed by a key with this policy.
fn under(policy: KeyPolicy, at: i64) -> Result<Verified, VerifyError> {
    let key = key("01");
    Keyring::new(host(), vec![public(&key, policy)]).verify(&key.sign(&terms()).to_url(&host()), at)
}

fn policy() -> KeyPolicy {
    KeyPolicy::unbounded(Purpose::Voucher)
}

#[test]
fn a_voucher_stops_at_exp_and_the_server_grants_one_day_more() {
    let key = key("01");
    let ring = Keyring::new(host(), vec![unbounded(&key)]);
    let text = key.sign(&terms()).digits();
    let (exp, last_day) = (terms().day.exp_unix_seconds(), terms().day);
    let expired = Err(VerifyError::Expired { last_day });

    assert!(ring.verify(&text, exp - 1).is_ok());
    assert_eq!(ring.verify(&text, exp), expired);
    assert!(
        ring.verify_with_grace(&text, exp + SERVER_GRACE_SECONDS - 1, SERVER_GRACE_SECONDS)
            .is_ok()
    );
    assert_eq!(
        ring.verify_with_grace(&text, exp + SERVER_GRACE_SECONDS, SERVER_GRACE_SECONDS),
        expired
    );
    assert_eq!(ring.verify(&text, i64::MAX), expired);
    assert!(ring.verify(&text, i64::MIN).is_ok());
    assert!(ring.verify_with_grace(&text, exp, i64::MAX).is_ok());
}

#[test]
fn a_refusal_says_the_last_day_in_french() {
    let error = under(policy(), i64::MAX).expect_err("long past");
    assert_eq!(error.reason(), "expired");
    assert_eq!(
        error.to_string(),
        "Ce chèque est périmé : il était accepté jusqu'au 31/12/2028."
    );
}

#[test]
fn a_key_is_believed_within_its_window() {
    let window = KeyPolicy {
        valid_from: Some(AT),
        valid_until: Some(AT + 10),
        ..policy()
    };
    assert_eq!(under(window.clone(), AT - 1), Err(VerifyError::KeyNotYetValid));
    assert!(under(window.clone(), AT).is_ok());
    assert!(under(window.clone(), AT + 9).is_ok());
    assert_eq!(under(window, AT + 10), Err(VerifyError::KeyExpired));
}

#[test]
fn a_withdrawn_key_is_not_believed_for_anything_it_ever_signed() {
    assert_eq!(
        under(
            KeyPolicy {
                withdrawn: true,
                ..policy()
            },
            AT
        ),
        Err(VerifyError::KeyWithdrawn)
    );
}

#[test]
fn a_status_key_signs_no_vouchers() {
    assert_eq!(
        under(KeyPolicy::unbounded(Purpose::Status), AT),
        Err(VerifyError::WrongPurpose)
    );
}

#[test]
fn a_stolen_key_mints_only_within_its_bounds() {
    let terms = terms();
    let exact = Bounds {
        series: terms.series..=terms.series,
        max_cents: terms.cents,
        latest_day: terms.day,
    };
    let day_before = LastDay::new(terms.day.days() - 1);
    assert!(
        under(
            KeyPolicy {
                bounds: exact.clone(),
                ..policy()
            },
            AT
        )
        .is_ok()
    );
    for bounds in [
        Bounds {
            series: 0..=terms.series - 1,
            ..exact.clone()
        },
        Bounds {
            series: terms.series + 1..=u16::MAX,
            ..exact.clone()
        },
        Bounds {
            max_cents: terms.cents - 1,
            ..exact.clone()
        },
        Bounds {
            latest_day: day_before,
            ..exact
        },
    ] {
        let error = under(KeyPolicy { bounds, ..policy() }, AT).expect_err("out of bounds");
        assert_eq!(error, VerifyError::OutOfBounds);
    }
}

#[test]
fn every_key_with_the_identifier_is_tried() {
    // Two seeds found by search whose keys share their first four thumbprint bytes.
    let (first, second) = (key("013a2a"), key("01717d"));
    assert_eq!(first.kid(), second.kid());
    assert_eq!(first.kid().to_string(), "a43ea935");

    let ring = Keyring::new(host(), vec![unbounded(&first), unbounded(&second)]);
    for key in [&first, &second] {
        assert!(ring.verify(&key.sign(&terms()).digits(), AT).is_ok());
    }
    let one = Keyring::new(host(), vec![unbounded(&first)]);
    assert_eq!(
        one.verify(&second.sign(&terms()).digits(), AT),
        Err(VerifyError::Forged)
    );
    assert!(one.has(second.kid()));
    assert!(!one.has(key("02").kid()));
}

#[test]
fn every_reason_is_its_own_word() {
    let mut reasons: Vec<_> = [
        VerifyError::UnknownKey(key("01").kid()),
        VerifyError::Forged,
        VerifyError::KeyWithdrawn,
        VerifyError::WrongPurpose,
        VerifyError::OutOfBounds,
        VerifyError::KeyNotYetValid,
        VerifyError::KeyExpired,
        VerifyError::Expired { last_day: LastDay::MAX },
        voucher::TextError::Space.into(),
        voucher::TextError::PlainHttp.into(),
        voucher::TextError::OtherHost.into(),
        voucher::TextError::UnknownFormat(voucher::UnknownFormat).into(),
        voucher::TextError::Length.into(),
    ]
    .iter()
    .map(VerifyError::reason)
    .collect();
    let count = reasons.len();
    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!(reasons.len(), count);
}
