use ledger::proof::{Checkpoint, Hash, Leaf, VerifierKey, verify_inclusion};
use serde::Deserialize;
use serde_json::Value;

use super::line::read_line;

/// A file of `/v1/proofs/transfers/{id}`.
#[derive(Debug, Deserialize)]
struct ProofFile {
    transfer: Value,
    path: Vec<String>,
    checkpoint: String,
    vkey: String,
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
}

/// The transfer that a proof file proves. `key` comes from elsewhere; without it, the file's own is taken, which only proves
/// that the file agrees with itself.
pub fn verify_proof(file: &[u8], key: Option<&str>) -> Result<(Leaf, Checkpoint), ProofRefused> {
    let form = |error: &dyn std::fmt::Display| ProofRefused::Form(error.to_string());
    let file: ProofFile = serde_json::from_slice(file).map_err(|error| form(&error))?;
    let transfer = serde_json::to_vec(&file.transfer).map_err(|error| form(&error))?;
    let leaf = read_line(&transfer).map_err(ProofRefused::Transfer)?;
    let text = key.unwrap_or(&file.vkey).trim();
    let key: VerifierKey = text.parse().map_err(|error| form(&error))?;
    let checkpoint = Checkpoint::open(&file.checkpoint, &key)
        .map_err(|error| ProofRefused::Checkpoint(key.name().to_owned(), error.to_string()))?;
    let hash = |text: &String| Hash::from_base64(text);
    let path: Option<Vec<Hash>> = file.path.iter().map(hash).collect();
    let path = path.ok_or_else(|| ProofRefused::Path("une empreinte n'est pas en base64".to_owned()))?;
    verify_inclusion(leaf.hash(), leaf.seq, checkpoint.size, &path, checkpoint.root)
        .map_err(|error| ProofRefused::Path(error.to_string()))?;
    Ok((leaf, checkpoint))
}
