//! What changed between two runs: pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::bank::breaks::AgedBreak;
use crate::controls::invariants::InvariantView;
use crate::controls::reconciliation::document::{Document, LedgerSeen};
use crate::{support::ids::BreakId, support::ids::ReconciliationId};

/// What changed from the earlier run to the later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Comparison {
    /// The earlier one.
    pub from: RunName,
    pub to: RunName,
    /// Invariants of which a side moved, or that came or went.
    pub invariants: Vec<MovedInvariant>,
    /// Breaks that only the later one has.
    pub opened: Vec<AgedBreak>,
    /// Breaks that only the earlier one has.
    pub closed: Vec<AgedBreak>,
    /// Breaks of both whose state or owner changed.
    pub changed: Vec<ChangedBreak>,
}

/// A run by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RunName {
    pub id: ReconciliationId,
    pub number: i32,
    pub at: DateTime<Utc>,
    /// Statements loaded until then.
    pub statements: i32,
    /// The books then.
    pub ledger: LedgerSeen,
}

/// An invariant before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MovedInvariant {
    pub name: String,
    /// Absent when it is new.
    pub before: Option<InvariantView>,
    /// Absent when it is gone.
    pub after: Option<InvariantView>,
}

/// A break before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangedBreak {
    /// In the earlier run.
    pub before: AgedBreak,
    /// In the later one.
    pub after: AgedBreak,
}

/// What changed between two runs, given in any order.
#[must_use]
pub fn compare(one: &Document, other: &Document) -> Comparison {
    let (from, to) = if one.number <= other.number {
        (one, other)
    } else {
        (other, one)
    };
    let (before, after) = (breaks(from), breaks(to));
    let only = |these: &BTreeMap<BreakId, &AgedBreak>, those: &BTreeMap<BreakId, &AgedBreak>| {
        let mut only: Vec<AgedBreak> = these
            .iter()
            .filter(|(id, _)| !those.contains_key(id))
            .map(|(_, &one)| one.clone())
            .collect();
        only.sort_by_key(|one| (one.opened_on, one.id));
        only
    };
    let changed = before.iter().filter_map(|(id, &before)| {
        let after = *after.get(id)?;
        let same = (&before.state, &before.owner) == (&after.state, &after.owner);
        (!same).then(|| ChangedBreak {
            before: before.clone(),
            after: after.clone(),
        })
    });
    Comparison {
        from: name(from),
        to: name(to),
        invariants: moved(from, to),
        opened: only(&after, &before),
        closed: only(&before, &after),
        changed: changed.collect(),
    }
}

fn name(document: &Document) -> RunName {
    RunName {
        id: document.id,
        number: document.number,
        at: document.at,
        statements: document.statements.loaded,
        ledger: document.ledger.clone(),
    }
}

fn breaks(document: &Document) -> BTreeMap<BreakId, &AgedBreak> {
    document.breaks.iter().map(|one| (one.id, one)).collect()
}

/// In the order of the later run, then those that are gone. Two invariants may bear one name (two programmes of one name): the
/// first is compared with the first.
fn moved(from: &Document, to: &Document) -> Vec<MovedInvariant> {
    let mut before: BTreeMap<&str, Vec<&InvariantView>> = BTreeMap::new();
    for invariant in from.invariants.iter().rev() {
        before.entry(&invariant.name).or_default().push(invariant);
    }
    let mut moved = Vec::new();
    for after in &to.invariants {
        let before = before.get_mut(after.name.as_str()).and_then(Vec::pop);
        if before != Some(after) {
            moved.push(MovedInvariant {
                name: after.name.clone(),
                before: before.cloned(),
                after: Some(after.clone()),
            });
        }
    }
    let gone = before.into_values().flat_map(|left| left.into_iter().rev());
    moved.extend(gone.map(|invariant| MovedInvariant {
        name: invariant.name.clone(),
        before: Some(invariant.clone()),
        after: None,
    }));
    moved
}
