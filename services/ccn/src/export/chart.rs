use std::collections::BTreeMap;

use ledger::{AccountKind, Labels, PartyId};
use uuid::Uuid;

/// What accounts, events and organisations are called.
pub(super) struct Chart {
    pub labels: Labels,
    pub names: BTreeMap<Uuid, String>,
}

impl Chart {
    /// The name of a funder or structure; its kind when nobody recorded a name.
    pub fn party(&self, kind: AccountKind, party: PartyId) -> &str {
        self.names
            .get(&party.uuid())
            .map_or(self.labels.account(kind), String::as_str)
    }
}
