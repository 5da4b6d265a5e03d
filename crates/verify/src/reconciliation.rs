//! The signed file of a reconciliation run, as `/funding/v1/reconciliations/…/signed` serves it and `ccn reconcile --out` writes it.
//!
//! It is a C2SP signed note: a canonical JSON document (RFC 8785) on one line, an empty line, the signature lines. It begins with
//! `{`, so it is never taken for a checkpoint. What is proven is that the key signed this document and that the document does not
//! contradict itself; what it says may be bad. Of the document, this reads what a reader judges it by; its other members are signed
//! like these, and are the funding service's.

use chrono::{DateTime, Utc};
use sealed_log::{Note, NoteError, VerifierKey};
use serde::Deserialize;
use serde_json::Value;
use standards::Cents;

use crate::canonical_json;

/// What a document says that it is.
pub const FORMAT: &str = "ccn-reconciliation/1";

/// Bytes of the longest file read: some 100,000 breaks.
pub const RECONCILIATION_BYTES_MAX: usize = 32 << 20;

/// Why a file proves nothing; the message is the person's.
#[derive(Debug, thiserror::Error)]
pub enum ReconciliationRefused {
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

/// What a document says, in short.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reconciliation {
    format: String,
    /// From 1, without gaps.
    pub number: u32,
    /// The instant of the run.
    pub at: DateTime<Utc>,
    /// The verifier key of who signs: to be compared with the one that was published elsewhere.
    pub signer: String,
    previous: Option<Previous>,
    /// The conclusion.
    pub verdict: ReconciliationVerdict,
    /// Every invariant with both its sides.
    pub invariants: Vec<ComparedInvariant>,
    breaks: Vec<OpenBreak>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Previous {
    number: u32,
}

/// The conclusion of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct ReconciliationVerdict {
    /// Whether every invariant holds.
    pub all_hold: bool,
    /// Invariants that do not.
    pub failing: u32,
    /// Breaks that are not closed.
    pub open_breaks: u32,
    /// Those of them that are older than `break_days_max`.
    pub old_breaks: u32,
    /// Days that a break may take; the operator's setting.
    pub break_days_max: u32,
}

/// Two amounts that should be equal, from two sources.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ComparedInvariant {
    /// What it says, in French; with « ≤ » when the first amount may be the smaller one.
    pub name: String,
    /// The first amount.
    pub left: Cents,
    /// The second amount.
    pub right: Cents,
    /// Whether it is true.
    pub holds: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct OpenBreak {
    age_days: i32,
}

/// A file whose signature is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedReconciliation<'f> {
    pub content: Reconciliation,
    /// The signed JSON.
    pub document: &'f str,
    /// The signature lines.
    pub signatures: &'f str,
}

/// Proves a file. `key` comes from elsewhere; without it, the document's own is taken, which only proves that the file agrees with
/// itself.
pub fn verify_reconciliation<'f>(
    file: &'f str,
    key: Option<&str>,
) -> Result<SignedReconciliation<'f>, ReconciliationRefused> {
    let note = Note::parse_within(file, RECONCILIATION_BYTES_MAX).map_err(|_| ReconciliationRefused::Form)?;
    let (document, _) = file.split_once('\n').ok_or(ReconciliationRefused::Form)?;
    let unreadable = |error: serde_json::Error| ReconciliationRefused::Document(error.to_string());
    let content: Reconciliation = serde_json::from_str(document).map_err(unreadable)?;
    let key = key.unwrap_or(&content.signer).trim();
    let key: VerifierKey = key.parse().map_err(|_| ReconciliationRefused::Key)?;
    let signed = note
        .verify(&key)
        .map_err(|error| ReconciliationRefused::Signature(key.name().to_owned(), error))?;
    // The note's text is all that comes before its signatures: nothing may stand between.
    if signed.strip_suffix('\n') != Some(document) {
        return Err(ReconciliationRefused::Form);
    }
    let value: Value = serde_json::from_str(document).map_err(unreadable)?;
    if canonical_json(&value).map_err(unreadable)? != document {
        return Err(ReconciliationRefused::NotCanonical);
    }
    consistent(&content)?;
    Ok(SignedReconciliation {
        content,
        document,
        signatures: file.get(document.len() + 2..).unwrap_or_default(),
    })
}

fn consistent(run: &Reconciliation) -> Result<(), ReconciliationRefused> {
    let failing = run.invariants.iter().filter(|one| !one.holds).count();
    let verdict = run.verdict;
    let old = |days: i32| u32::try_from(days).is_ok_and(|days| days > verdict.break_days_max);
    let old = run.breaks.iter().filter(|one| old(one.age_days)).count();
    let is = |count: u32, found: usize| usize::try_from(count).is_ok_and(|count| count == found);
    let rules = [
        (run.format == FORMAT, "son format n'est pas connu"),
        (
            is(verdict.failing, failing) && verdict.all_hold == (failing == 0),
            "le bilan compte autrement les contrôles",
        ),
        (
            run.invariants
                .iter()
                .all(|one| !one.holds || one.left == one.right || (one.name.contains('≤') && one.left < one.right)),
            "un contrôle dit juste a deux côtés différents",
        ),
        (
            is(verdict.open_breaks, run.breaks.len()) && is(verdict.old_breaks, old),
            "le bilan compte autrement les écarts",
        ),
        (
            run.previous
                .as_ref()
                .map_or(0, |previous| previous.number)
                .checked_add(1)
                == Some(run.number),
            "il ne suit pas le précédent",
        ),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, why)) => Err(ReconciliationRefused::Contradiction(why)),
        None => Ok(()),
    }
}
