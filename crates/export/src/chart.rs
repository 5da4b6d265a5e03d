use std::borrow::Cow;
use std::collections::BTreeMap;

use ledger::PartyId;
use ledger::read::Labels;
use uuid::Uuid;

/// What accounts, events and organisations are called.
pub(crate) struct Chart {
    pub labels: Labels,
    pub names: BTreeMap<Uuid, String>,
}

impl Chart {
    /// The name of a funder or structure; its id when nobody recorded a name: one number has one name, whatever the account.
    pub fn party(&self, party: PartyId) -> Cow<'_, str> {
        match self.names.get(&party.uuid()) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(party.to_string()),
        }
    }
}
