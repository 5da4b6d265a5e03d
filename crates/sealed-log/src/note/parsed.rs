use data_encoding::BASE64;

use crate::note::error::NoteError;
use crate::note::key::{Public, SIGNATURE_MARK, VerifierKey};

/// Bytes of the longest note read: a checkpoint has some 200, and a line a co-signature, of which the service takes a few hundred at
/// most (`COSIGNERS_OF_ONE_MAX` for each organisation).
pub const NOTE_BYTES_MAX: usize = 1 << 20;

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

    /// [`parse`](Self::parse), of a note that may be longer than a checkpoint.
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

    /// What is signed, with its last newline.
    #[must_use]
    pub const fn text(&self) -> &'n str {
        self.text
    }

    /// The text, if `key` signed it. Lines of other keys are ignored, as signed-note asks.
    pub fn verify(&self, key: &VerifierKey) -> Result<&'n str, NoteError> {
        self.signature_of(&key.0, |signature| key.0.verify(self.text.as_bytes(), signature))?;
        Ok(self.text)
    }

    /// What `check` says of the line of `key`: its bytes after the key's hash.
    pub(super) fn signature_of<T>(
        &self,
        key: &Public,
        check: impl FnOnce(&[u8]) -> Result<T, NoteError>,
    ) -> Result<T, NoteError> {
        let expected = key.hash();
        for line in self.signatures.lines() {
            let (name, blob) = line
                .strip_prefix(SIGNATURE_MARK)
                .and_then(|line| line.split_once(' '))
                .ok_or(NoteError::Form)?;
            let blob = BASE64.decode(blob.as_bytes()).map_err(|_| NoteError::Form)?;
            let (hash, signature) = blob.split_at_checked(expected.len()).ok_or(NoteError::Form)?;
            if name == key.name && hash == expected {
                return check(signature);
            }
        }
        Err(NoteError::NotSigned(key.name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::key::NoteKey;

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
        let note = key.sign("log.example/ccn\n1\nAAAA\n").unwrap();
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
