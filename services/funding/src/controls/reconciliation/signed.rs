//! The file of a run, and its proof without database or network.

use sealed_log::{Note, NoteError, NoteKey, SignFailed, VerifierKey};
use sha2::{Digest, Sha256};

use crate::controls::reconciliation::canonical::canonical;
use crate::controls::reconciliation::document::{Document, FORMAT};
use crate::controls::reconciliation::store::Stored;

/// Bytes of the longest file read: some 100,000 breaks.
pub const RECONCILIATION_BYTES_MAX: usize = 32 << 20;

/// Why a file proves nothing; the message is the person's.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Not a signed note.
    #[error("ce fichier n'est pas un rapprochement signé : un document sur une ligne, une ligne vide, une signature")]
    Form,
    /// Not a document of a run.
    #[error("le document n'est pas celui d'un rapprochement : {0}")]
    Document(String),
    /// Its bytes are not those that its content has.
    #[error("le document n'est pas sous sa forme canonique (RFC 8785) : il a été réécrit")]
    NotCanonical,
    /// The key is none.
    #[error("ce n'est pas une clé de vérification (nom+empreinte+base64)")]
    Key,
    /// The signature is another's, or wrong.
    #[error("le document n'est pas signé par la clé {0} : {1}")]
    Signature(String, NoteError),
    /// It contradicts itself.
    #[error("le document se contredit : {0}")]
    Contradiction(&'static str),
}

/// The signature lines over a document.
pub(super) fn sign(key: &NoteKey, document: &str) -> Result<String, SignFailed> {
    let note = key.sign(&format!("{document}\n"))?;
    Ok(note.get(document.len() + 2..).unwrap_or_default().to_owned())
}

/// The file of a document.
pub(super) fn file(document: &str, signature: &str) -> String {
    format!("{document}\n\n{signature}")
}

/// The document of a file. `key` comes from elsewhere; without it, the document's own is taken, which only proves that the file
/// agrees with itself.
pub fn verify(file: &str, key: Option<&str>) -> Result<Document, VerifyError> {
    Ok(open(file, key)?.document)
}

/// The run in a file, as it is kept where it was made; proven as [`verify`] proves it.
pub fn open(file: &str, key: Option<&str>) -> Result<Stored, VerifyError> {
    let note = Note::parse_within(file, RECONCILIATION_BYTES_MAX).map_err(|_| VerifyError::Form)?;
    let text = file
        .split_once('\n')
        .map(|(document, _)| document)
        .ok_or(VerifyError::Form)?;
    let document: Document = serde_json::from_str(text).map_err(|error| VerifyError::Document(error.to_string()))?;
    let key: VerifierKey = key
        .unwrap_or(&document.signer)
        .trim()
        .parse()
        .map_err(|_| VerifyError::Key)?;
    let signed = note
        .verify(&key)
        .map_err(|error| VerifyError::Signature(key.name().to_owned(), error))?;
    // The note's text is all that comes before its signatures: nothing may stand between.
    if signed.strip_suffix('\n') != Some(text) {
        return Err(VerifyError::Form);
    }
    if canonical(&document).map_err(|error| VerifyError::Document(error.to_string()))? != text {
        return Err(VerifyError::NotCanonical);
    }
    consistent(&document)?;
    Ok(Stored {
        bytes: text.to_owned(),
        sha256: Sha256::digest(text.as_bytes()).into(),
        signature: file.get(text.len() + 2..).unwrap_or_default().to_owned(),
        document,
    })
}

fn consistent(document: &Document) -> Result<(), VerifyError> {
    let failing = document.identities.iter().filter(|one| !one.holds).count();
    let verdict = document.verdict;
    let old = |days: i32| u32::try_from(days).is_ok_and(|days| days > verdict.break_days_max);
    let old = document.breaks.iter().filter(|one| old(one.age_days)).count();
    let is = |count: u32, found: usize| usize::try_from(count).is_ok_and(|count| count == found);
    let rules = [
        (document.format == FORMAT, "son format n'est pas connu"),
        (
            is(verdict.failing, failing) && verdict.all_hold == (failing == 0),
            "le bilan compte autrement les identités",
        ),
        (
            document
                .identities
                .iter()
                .all(|one| !one.holds || one.left == one.right || (one.name.contains('≤') && one.left < one.right)),
            "une identité dite vraie a deux côtés différents",
        ),
        (
            is(verdict.open_breaks, document.breaks.len()) && is(verdict.old_breaks, old),
            "le bilan compte autrement les écarts",
        ),
        (
            document.previous.as_ref().map_or(0, |previous| previous.number) + 1 == document.number,
            "il ne suit pas le précédent",
        ),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, why)) => Err(VerifyError::Contradiction(why)),
        None => Ok(()),
    }
}
