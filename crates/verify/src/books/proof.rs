use sealed_log::{AnyLeaf, Checkpoint, Hash, VerifierKey, verify_consistency, verify_inclusion};
use serde::Deserialize;
use serde_json::Value;
use standards::french_errors;

use super::line::read_line;

/// A file of `/funding/v1/proofs/…`: of one entry, of several, or that one checkpoint extends another.
#[derive(Debug, Deserialize)]
struct ProofFile {
    #[serde(flatten)]
    content: ProofContent,
    checkpoint: String,
    vkey: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ProofContent {
    Several { entries: Vec<OneEntry> },
    Extends { older: String, path: Vec<String> },
    One(OneEntry),
}

#[derive(Debug, Deserialize)]
struct OneEntry {
    transfer: Value,
    path: Vec<String>,
}

/// What a proof file proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proven {
    /// That these entries are in the log of this checkpoint.
    Entries(Vec<AnyLeaf>, Checkpoint),
    /// That the second checkpoint extends the first.
    Extends(Checkpoint, Checkpoint),
}

/// Why a proof proves nothing; the message is the person's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofRefused {
    /// Not such a file.
    #[error("ce fichier n'est pas une preuve : {0}")]
    Form(String),
    /// The facts beside the leaf are others than the leaf's.
    #[error("l'écriture affichée n'est pas celle de la preuve : {0}")]
    Transfer(String),
    /// The checkpoint is not signed by the key.
    #[error("le point de contrôle n'est pas signé par la clé {0} : {1}")]
    Checkpoint(String, String),
    /// The path does not lead from the leaf to the root.
    #[error("le chemin ne mène pas de l'écriture à la racine signée : {0}")]
    Path(String),
    /// The path does not lead from one root to the other.
    #[error("le chemin ne mène pas d'une racine à l'autre : {0}")]
    Extends(String),
}

/// What a proof file proves. `key` comes from elsewhere; without it, the file's own is taken, which only proves that the file agrees
/// with itself.
pub fn verify_proof(file: &[u8], key: Option<&str>) -> Result<Proven, ProofRefused> {
    let form = |error: &dyn std::fmt::Display| ProofRefused::Form(error.to_string());
    let file: ProofFile = serde_json::from_slice(file).map_err(|error| not_a_proof(file, &error))?;
    let text = key.unwrap_or(&file.vkey).trim();
    let key: VerifierKey = text.parse().map_err(|error| form(&error))?;
    let opened = |note: &str| {
        Checkpoint::open(note, &key).map_err(|error| ProofRefused::Checkpoint(key.name().to_owned(), error.to_string()))
    };
    let checkpoint = opened(&file.checkpoint)?;
    let entries = match file.content {
        ProofContent::Extends { older, path } => {
            let older = opened(&older)?;
            let (before, now) = ((older.size, older.root), (checkpoint.size, checkpoint.root));
            verify_consistency(before, now, &hashes(&path)?)
                .map_err(|error| ProofRefused::Extends(error.to_string()))?;
            return Ok(Proven::Extends(older, checkpoint));
        }
        ProofContent::One(entry) => vec![entry],
        ProofContent::Several { entries } => entries,
    };
    if entries.is_empty() {
        return Err(ProofRefused::Form("aucune écriture".to_owned()));
    }
    let leaves: Result<Vec<AnyLeaf>, _> = entries.iter().map(|entry| one(entry, &checkpoint)).collect();
    Ok(Proven::Entries(leaves?, checkpoint))
}

/// Who saves a server's answer may have saved its refusal: then the message is the refusal.
fn not_a_proof(file: &[u8], error: &serde_json::Error) -> ProofRefused {
    let saved: serde_json::Value = serde_json::from_slice(file).unwrap_or_default();
    let refusal = saved["title"].as_str().map(|title| {
        let detail = saved["detail"].as_str().unwrap_or_default();
        let said = format!("{title} {detail}");
        format!("c'est un refus du serveur, « {} »", said.trim_end())
    });
    let why = refusal.unwrap_or_else(|| french_errors::json(&error.to_string()));
    ProofRefused::Form(why.trim_end_matches('.').to_owned())
}

fn one(entry: &OneEntry, checkpoint: &Checkpoint) -> Result<AnyLeaf, ProofRefused> {
    let line = serde_json::to_vec(&entry.transfer).map_err(|error| ProofRefused::Form(error.to_string()))?;
    let leaf = read_line(&line).map_err(ProofRefused::Transfer)?;
    verify_inclusion(
        leaf.hash(),
        leaf.seq(),
        checkpoint.size,
        &hashes(&entry.path)?,
        checkpoint.root,
    )
    .map_err(|error| ProofRefused::Path(error.to_string()))?;
    Ok(leaf)
}

fn hashes(path: &[String]) -> Result<Vec<Hash>, ProofRefused> {
    let hashes: Option<Vec<Hash>> = path.iter().map(|text| Hash::from_base64(text)).collect();
    hashes.ok_or_else(|| ProofRefused::Form("une empreinte n'est pas en base64".to_owned()))
}
