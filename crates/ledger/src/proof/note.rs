use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

/// Ed25519, in the registry of C2SP signed-note.
const ED25519: u8 = 0x01;

/// What begins a signature line: an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// Bytes of the longest note read: a checkpoint has some 200, and a line a co-signature.
const NOTE_BYTES_MAX: usize = 64 * 1024;

/// Why a note is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a text followed by an empty line and signature lines.
    #[error("not a signed note")]
    Form,
    /// No line of this key.
    #[error("no signature of the key {0}")]
    NotSigned(String),
    /// A line of this key that is not its signature.
    #[error("the signature of the key {0} is wrong")]
    Forged(String),
    /// Not `name+hash+base64`, or the hash is of something else.
    #[error("not a verifier key")]
    VerifierKey,
    /// A key's name is empty, or has a space or a plus.
    #[error("not the name of a key")]
    Name,
}

/// A key that signs notes (C2SP signed-note, Ed25519). Its own key: never the one that signs vouchers.
pub struct NoteKey {
    name: String,
    key: SigningKey,
}

impl NoteKey {
    /// The key named `name`, from its 32-byte seed (RFC 8032 §5.1.5).
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        check_name(name)?;
        Ok(Self {
            name: name.to_owned(),
            key: SigningKey::from_bytes(seed),
        })
    }

    /// Its name, which is also the origin of the log that it signs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What others check its signatures with.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

    /// `text` (which ends with a newline) as a signed note.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        let mut blob = key_hash(&self.name, &self.key.verifying_key()).to_vec();
        blob.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        format!("{text}\n{SIGNATURE_MARK}{} {}\n", self.name, BASE64.encode(&blob))
    }
}

impl fmt::Debug for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteKey")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A public key in the form of signed-note: `name+hash+base64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::VerifierKey);
        };
        let bytes = BASE64.decode(key.as_bytes()).map_err(|_| NoteError::VerifierKey)?;
        let Some((&ED25519, key)) = bytes.split_first() else {
            return Err(NoteError::VerifierKey);
        };
        let key = <&[u8; 32]>::try_from(key).map_err(|_| NoteError::VerifierKey)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| NoteError::VerifierKey)?;
        check_name(name)?;
        if key.is_weak() || HEXLOWER.encode(&key_hash(name, &key)) != hash {
            return Err(NoteError::VerifierKey);
        }
        Ok(Self {
            name: name.to_owned(),
            key,
        })
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        let hash = HEXLOWER.encode(&key_hash(&self.name, &self.key));
        write!(f, "{}+{hash}+{}", self.name, BASE64.encode(&bytes))
    }
}

/// A text with signature lines; nothing is proven until [`verify`](Self::verify).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note<'n> {
    text: &'n str,
    signatures: &'n str,
}

impl<'n> Note<'n> {
    /// Takes a note apart.
    pub fn parse(note: &'n str) -> Result<Self, NoteError> {
        Self::parse_within(note, NOTE_BYTES_MAX)
    }

    /// The same, of a note that may be longer than a checkpoint.
    pub fn parse_within(note: &'n str, bytes_max: usize) -> Result<Self, NoteError> {
        let end = note.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, signatures) = (&note[..=end], &note[end + 2..]);
        let control = |byte: u8| byte < 0x20 && byte != b'\n';
        let lines = signatures.ends_with('\n') && signatures.lines().all(|line| line.starts_with(SIGNATURE_MARK));
        if note.len() > bytes_max || note.bytes().any(control) || !lines {
            return Err(NoteError::Form);
        }
        Ok(Self { text, signatures })
    }

    /// The text, if `key` signed it. Lines of other keys are ignored, as signed-note asks.
    pub fn verify(&self, key: &VerifierKey) -> Result<&'n str, NoteError> {
        let expected = key_hash(&key.name, &key.key);
        for line in self.signatures.lines() {
            let (name, blob) = line
                .strip_prefix(SIGNATURE_MARK)
                .and_then(|line| line.split_once(' '))
                .ok_or(NoteError::Form)?;
            let blob = BASE64.decode(blob.as_bytes()).map_err(|_| NoteError::Form)?;
            let (hash, signature) = blob.split_at_checked(expected.len()).ok_or(NoteError::Form)?;
            if name != key.name || hash != expected {
                continue;
            }
            let forged = |_| NoteError::Forged(key.name.clone());
            let signature = Signature::from_slice(signature).map_err(forged)?;
            key.key
                .verify_strict(self.text.as_bytes(), &signature)
                .map_err(forged)?;
            return Ok(self.text);
        }
        Err(NoteError::NotSigned(key.name.clone()))
    }
}

fn key_hash(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let digest = Sha256::new()
        .chain_update(name.as_bytes())
        .chain_update([b'\n', ED25519])
        .chain_update(key.as_bytes())
        .finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

fn check_name(name: &str) -> Result<(), NoteError> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
        Err(NoteError::Name)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Go's package `golang.org/x/mod/sumdb/note`, whose format signed-note is.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn a_note_signed_by_the_go_package_is_believed() {
        let key: VerifierKey = PETER.parse().unwrap();
        assert_eq!(key.to_string(), PETER);
        let text = Note::parse(NOTE).unwrap().verify(&key).unwrap();
        assert!(text.ends_with("your problem is.\n"));
        let altered = NOTE.replace("answer", "Answer");
        let forged = Note::parse(&altered).unwrap().verify(&key);
        assert_eq!(forged, Err(NoteError::Forged("PeterNeumann".to_owned())));
    }

    #[test]
    fn what_we_sign_is_believed_by_its_verifier_key_alone() {
        let key = NoteKey::from_seed("log.example/ccn", &[7; 32]).unwrap();
        let note = key.sign("log.example/ccn\n1\nAAAA\n");
        let read: VerifierKey = key.verifier().to_string().parse().unwrap();
        assert!(Note::parse(&note).unwrap().verify(&read).is_ok());
        let other = NoteKey::from_seed("log.example/ccn", &[8; 32]).unwrap().verifier();
        let refused = Note::parse(&note).unwrap().verify(&other);
        assert_eq!(refused, Err(NoteError::NotSigned("log.example/ccn".to_owned())));
        assert!(!format!("{key:?}").contains("07"));
    }

    #[test]
    fn what_is_no_note_or_key_is_refused() {
        for note in [
            "",
            "text\n",
            "text\n\n",
            "text\n\nno mark\n",
            "text\n\n\u{2014} a AAAA",
            "a\tb\n\n\u{2014} a AAAAAA==\n",
        ] {
            let signed = Note::parse(note).and_then(|note| note.verify(&PETER.parse().unwrap()).map(drop));
            assert!(signed.is_err(), "{note:?}");
        }
        for key in [
            "",
            "a+b",
            "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "a b+00000000+AQ==",
        ] {
            assert!(key.parse::<VerifierKey>().is_err(), "{key}");
        }
        assert_eq!(NoteKey::from_seed("a b", &[7; 32]).unwrap_err(), NoteError::Name);
    }
}
