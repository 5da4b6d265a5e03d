#![no_main]
//! Any bytes as each of the signed documents: nobody signed them, so none is believed.

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use voucher::{Delegation, KeySet, PublicKey, Purpose, StatusList};
use voucher_fuzz::{AT, LIST_URI, key, public};

// Keys that sign nothing in the corpus.
static ROOTS: LazyLock<[PublicKey; 1]> = LazyLock::new(|| [public(&key(101), Purpose::Root)]);
static KEYS: LazyLock<[PublicKey; 1]> = LazyLock::new(|| [public(&key(102), Purpose::Status)]);

fuzz_target!(|bytes: &[u8]| {
    let _ = Delegation::peek(bytes);
    assert!(Delegation::verify(bytes, &*ROOTS, AT).is_err());
    assert!(KeySet::verify(bytes, &*ROOTS, AT).is_err());
    assert!(StatusList::open(bytes, LIST_URI, &*KEYS).is_err());
});
