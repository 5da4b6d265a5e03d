use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::note::error::NoteError;

/// What begins a signature line: an em dash and a space.
pub(super) const SIGNATURE_MARK: &str = "\u{2014} ";

/// Ed25519 over the note's text, in the registry of C2SP signed-note.
const ED25519: u8 = 0x01;

/// Signs bytes with Ed25519: a seed in memory, or a security module.
pub type SignBytes = Box<dyn Fn(&[u8]) -> Result<[u8; 64], SignFailed> + Send + Sync>;

/// The key is not where it was: a security module does not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("la clé ne signe pas : {0}")]
pub struct SignFailed(pub String);

/// A name, and what signs under it.
pub(super) struct Private {
    pub public: Public,
    sign: SignBytes,
}

impl Private {
    pub fn new(algorithm: u8, name: &str, public: [u8; 32], sign: SignBytes) -> Result<Self, NoteError> {
        let key = VerifyingKey::from_bytes(&public).map_err(|_| NoteError::VerifierKey)?;
        Ok(Self {
            public: Public::new(algorithm, name, key)?,
            sign,
        })
    }

    pub fn from_seed(algorithm: u8, name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let key = SigningKey::from_bytes(seed);
        let public = key.verifying_key().to_bytes();
        Self::new(
            algorithm,
            name,
            public,
            Box::new(move |bytes| Ok(key.sign(bytes).to_bytes())),
        )
    }

    /// A signature line: the key's hash, `before`, and the signature of `signed`.
    pub fn line(&self, before: &[u8], signed: &[u8]) -> Result<String, SignFailed> {
        let mut blob = self.public.hash().to_vec();
        blob.extend_from_slice(before);
        blob.extend_from_slice(&(self.sign)(signed)?);
        Ok(format!(
            "{SIGNATURE_MARK}{} {}\n",
            self.public.name,
            BASE64.encode(&blob)
        ))
    }
}

/// A public key with its name and what its signatures are over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Public {
    algorithm: u8,
    pub name: String,
    key: VerifyingKey,
}

impl Public {
    fn new(algorithm: u8, name: &str, key: VerifyingKey) -> Result<Self, NoteError> {
        check_name(name)?;
        if key.is_weak() {
            return Err(NoteError::VerifierKey);
        }
        Ok(Self {
            algorithm,
            name: name.to_owned(),
            key,
        })
    }

    /// Reads `name+hash+base64`, with the one algorithm expected.
    pub fn parse(text: &str, algorithm: u8) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::VerifierKey);
        };
        let bytes = BASE64.decode(key.as_bytes()).map_err(|_| NoteError::VerifierKey)?;
        let key = match bytes.split_first() {
            Some((first, key)) if *first == algorithm => key,
            _ => return Err(NoteError::VerifierKey),
        };
        let key = <&[u8; 32]>::try_from(key).map_err(|_| NoteError::VerifierKey)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| NoteError::VerifierKey)?;
        let public = Self::new(algorithm, name, key)?;
        if HEXLOWER.encode(&public.hash()) == hash {
            Ok(public)
        } else {
            Err(NoteError::VerifierKey)
        }
    }

    /// What a signature line begins with.
    pub fn hash(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', self.algorithm])
            .chain_update(self.key.as_bytes())
            .finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    pub fn verify(&self, signed: &[u8], signature: &[u8]) -> Result<(), NoteError> {
        let forged = |_| NoteError::Forged(self.name.clone());
        let signature = Signature::from_slice(signature).map_err(forged)?;
        self.key.verify_strict(signed, &signature).map_err(forged)
    }
}

impl fmt::Display for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.algorithm];
        bytes.extend_from_slice(self.key.as_bytes());
        let hash = HEXLOWER.encode(&self.hash());
        write!(f, "{}+{hash}+{}", self.name, BASE64.encode(&bytes))
    }
}

/// A key that signs notes (C2SP signed-note, Ed25519). Its own key: never the one that signs vouchers.
pub struct NoteKey(Private);

impl NoteKey {
    /// The key named `name`, with this public half, that signs with `sign`.
    pub fn new(name: &str, public: [u8; 32], sign: SignBytes) -> Result<Self, NoteError> {
        Private::new(ED25519, name, public, sign).map(Self)
    }

    /// The key named `name`, from its 32-byte seed (RFC 8032 §5.1.5).
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        Private::from_seed(ED25519, name, seed).map(Self)
    }

    /// The key's name, which is also the origin of the log that it signs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.public.name
    }

    /// What others check its signatures with.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey(self.0.public.clone())
    }

    /// `text` (which ends with a newline) as a signed note.
    pub fn sign(&self, text: &str) -> Result<String, SignFailed> {
        Ok(format!("{text}\n{}", self.0.line(&[], text.as_bytes())?))
    }
}

impl fmt::Debug for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteKey")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// A public key in the form of signed-note: `name+hash+base64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey(pub(super) Public);

impl VerifierKey {
    /// What the key's signature lines begin with, and the origin of its log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The Ed25519 public key itself.
    #[must_use]
    pub fn public_bytes(&self) -> &[u8; 32] {
        self.0.key.as_bytes()
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        Public::parse(text, ED25519).map(Self)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A key's name is printed in lines that are cut at spaces and pluses.
fn check_name(name: &str) -> Result<(), NoteError> {
    let unfit = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.contains(unfit) {
        Err(NoteError::Name)
    } else {
        Ok(())
    }
}
