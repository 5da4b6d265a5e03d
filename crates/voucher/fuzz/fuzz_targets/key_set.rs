#![no_main]
//! Any payload that the delegated key really signed, as a key set: nothing beyond the delegation gets through.

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use voucher::{KEY_SET_TYPE, KeySet, PublicKey, Purpose, SigningKey};
use voucher_fuzz::{AT, key, public, signed};

// The corpus holds a delegation from key 3 to key 4, whose vouchers are at most 20 €.
static DELEGATE: LazyLock<SigningKey> = LazyLock::new(|| key(4));
static ROOTS: LazyLock<[PublicKey; 1]> = LazyLock::new(|| [public(&key(3), Purpose::Root)]);

fuzz_target!(|payload: &[u8]| {
    let document = signed(KEY_SET_TYPE, payload, &DELEGATE);
    if let Ok(set) = KeySet::verify(&document, &*ROOTS, AT) {
        assert!(set.expires_at > AT);
        for key in &set.keys {
            let policy = key.policy();
            assert!(matches!(policy.purpose, Purpose::Voucher | Purpose::Status));
            assert!(policy.purpose != Purpose::Voucher || policy.bounds.max_cents <= 20_00);
        }
    }
});
