use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why booklets that were printed before are printed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReprintReason {
    /// The paper was damaged and destroyed.
    Damaged,
    /// The printer's work was bad, and destroyed.
    Misprinted,
    /// It never arrived. When it may be in wrong hands, reissue instead.
    LostInTransit,
    /// The person needs large print, or the other way round.
    OtherFormat,
    /// The booklets have new numbers since.
    Reissued,
    /// The file did not arrive whole.
    Interrupted,
}

impl ReprintReason {
    /// The word in JSON and in the database.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Misprinted => "misprinted",
            Self::LostInTransit => "lost_in_transit",
            Self::OtherFormat => "other_format",
            Self::Reissued => "reissued",
            Self::Interrupted => "interrupted",
        }
    }
}
