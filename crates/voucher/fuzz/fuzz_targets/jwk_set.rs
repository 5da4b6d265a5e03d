#![no_main]
//! Any text as a JWK Set: the keys that are read are written and read again as the same keys with the same policies.

use libfuzzer_sys::fuzz_target;
use voucher::JwkSet;

fuzz_target!(|json: &str| {
    if let Ok(keys) = JwkSet::read(json) {
        assert!(!keys.is_empty());
        let written = serde_json::to_string(&JwkSet::of(&keys)).expect("a set is JSON");
        assert_eq!(JwkSet::read(&written).expect("our own set"), keys);
    }
});
