//! The public keys as a `COSE_KeySet` (RFC 9052 § 7), for software that speaks COSE and not JSON.

use crate::PublicKey;
use crate::cose::{self, Cbor};

/// The media type of a `COSE_KeySet` (RFC 9052 § 11.3).
pub const COSE_KEY_SET_TYPE: &str = "application/cose-key-set";

const VERIFY: u8 = 2; // key operation, RFC 9052 § 7.1

/// The keys that may be used, in their order: `{1: 1, 2: kid, 3: -19, 4: [2], -1: 6, -2: x}` each.
///
/// A `COSE_Key` has no room for windows and bounds, and a withdrawn key must not be taken for a good one: it is left out. The
/// signed [`KeySet`](crate::KeySet) says all of it.
#[must_use]
pub fn cose_key_set(keys: &[PublicKey]) -> Vec<u8> {
    let usable: Vec<&PublicKey> = keys.iter().filter(|key| !key.policy().withdrawn).collect();
    let set = Cbor::new().array(usable.len());
    usable.into_iter().fold(set, key).0
}

fn key(set: Cbor, key: &PublicKey) -> Cbor {
    set.map(6)
        .uint(1u8)
        .uint(1u8)
        .uint(2u8)
        .bytes(&key.kid().to_bytes())
        .uint(3u8)
        .negative(cose::ED25519)
        .uint(4u8)
        .array(1)
        .uint(VERIFY)
        .negative(1)
        .uint(6u8)
        .negative(2)
        .bytes(&key.to_bytes())
}
