use ledger::proof::{Hash, TransferProof};
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

impl From<TransferProof> for ProofView {
    fn from(proof: TransferProof) -> Self {
        Self {
            transfer: proof.leaf.to_json(),
            path: proof.path.iter().map(Hash::to_base64).collect(),
            checkpoint: proof.checkpoint.note,
            vkey: proof.checkpoint.verifier,
        }
    }
}
