use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::note::error::NoteError;
use crate::note::key::{Private, Public, SignBytes, SignFailed};
use crate::note::parsed::Note;

/// A timestamped Ed25519 co-signature of a checkpoint (C2SP tlog-cosignature, `cosignature/v1`).
const COSIGNATURE_V1: u8 = 0x04;

/// A key of somebody who is not the log and says that he saw a checkpoint, and that it extended the one he saw before.
pub struct Cosigner(Private);

impl Cosigner {
    /// The key named `name`, with this public half, that signs with `sign`.
    pub fn new(name: &str, public: [u8; 32], sign: SignBytes) -> Result<Self, NoteError> {
        Private::new(COSIGNATURE_V1, name, public, sign).map(Self)
    }

    /// The key named `name`, from its 32-byte seed.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        Private::from_seed(COSIGNATURE_V1, name, seed).map(Self)
    }

    /// What others check its lines with.
    #[must_use]
    pub fn verifier(&self) -> CosignerKey {
        CosignerKey(self.0.public.clone())
    }

    /// The signature line of a checkpoint's text, with its newline.
    pub fn line(&self, text: &str, at: DateTime<Utc>) -> Result<String, SignFailed> {
        let seconds = u64::try_from(at.timestamp()).map_err(|_| SignFailed("the clock is before 1970".to_owned()))?;
        self.0.line(&seconds.to_be_bytes(), signed(text, seconds).as_bytes())
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cosigner")
            .field("name", &self.0.public.name)
            .finish_non_exhaustive()
    }
}

/// The public key of a co-signer: `name+hash+base64`, of type 4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CosignerKey(Public);

impl CosignerKey {
    /// What the key's signature lines begin with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// When it co-signed `note`, to the second.
    pub fn verify(&self, note: &Note<'_>) -> Result<DateTime<Utc>, NoteError> {
        note.signature_of(&self.0, |blob| {
            let (time, signature) = blob.split_first_chunk::<8>().ok_or(NoteError::Form)?;
            let seconds = u64::from_be_bytes(*time);
            self.0.verify(signed(note.text(), seconds).as_bytes(), signature)?;
            let at = i64::try_from(seconds)
                .ok()
                .and_then(|at| DateTime::from_timestamp(at, 0));
            at.ok_or(NoteError::Form)
        })
    }
}

fn signed(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

impl FromStr for CosignerKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        Public::parse(text, COSIGNATURE_V1).map(Self)
    }
}

impl fmt::Display for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::key::{NoteKey, VerifierKey};

    const TEXT: &str = "log.example/ccn\n1\nAAAA\n";

    #[test]
    fn a_cosigned_note_is_believed_from_both_and_says_when() {
        let log = NoteKey::from_seed("log.example/ccn", &[7; 32]).unwrap();
        let funder = Cosigner::from_seed("funder.example/w1", &[8; 32]).unwrap();
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let note = log.sign(TEXT).unwrap() + &funder.line(TEXT, at).unwrap();
        let parsed = Note::parse(&note).unwrap();
        assert_eq!(parsed.verify(&log.verifier()), Ok(TEXT));
        let key: CosignerKey = funder.verifier().to_string().parse().unwrap();
        assert_eq!(key.verify(&parsed), Ok(at));

        let other = log.sign("log.example/ccn\n2\nAAAA\n").unwrap() + &funder.line(TEXT, at).unwrap();
        let forged = NoteError::Forged("funder.example/w1".to_owned());
        assert_eq!(key.verify(&Note::parse(&other).unwrap()), Err(forged));
        let missing = NoteError::NotSigned("funder.example/w1".to_owned());
        let alone = log.sign(TEXT).unwrap();
        assert_eq!(key.verify(&Note::parse(&alone).unwrap()), Err(missing));
    }

    /// A signature of one type never stands for the other: the type is in the key's hash.
    #[test]
    fn a_cosigners_key_is_no_logs_key() {
        let key = Cosigner::from_seed("funder.example/w1", &[8; 32]).unwrap().verifier();
        assert!(key.to_string().parse::<VerifierKey>().is_err());
        assert!(
            NoteKey::from_seed("a", &[8; 32])
                .unwrap()
                .verifier()
                .to_string()
                .parse::<CosignerKey>()
                .is_err()
        );
    }
}
