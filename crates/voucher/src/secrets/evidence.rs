use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{KeyCheck, Ring, ring};

/// The only layout there is: this byte, the key's check (4), a nonce (24), the ciphertext and its tag (16).
const FORMAT: u8 = 0x01;
const HEAD_BYTES: usize = 5;

/// Bytes of the nonce that evidence is sealed with.
pub const SEAL_NONCE_BYTES: usize = 24;

/// Why what a claim keeps does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EvidenceSealError {
    #[error("the sealed evidence is cut or of another layout")]
    Malformed,
    /// The key that sealed it is not in the ring.
    #[error("no evidence key {0} is loaded")]
    UnknownKey(KeyCheck),
    /// Altered, or taken from another claim or voucher.
    #[error("the sealed evidence is not that of this voucher in this claim")]
    Altered,
}

/// Keys that seal what claims were shown: of redemption, which seals, and of funding, which opens before it pays.
///
/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), whose nonces are long enough to be drawn. What is sealed is bound to its place
/// (`of`: book, claim, account), so that no row serves for another.
#[derive(Debug, Clone)]
pub struct EvidenceKeys(Ring);

ring!(EvidenceKeys, "evidence");

impl EvidenceKeys {
    /// Seals under the current key. `nonce` comes from the system's CSPRNG and serves once.
    #[must_use]
    pub fn seal(&self, nonce: [u8; SEAL_NONCE_BYTES], of: &[u8], evidence: &[u8]) -> Vec<u8> {
        let (check, key) = self.0.current();
        let sealed = cipher(key)
            .encrypt(&XNonce::from(nonce), Payload { msg: evidence, aad: of })
            .expect("evidence is far shorter than 256 GiB");
        let mut bytes = Vec::with_capacity(HEAD_BYTES + SEAL_NONCE_BYTES + sealed.len());
        bytes.push(FORMAT);
        bytes.extend(check.to_bytes());
        bytes.extend(nonce);
        bytes.extend(sealed);
        bytes
    }

    /// Opens what was sealed for the same place, under whichever key.
    pub fn open(&self, of: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, EvidenceSealError> {
        let (check, rest) = sealed_by(sealed).ok_or(EvidenceSealError::Malformed)?;
        let (nonce, sealed) = rest
            .split_first_chunk::<SEAL_NONCE_BYTES>()
            .ok_or(EvidenceSealError::Malformed)?;
        let key = self.0.get(check).ok_or(EvidenceSealError::UnknownKey(check))?;
        cipher(key)
            .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: of })
            .map(Zeroizing::new)
            .map_err(|_| EvidenceSealError::Altered)
    }

    /// Whether the current key sealed it: else it is to be sealed again.
    #[must_use]
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        sealed_by(sealed).is_some_and(|(check, _)| check == self.current())
    }
}

fn sealed_by(sealed: &[u8]) -> Option<(KeyCheck, &[u8])> {
    let ([FORMAT, check @ ..], rest) = sealed.split_first_chunk::<HEAD_BYTES>()? else {
        return None;
    };
    Some((KeyCheck(*check), rest))
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &[&str]) -> EvidenceKeys {
        let lines: Vec<String> = text.iter().map(|byte| byte.repeat(32)).collect();
        EvidenceKeys::parse(&lines.join("\n")).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only_and_with_its_key_only() {
        let keys_of_day = keys(&["0a"]);
        let sealed = keys_of_day.seal([3; 24], b"place", b"token");
        assert_eq!(&**keys_of_day.open(b"place", &sealed).unwrap(), b"token");
        assert_eq!(keys_of_day.open(b"other", &sealed), Err(EvidenceSealError::Altered));
        assert!(matches!(
            keys(&["0b"]).open(b"place", &sealed),
            Err(EvidenceSealError::UnknownKey(_))
        ));
        for cut in 0..HEAD_BYTES + SEAL_NONCE_BYTES {
            assert_eq!(
                keys_of_day.open(b"place", &sealed[..cut]),
                Err(EvidenceSealError::Malformed)
            );
        }
        for at in HEAD_BYTES..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(keys_of_day.open(b"place", &altered), Err(EvidenceSealError::Altered));
        }
    }

    #[test]
    fn after_a_rotation_the_old_opens_and_the_new_seals() {
        let (before, after) = (keys(&["0a"]), keys(&["0b", "0a"]));
        let sealed = before.seal([3; 24], b"place", b"token");
        assert_eq!(&**after.open(b"place", &sealed).unwrap(), b"token");
        assert!(before.is_current(&sealed) && !after.is_current(&sealed));
        let again = after.seal([4; 24], b"place", b"token");
        assert!(after.is_current(&again) && before.open(b"place", &again).is_err());
    }
}
