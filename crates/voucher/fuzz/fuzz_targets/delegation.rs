#![no_main]
//! Any payload that a root really signed, as a delegation: what is accepted is written again as the same one.

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use voucher::{DELEGATION_TYPE, Delegation, PublicKey, Purpose, SigningKey};
use voucher_fuzz::{AT, key, public, signed};

static ROOT: LazyLock<SigningKey> = LazyLock::new(|| key(3));
static ROOTS: LazyLock<[PublicKey; 1]> = LazyLock::new(|| [public(&ROOT, Purpose::Root)]);

fuzz_target!(|payload: &[u8]| {
    let document = signed(DELEGATION_TYPE, payload, &ROOT);
    let peeked = Delegation::peek(&document);
    if let Ok(delegation) = Delegation::verify(&document, &*ROOTS, AT) {
        let (_, peeked) = peeked.expect("what is believed can be looked at");
        assert_eq!(peeked, delegation);
        assert!((delegation.valid_from..delegation.valid_until).contains(&AT));
        let again = delegation.sign(&*ROOT).expect("signs");
        assert_eq!(Delegation::verify(&again, &*ROOTS, AT), Ok(delegation));
    }
});
