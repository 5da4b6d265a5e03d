//! The signed key set: from a pinned root to the keys of today, and no further than the root allows.

use voucher::{
    Bounds, Delegation, DelegationError, KEY_SET_SECONDS_MAX, KeyPolicy, KeySet, KeySetError, Keyring, LastDay,
    PublicKey, Purpose, SeriesFacts, SigningKey, VerifyError,
};

use crate::support::{AT, host, key, public, terms};

const YEAR: i64 = 365 * 86_400;

struct Chain {
    roots: Vec<PublicKey>,
    root: SigningKey,
    delegate: SigningKey,
    minting: SigningKey,
}

fn chain() -> Chain {
    let (root, delegate, minting) = (key("0a"), key("0b"), key("0c"));
    let roots = [&root, &key("0d")].map(|root| public(root, KeyPolicy::unbounded(Purpose::Root)));
    Chain {
        roots: roots.into(),
        root,
        delegate,
        minting,
    }
}

fn bounds() -> Bounds {
    Bounds {
        series: 1..=300,
        max_cents: 20_00,
        latest_day: LastDay::new(4000),
    }
}

impl Chain {
    fn delegation(&self) -> Delegation {
        Delegation {
            delegate: self.delegate.public_bytes(),
            valid_from: AT - 10,
            valid_until: AT + YEAR,
            bounds: bounds(),
        }
    }

    fn set(&self, policy: KeyPolicy) -> KeySet {
        KeySet {
            issued_at: AT,
            expires_at: AT + KEY_SET_SECONDS_MAX,
            keys: vec![
                public(&self.minting, policy),
                public(&key("0e"), KeyPolicy::unbounded(Purpose::Status)),
            ],
            series: vec![SeriesFacts {
                series: 263,
                programme: [7; 16],
                name: "Chèques de Côte-d'Or".to_owned(),
                printed_day: LastDay::new(3256),
            }],
        }
    }

    fn signed(&self, set: &KeySet) -> Vec<u8> {
        set.sign(&self.delegation().sign(&self.root).unwrap(), &self.delegate)
            .unwrap()
    }

    fn verify(&self, bytes: &[u8], at: i64) -> Result<KeySet, KeySetError> {
        KeySet::verify(bytes, &self.roots, at)
    }
}

fn policy() -> KeyPolicy {
    KeyPolicy {
        valid_from: Some(AT - 5),
        valid_until: None,
        bounds: bounds(),
        ..KeyPolicy::unbounded(Purpose::Voucher)
    }
}

#[test]
fn a_phone_that_pins_a_root_verifies_vouchers_with_todays_keys() {
    let chain = chain();
    let set = chain.set(policy());
    let read = chain.verify(&chain.signed(&set), AT + 60).unwrap();
    assert_eq!(read, set);
    let ring = Keyring::new(host(), read.keys);
    let text = chain.minting.sign(&terms()).to_url(&host());
    assert_eq!(ring.verify(&text, AT + 60).unwrap().terms(), &terms());
}

#[test]
fn a_withdrawn_key_travels_with_its_state() {
    let chain = chain();
    let withdrawn = KeyPolicy {
        withdrawn: true,
        ..policy()
    };
    let read = chain.verify(&chain.signed(&chain.set(withdrawn)), AT).unwrap();
    let text = chain.minting.sign(&terms()).to_url(&host());
    assert_eq!(
        Keyring::new(host(), read.keys).verify(&text, AT),
        Err(VerifyError::KeyWithdrawn)
    );
}

#[test]
fn a_set_dies_after_a_week_and_cannot_claim_more() {
    let chain = chain();
    let bytes = chain.signed(&chain.set(policy()));
    assert!(chain.verify(&bytes, AT + KEY_SET_SECONDS_MAX - 1).is_ok());
    assert_eq!(chain.verify(&bytes, AT + KEY_SET_SECONDS_MAX), Err(KeySetError::Stale));
    let longer = KeySet {
        expires_at: AT + KEY_SET_SECONDS_MAX + 1,
        ..chain.set(policy())
    };
    assert_eq!(chain.verify(&chain.signed(&longer), AT), Err(KeySetError::Stale));
    let early = KeySet {
        issued_at: AT + 3600,
        ..chain.set(policy())
    };
    assert_eq!(chain.verify(&chain.signed(&early), AT), Err(KeySetError::Stale));
}

#[test]
fn an_older_set_never_replaces_a_newer_one() {
    let chain = chain();
    let held = chain.set(policy());
    let older = KeySet {
        issued_at: AT - 1,
        ..held.clone()
    };
    assert!(!older.replaces(&held) && !held.replaces(&held) && held.replaces(&older));
}

#[test]
fn nobody_but_the_delegate_of_a_pinned_root_signs_sets() {
    let chain = chain();
    let set = chain.set(policy());
    let delegation = chain.delegation().sign(&chain.root).unwrap();
    let by_another = set.sign(&delegation, &chain.minting).unwrap();
    assert_eq!(chain.verify(&by_another, AT), Err(KeySetError::Forged));
    let own_root = chain.delegation().sign(&key("0f")).unwrap();
    let self_made = set.sign(&own_root, &chain.delegate).unwrap();
    assert_eq!(chain.verify(&self_made, AT), Err(DelegationError::Forged.into()));
    let voucher_key_as_root = vec![public(&chain.root, KeyPolicy::unbounded(Purpose::Voucher))];
    let bytes = chain.signed(&set);
    assert_eq!(
        KeySet::verify(&bytes, &voucher_key_as_root, AT),
        Err(DelegationError::Forged.into())
    );
}

#[test]
fn a_delegation_holds_for_its_time_only() {
    let chain = chain();
    let set = chain.set(policy());
    for (valid_from, valid_until) in [(AT + 1, AT + YEAR), (AT - YEAR, AT), (AT - 1, AT + 2 * YEAR)] {
        let delegation = Delegation {
            valid_from,
            valid_until,
            ..chain.delegation()
        };
        let bytes = set
            .sign(&delegation.sign(&chain.root).unwrap(), &chain.delegate)
            .unwrap();
        assert_eq!(chain.verify(&bytes, AT), Err(DelegationError::OutOfTime.into()));
    }
}

#[test]
fn no_key_may_do_more_than_the_root_allowed() {
    let chain = chain();
    let wider = [
        Bounds {
            series: 0..=300,
            ..bounds()
        },
        Bounds {
            series: 1..=301,
            ..bounds()
        },
        Bounds {
            max_cents: 20_01,
            ..bounds()
        },
        Bounds {
            latest_day: LastDay::new(4001),
            ..bounds()
        },
        Bounds::NONE,
    ];
    for bounds in wider {
        let bytes = chain.signed(&chain.set(KeyPolicy { bounds, ..policy() }));
        assert_eq!(chain.verify(&bytes, AT), Err(KeySetError::BeyondDelegation));
    }
}

#[test]
fn every_changed_byte_of_a_set_is_noticed() {
    let chain = chain();
    let bytes = chain.signed(&chain.set(policy()));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(chain.verify(&changed, AT).is_err(), "byte {at}");
        assert!(chain.verify(&bytes[..at], AT).is_err(), "{at} bytes");
    }
}

/// A set signed by the right key whose list says that it has 2⁶³ keys: refused without making room for them.
#[test]
fn a_length_that_lies_allocates_nothing() {
    let chain = chain();
    let delegation = chain.delegation().sign(&chain.root).unwrap();
    let mut payload = minicbor::Encoder::new(Vec::new());
    payload
        .map(5)
        .unwrap()
        .u8(4)
        .unwrap()
        .i64(AT + 60)
        .unwrap()
        .u8(6)
        .unwrap()
        .i64(AT)
        .unwrap();
    payload
        .i64(-65_539)
        .unwrap()
        .bytes(&delegation)
        .unwrap()
        .i64(-65_540)
        .unwrap()
        .array(1 << 63)
        .unwrap();
    let bytes = crate::support::sign1(&chain.delegate, "application/ccn-key-set+cwt", &payload.into_writer());
    assert_eq!(chain.verify(&bytes, AT), Err(KeySetError::Malformed));
}

#[test]
fn a_cose_key_set_has_the_same_keys_less_the_withdrawn() {
    let chain = chain();
    let withdrawn = KeyPolicy {
        withdrawn: true,
        ..policy()
    };
    let keys = [public(&chain.minting, policy()), public(&key("11"), withdrawn)];
    let set = voucher::cose_key_set(&keys);
    let mut decoder = minicbor::Decoder::new(&set);
    assert_eq!(decoder.array().unwrap(), Some(1));
    assert_eq!(decoder.map().unwrap(), Some(6));
    assert_eq!((decoder.u8().unwrap(), decoder.u8().unwrap()), (1, 1), "kty: OKP");
    assert_eq!(decoder.u8().unwrap(), 2);
    assert_eq!(decoder.bytes().unwrap(), chain.minting.kid().to_bytes());
}
