use ledger::proof::{AnyLeaf, EntryProofs, Hash, StoredCheckpoint, TransferProof};
use serde::Serialize;
use utoipa::ToSchema;

/// A file that proves that one transfer is in the log: `ccn verify proof` needs nothing else but the public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProofView {
    /// The transfer as a line of `transfers.ndjson`; its `leaf` is the base64 of the bytes that are proven.
    pub transfer: serde_json::Value,
    /// Base64 of the hashes beside the path to the root, lowest first (RFC 9162 §2.1.3).
    pub path: Vec<String>,
    /// The signed checkpoint that they lead to.
    pub checkpoint: String,
    /// The verifier key of its signer; who doubts compares it with the published one.
    pub vkey: String,
}

/// One entry of several, with its path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProvenEntryView {
    /// The transfer, or the settlement line, as a line of `transfers.ndjson`.
    pub transfer: serde_json::Value,
    /// Base64 of the hashes beside the path to the root, lowest first.
    pub path: Vec<String>,
}

/// A file that proves all of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EventProofView {
    /// Its transfers and settlement lines, in the order of the log.
    pub entries: Vec<ProvenEntryView>,
    /// The signed checkpoint that all paths lead to.
    pub checkpoint: String,
    /// The verifier key of its signer.
    pub vkey: String,
}

/// A file that proves that one checkpoint extends another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsistencyView {
    /// The older signed checkpoint.
    pub older: String,
    /// Base64 of the hashes of the consistency proof (RFC 9162 §2.1.4).
    pub path: Vec<String>,
    /// The newer signed checkpoint.
    pub checkpoint: String,
    /// The verifier key of the signer.
    pub vkey: String,
}

impl ProofView {
    pub(super) fn new(leaf: &AnyLeaf, path: &[Hash], checkpoint: StoredCheckpoint) -> Self {
        Self {
            transfer: leaf.to_json(),
            path: base64(path),
            checkpoint: checkpoint.note,
            vkey: checkpoint.verifier,
        }
    }
}

impl From<TransferProof> for ProofView {
    fn from(proof: TransferProof) -> Self {
        Self::new(&AnyLeaf::Transfer(proof.leaf), &proof.path, proof.checkpoint)
    }
}

impl EventProofView {
    pub(super) fn new(proofs: &EntryProofs) -> Self {
        let entry = |(leaf, path): &(AnyLeaf, Vec<Hash>)| ProvenEntryView {
            transfer: leaf.to_json(),
            path: base64(path),
        };
        Self {
            entries: proofs.entries.iter().map(entry).collect(),
            checkpoint: proofs.checkpoint.note.clone(),
            vkey: proofs.checkpoint.verifier.clone(),
        }
    }
}

impl ConsistencyView {
    pub(super) fn new(older: String, path: &[Hash], checkpoint: String, vkey: String) -> Self {
        Self {
            older,
            path: base64(path),
            checkpoint,
            vkey,
        }
    }
}

fn base64(path: &[Hash]) -> Vec<String> {
    path.iter().map(Hash::to_base64).collect()
}
