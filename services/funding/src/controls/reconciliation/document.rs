use access::OrganisationId;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use standards::Cents;
use utoipa::ToSchema;

use crate::bank::breaks::AgedBreak;
use crate::controls::invariants::InvariantView;
use crate::controls::reconciliation::open_point::OpenPoint;
use crate::support::ids::ReconciliationId;

/// What was compared, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// [`verify::reconciliation::FORMAT`].
    #[schema(example = "ccn-reconciliation/1")]
    pub format: String,
    pub id: ReconciliationId,
    /// From 1, without gaps.
    pub number: i32,
    /// The instant of the run.
    pub at: DateTime<Utc>,
    /// Why it was run.
    pub occasion: RunTrigger,
    /// Who asked, when somebody did.
    pub organisation_id: Option<OrganisationId>,
    /// The night that it is the run of, as a Paris date.
    pub night: Option<NaiveDate>,
    /// The run before.
    pub previous: Option<PreviousRun>,
    /// The verifier key of who signs: to be compared with the one that was published elsewhere.
    pub signer: String,
    pub verdict: Verdict,
    /// What the bank may take beyond a payment, as the operator set it.
    pub tolerance: Cents,
    /// Every invariant with both its sides.
    pub invariants: Vec<InvariantView>,
    /// Every break that is not closed, oldest first.
    pub breaks: Vec<AgedBreak>,
    /// What the rules ask for and nobody has done yet. Absent when there is none, as in documents older than it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_points: Vec<OpenPoint>,
    /// The bank's statements.
    pub statements: StatementsSeen,
    pub ledger: LedgerSeen,
}

/// Why a run was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunTrigger {
    /// Somebody asked the service.
    Request,
    Night,
    /// `ccn reconcile`.
    Command,
}

impl RunTrigger {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Night => "night",
            Self::Command => "command",
        }
    }

    pub(super) const fn french(self) -> &'static str {
        match self {
            Self::Request => "à la demande",
            Self::Night => "de la nuit",
            Self::Command => "en ligne de commande",
        }
    }
}

/// The run before, by what cannot be made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviousRun {
    pub number: i32,
    /// SHA-256 of its document, in hex.
    pub sha256: String,
}

/// A run in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
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

impl Verdict {
    /// Whether nothing calls for anybody.
    #[must_use]
    pub const fn is_good(self) -> bool {
        self.all_hold && self.old_breaks == 0
    }
}

/// What the bank said until the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementsSeen {
    /// How many are loaded.
    pub loaded: i32,
    pub last: Option<StatementSeen>,
    /// Those that came since the run before, in order.
    pub new: Vec<StatementSeen>,
}

/// A statement by what fixes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementSeen {
    /// Its place, from 1.
    pub position: i32,
    /// The bank's identifier.
    pub identification: String,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// First day.
    pub from_day: NaiveDate,
    /// Last day.
    pub to_day: NaiveDate,
    /// Balance before.
    pub opening: Cents,
    pub closing: Cents,
}

/// The books at the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerSeen {
    pub transfers: u64,
    /// Those of them that are too recent to be sealed.
    pub unsealed: u64,
    /// The latest checkpoint.
    pub checkpoint: Option<CheckpointSeen>,
}

/// A checkpoint of the sealed log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckpointSeen {
    pub size: u64,
    /// Their root (RFC 9162), in base64.
    pub root: String,
}
