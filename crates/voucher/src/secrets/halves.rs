use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{KeyCheck, Ring, ring};
use crate::{Idx, VoucherId};

/// Bytes of the random half of a voucher's id.
pub const NONCE_BYTES: usize = 16;

/// Bytes of what a typed code is found by.
pub const CODE_DIGEST_BYTES: usize = 16;

/// The half of every id that is in no database (`K_id`): the issuer's alone.
#[derive(Debug, Clone)]
pub struct IdKeys(Ring);

ring!(IdKeys, "id");

impl IdKeys {
    /// The id of the voucher of this nonce in this place: `HMAC-SHA-256(K_id, "ccn id v1" ‖ nonce ‖ series ‖ idx)`, its first 8 bytes; the
    /// series in 2 bytes and the index in 3, as in the token. Nothing without the key.
    #[must_use]
    pub fn id(&self, key: KeyCheck, nonce: &[u8; NONCE_BYTES], series: u16, idx: Idx) -> Option<VoucherId> {
        let mut mac = mac(self.0.get(key)?);
        mac.update(b"ccn id v1");
        mac.update(nonce);
        mac.update(&series.to_be_bytes());
        mac.update(&idx.to_be_bytes());
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        Some(VoucherId::new(*digest.first_chunk().expect("32 bytes")))
    }
}

/// The key under which typed codes are found (`K_code`): of the issuer and of redemption. A plain hash of 64 bits would be searched by a
/// graphics card.
#[derive(Debug, Clone)]
pub struct CodeKeys(Ring);

ring!(CodeKeys, "code");

impl CodeKeys {
    /// What the voucher of this id is found by: `HMAC-SHA-256(K_code, id)`, its first 16 bytes, under one key.
    #[must_use]
    pub fn digest(&self, key: KeyCheck, id: VoucherId) -> Option<[u8; CODE_DIGEST_BYTES]> {
        self.0.get(key).map(|key| digest(key, id))
    }

    /// The same under each key, the current one first: a code that was typed may be of any of them.
    pub fn digests(&self, id: VoucherId) -> impl Iterator<Item = [u8; CODE_DIGEST_BYTES]> {
        self.0.iter().map(move |(_, key)| digest(key, id))
    }
}

fn digest(key: &[u8; 32], id: VoucherId) -> [u8; CODE_DIGEST_BYTES] {
    let mut mac = mac(key);
    mac.update(&id.to_bytes());
    let digest: [u8; 32] = mac.finalize().into_bytes().into();
    *digest.first_chunk().expect("32 bytes")
}

fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_needs_both_halves_and_its_place() {
        let keys = IdKeys::parse(&"0a".repeat(32)).unwrap();
        let other = IdKeys::parse(&"0b".repeat(32)).unwrap();
        let idx = |idx| Idx::new(idx).unwrap();
        let id = keys.id(keys.current(), &[1; 16], 263, idx(7)).unwrap();
        assert_eq!(keys.id(keys.current(), &[1; 16], 263, idx(7)), Some(id));
        for changed in [
            keys.id(keys.current(), &[2; 16], 263, idx(7)),
            keys.id(keys.current(), &[1; 16], 264, idx(7)),
            keys.id(keys.current(), &[1; 16], 263, idx(8)),
            other.id(other.current(), &[1; 16], 263, idx(7)),
        ] {
            assert_ne!(changed, Some(id));
        }
        assert_eq!(other.id(keys.current(), &[1; 16], 263, idx(7)), None);
    }

    #[test]
    fn a_code_made_under_an_older_key_is_still_found() {
        let (old, new) = ("0a".repeat(32), "0b".repeat(32));
        let before = CodeKeys::parse(&old).unwrap();
        let after = CodeKeys::parse(&format!("{new}\n{old}")).unwrap();
        let id = VoucherId::new([5; 8]);
        let stored = before.digest(before.current(), id).unwrap();
        assert!(after.digests(id).any(|digest| digest == stored));
        assert_ne!(after.digest(after.current(), id), Some(stored));
    }
}
