//! The file of a run: how it is signed, and read back from elsewhere.

use sealed_log::{NoteKey, SignFailed};
use sha2::{Digest, Sha256};
use verify::canonical_json;
use verify::reconciliation::{ReconciliationRefused, verify_reconciliation};

use crate::controls::reconciliation::document::Document;
use crate::controls::reconciliation::store::Stored;

/// The signature lines over a document.
pub(super) fn sign(key: &NoteKey, document: &str) -> Result<String, SignFailed> {
    let note = key.sign(&format!("{document}\n"))?;
    Ok(note.get(document.len() + 2..).unwrap_or_default().to_owned())
}

/// The file of a document.
pub(super) fn file(document: &str, signature: &str) -> String {
    format!("{document}\n\n{signature}")
}

/// The run in a file, as it is kept where it was made. `key` comes from elsewhere; without it, the document's own is taken, which only
/// proves that the file agrees with itself.
pub fn open(file: &str, key: Option<&str>) -> Result<Stored, ReconciliationRefused> {
    let signed = verify_reconciliation(file, key)?;
    let unreadable = |error: serde_json::Error| ReconciliationRefused::Document(error.to_string());
    let document: Document = serde_json::from_str(signed.document).map_err(unreadable)?;
    // A member that this version does not know would be lost from what is kept.
    if canonical_json(&document).map_err(unreadable)? != signed.document {
        return Err(ReconciliationRefused::NotCanonical);
    }
    Ok(Stored {
        bytes: signed.document.to_owned(),
        sha256: Sha256::digest(signed.document.as_bytes()).into(),
        signature: signed.signatures.to_owned(),
        document,
    })
}
