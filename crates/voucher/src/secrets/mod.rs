//! Secrets that sign nothing: the half of a voucher's id that no database holds, the key under which a typed code is found, and the key
//! that seals what claims were shown. Where each lives and who reads it: docs/CLES.md.
//!
//! A process is given a *ring* of each: the first key serves for what is new, the others for what was made with them. In a row a key is
//! named by its [`KeyCheck`], so a lost or mistaken key is noticed and not silently replaced.

mod evidence;
mod halves;

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

pub use evidence::{EvidenceKeys, EvidenceSealError, SEAL_NONCE_BYTES};
pub use halves::{CODE_DIGEST_BYTES, CodeKeys, IdKeys, NONCE_BYTES};

/// Names a key without giving it away: four bytes of SHA-256 over what it is for and the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyCheck([u8; 4]);

impl KeyCheck {
    /// As it is stored.
    #[must_use]
    pub const fn new(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// As it is stored.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0
    }
}

impl fmt::Display for KeyCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// Why a file is not a ring of keys.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SecretRingError {
    /// Not 64 hexadecimal digits.
    #[error("ligne {0} : une clé s'écrit en 64 chiffres hexadécimaux, seule sur sa ligne")]
    Line(usize),
    #[error("le fichier ne contient aucune clé")]
    Empty,
    /// The same key, or another with the same check.
    #[error("la clé {0} y est deux fois")]
    Twice(KeyCheck),
}

/// Keys of 32 bytes for one purpose, the current one first.
#[derive(Clone)]
struct Ring(Vec<(KeyCheck, Zeroizing<[u8; 32]>)>);

impl Ring {
    /// Reads one key a line; empty lines are passed over.
    fn parse(purpose: &'static str, text: &str) -> Result<Self, SecretRingError> {
        let mut keys = Vec::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let bytes = HEXLOWER_PERMISSIVE.decode(line.trim().as_bytes()).map(Zeroizing::new);
            let key: Option<[u8; 32]> = bytes.ok().and_then(|bytes| bytes.as_slice().try_into().ok());
            keys.push(Zeroizing::new(key.ok_or(SecretRingError::Line(number + 1))?));
        }
        Self::new(purpose, keys)
    }

    fn new(purpose: &'static str, keys: Vec<Zeroizing<[u8; 32]>>) -> Result<Self, SecretRingError> {
        let mut ring: Vec<(KeyCheck, Zeroizing<[u8; 32]>)> = Vec::new();
        for key in keys {
            let check = check_of(purpose, &key);
            if ring.iter().any(|(known, _)| *known == check) {
                return Err(SecretRingError::Twice(check));
            }
            ring.push((check, key));
        }
        if ring.is_empty() {
            Err(SecretRingError::Empty)
        } else {
            Ok(Self(ring))
        }
    }

    fn current(&self) -> (KeyCheck, &[u8; 32]) {
        let (check, key) = &self.0[0];
        (*check, key)
    }

    fn get(&self, check: KeyCheck) -> Option<&[u8; 32]> {
        self.0.iter().find(|(known, _)| *known == check).map(|(_, key)| &**key)
    }

    fn iter(&self) -> impl Iterator<Item = (KeyCheck, &[u8; 32])> {
        self.0.iter().map(|(check, key)| (*check, &**key))
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(check, _)| check)).finish()
    }
}

fn check_of(purpose: &str, key: &[u8; 32]) -> KeyCheck {
    let mut hash = Sha256::new();
    hash.update(b"ccn key check v1");
    hash.update(purpose);
    hash.update(key);
    let digest: [u8; 32] = hash.finalize().into();
    KeyCheck(*digest.first_chunk().expect("32 bytes"))
}

/// The parts that the three rings have in common.
macro_rules! ring {
    ($name:ident, $purpose:literal) => {
        impl $name {
            /// The ring of these keys, the current one first.
            pub fn new(keys: Vec<zeroize::Zeroizing<[u8; 32]>>) -> Result<Self, crate::SecretRingError> {
                crate::secrets::Ring::new($purpose, keys).map(Self)
            }

            /// Reads the text of a file: one key a line, in 64 hexadecimal digits, the current one first.
            pub fn parse(text: &str) -> Result<Self, crate::SecretRingError> {
                crate::secrets::Ring::parse($purpose, text).map(Self)
            }

            /// The key that serves for what is new.
            #[must_use]
            pub fn current(&self) -> crate::KeyCheck {
                self.0.current().0
            }

            /// Whether it has the key that a row names.
            #[must_use]
            pub fn has(&self, check: crate::KeyCheck) -> bool {
                self.0.get(check).is_some()
            }
        }
    };
}
use ring;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_keys_is_read_line_by_line_and_the_first_is_current() {
        let (new, old) = ("0a".repeat(32), "B7".repeat(32));
        let ring = IdKeys::parse(&format!("{new}\n\n{old}\n")).unwrap();
        let only_old = IdKeys::parse(&old).unwrap();
        assert!(ring.has(only_old.current()) && ring.current() != only_old.current());
        assert_eq!(IdKeys::parse("").unwrap_err(), SecretRingError::Empty);
        assert_eq!(
            IdKeys::parse(&format!("{new}\nzz")).unwrap_err(),
            SecretRingError::Line(2)
        );
        assert!(matches!(
            IdKeys::parse(&format!("{new}\n{new}")),
            Err(SecretRingError::Twice(_))
        ));
    }

    #[test]
    fn one_key_has_another_check_for_each_purpose_and_is_never_shown() {
        let key = "0a".repeat(32);
        let (id, code) = (IdKeys::parse(&key).unwrap(), CodeKeys::parse(&key).unwrap());
        assert_ne!(id.current(), code.current());
        assert!(!format!("{id:?}").contains("0a0a"));
    }
}
