#![no_main]
//! Any payload that a status key really signed, as a status list: bounded memory, and what is read is written again the same.

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use voucher::{PublicKey, Purpose, SHARD_PLACES, STATUS_LIST_TYPE, SigningKey, StatusList};
use voucher_fuzz::{AT, LIST_URI, key, public, signed};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| key(5));
static KEYS: LazyLock<[PublicKey; 1]> = LazyLock::new(|| [public(&KEY, Purpose::Status)]);

fuzz_target!(|payload: &[u8]| {
    let document = signed(STATUS_LIST_TYPE, payload, &KEY);
    if let Ok(list) = StatusList::open(&document, LIST_URI, &*KEYS) {
        // The last place exists.
        let _ = list.shard().get(SHARD_PLACES - 1);
        let _ = list.age_seconds(AT);
        let again = list.sign(LIST_URI, &*KEY).expect("signs");
        let again = StatusList::open(&again, LIST_URI, &*KEYS).expect("our own document");
        assert_eq!(
            (again.issued_at, again.expires_at, again.ttl_seconds),
            (list.issued_at, list.expires_at, list.ttl_seconds)
        );
    }
});
