use chrono::{DateTime, Utc};
use ledger::PartyId;
use ledger::seal::{Close, EntryProofs, RegisteredCosigner, StoredCheckpoint, TransferProof, cosigned_note};
use sealed_log::{AnyLeaf, Hash};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use standards::Month;
use utoipa::ToSchema;
use uuid::Uuid;

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

/// A closed month. Nothing reopens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CloseView {
    pub month: Month,
    /// When it was closed.
    pub at: DateTime<Utc>,
    /// The organisation that closed it.
    pub closed_by: Uuid,
    /// Entries of the journal then: later ones are booked in later months.
    pub size: u64,
    /// Base64 of their root.
    pub root: String,
    /// The signed checkpoint that names the month, with its co-signatures.
    pub checkpoint: String,
    /// The verifier key of its signer.
    pub vkey: String,
}

impl CloseView {
    /// Of a stored close, with the co-signatures that it got.
    pub async fn read(connection: &mut PgConnection, close: Close) -> sqlx::Result<Self> {
        Ok(Self {
            checkpoint: cosigned_note(connection, close.size, &close.note).await?,
            month: close.month,
            at: close.at,
            closed_by: close.by,
            size: close.size,
            root: close.root.to_base64(),
            vkey: close.verifier,
        })
    }
}

/// A co-signer's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CosignerView {
    /// Verifier key: `name+hash+base64`.
    pub vkey: String,
    /// Its name, at the head of its lines.
    pub name: String,
    pub organisation_id: PartyId,
    /// Since when its lines are taken.
    pub registered_at: DateTime<Utc>,
    /// From when on none is taken any more. What it signed before stays good.
    pub retired_from: Option<DateTime<Utc>>,
    pub retired_reason: Option<String>,
}

impl From<RegisteredCosigner> for CosignerView {
    fn from(cosigner: RegisteredCosigner) -> Self {
        let (from, reason) = cosigner.retirement.map(|end| (end.from, end.reason)).unzip();
        Self {
            retired_from: from,
            retired_reason: reason,
            vkey: cosigner.key.to_string(),
            name: cosigner.key.name().to_owned(),
            organisation_id: cosigner.party,
            registered_at: cosigner.registered_at,
        }
    }
}

impl ProofView {
    pub(crate) fn new(leaf: &AnyLeaf, path: &[Hash], checkpoint: StoredCheckpoint) -> Self {
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
    pub(crate) fn new(proofs: &EntryProofs) -> Self {
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
    pub(crate) fn new(older: String, path: &[Hash], checkpoint: String, vkey: String) -> Self {
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
