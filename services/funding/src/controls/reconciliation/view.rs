use chrono::{DateTime, NaiveDate, Utc};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::controls::reconciliation::document::Document;
use crate::controls::reconciliation::store::Stored;
use crate::support::ids::ReconciliationId;

/// A run to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReconciliation {
    /// Made by the caller.
    pub id: ReconciliationId,
}

/// A run in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RunLine {
    pub id: ReconciliationId,
    /// From 1, without gaps.
    pub number: i32,
    pub at: DateTime<Utc>,
    /// `request`, `night` or `command`.
    pub occasion: String,
    /// The night that it is the run of.
    pub night: Option<NaiveDate>,
    /// Whether every invariant holds.
    pub all_hold: bool,
    /// Invariants that do not.
    pub failing: i32,
    /// Breaks that are not closed.
    pub open_breaks: i32,
    /// Those that are older than they may be.
    pub old_breaks: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RunView {
    pub document: Document,
    /// SHA-256 of the document's canonical JSON, in hex.
    pub sha256: String,
    /// Signature lines of the signed note whose text is that JSON; the whole file is at `…/signed`.
    pub signature: String,
}

impl From<Stored> for RunView {
    fn from(stored: Stored) -> Self {
        Self {
            document: stored.document,
            sha256: HEXLOWER.encode(&stored.sha256),
            signature: stored.signature,
        }
    }
}
