//! Several lines, several things.

use bounds::{ListKind, TextKind, Words};
use database::{NamedLock, UseCaseError};
use std::collections::BTreeSet;

use access::audit;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use utoipa::ToSchema;
use web::Created;

use crate::bank::breaks::explain::view::{ExplanationView, read};
use crate::bank::breaks::explain::{ExplainRejection, NewExplanationPart, write};
use crate::bank::breaks::open::resolve_due_breaks;
use crate::bank::breaks::step::StepRejection;
use crate::bank::breaks::step::add;
use crate::bank::breaks::view::read as read_break;
use crate::{support::ids::BreakId, support::ids::ExplanationId};

bounds::list_kind! {
    /// Breaks that are explained together, each once.
    pub struct ExplainedBreaks: [BreakId; 1..=100];
    /// What they were: the payments of a file that the bank debited as it pleased.
    pub struct ExplanationParts: [NewExplanationPart; 0..=1_000];
}

/// Lines explained together by what they were together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSplit {
    /// Made by the caller.
    pub id: ExplanationId,
    /// Breaks that are open, each a line of a statement.
    #[schema(value_type = ExplainedBreaks)]
    pub break_ids: Vec<BreakId>,
    /// What they were; amounts are signed as the lines' and make the same sum. None when the lines undo one another.
    #[schema(value_type = ExplanationParts)]
    pub parts: Vec<NewExplanationPart>,
    #[schema(value_type = Words, example = "Détail demandé à la banque.")]
    pub why: String,
}

impl NewSplit {
    fn check(&self) -> Result<(), ExplainRejection> {
        if !Words::fits(&self.why) {
            return Err(ExplainRejection::Step(StepRejection::Words));
        }
        let mut breaks = self.break_ids.clone();
        breaks.sort_unstable();
        breaks.dedup();
        if breaks.len() != self.break_ids.len() || !ExplainedBreaks::fits(breaks.len()) {
            return Err(ExplainRejection::Misfit(
                "« break_ids » : donnez les écarts à expliquer, chacun une fois, cent au plus.",
            ));
        }
        if self.parts.is_empty() && breaks.len() < 2 || !ExplanationParts::fits(self.parts.len()) {
            return Err(ExplainRejection::Misfit(
                "« parts » : donnez les parts, mille au plus ; sans part, il faut au moins deux lignes qui s'annulent.",
            ));
        }
        if is_twice(self.parts.iter().filter_map(|part| part.payment_id)) {
            return Err(ExplainRejection::Misfit("Un même virement est donné deux fois."));
        }
        if is_twice(self.parts.iter().filter_map(|part| part.mandate_id)) {
            return Err(ExplainRejection::Misfit("Un même mandat est donné deux fois."));
        }
        if is_twice(self.parts.iter().filter_map(|part| part.call_id)) {
            return Err(ExplainRejection::Misfit("Un même appel de fonds est donné deux fois."));
        }
        Ok(())
    }
}

fn is_twice<T: Ord>(named: impl Iterator<Item = T>) -> bool {
    let named: Vec<T> = named.collect();
    named.iter().collect::<BTreeSet<_>>().len() < named.len()
}

/// Says what lines were together, or finds that the same was said before.
pub async fn split(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    new: NewSplit,
    at: DateTime<Utc>,
) -> Result<Created<ExplanationView>, UseCaseError<ExplainRejection>> {
    new.check()?;
    NamedLock::Statements.take(tx).await?;
    if let Some(known) = read(tx, new.id).await? {
        return if known.is(&new) {
            Ok(Created::Existing(known))
        } else {
            Err(UseCaseError::IdReused)
        };
    }
    let mut seen = Vec::with_capacity(new.break_ids.len());
    for &id in &new.break_ids {
        let one = read_break(tx, id).await?;
        let one = one.ok_or(ExplainRejection::Step(StepRejection::Unknown))?;
        if one.state != "open" {
            return Err(ExplainRejection::Explained.into());
        }
        seen.push(one);
    }
    write::write(tx, new.id, &seen, &new.parts, &new.why, at).await?;
    resolve_due_breaks(tx, who, at).await?;
    for one in &seen {
        add(tx, who, one, ("explained", one.owner.as_deref(), new.why.as_str()), at).await?;
    }
    let view = read(tx, new.id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let named = (&new.break_ids, &new.parts);
    audit(tx, who, at, "break.split", Some(new.id.uuid()), named).await?;
    tracing::info!(lines = seen.len(), parts = new.parts.len(), "breaks explained together");
    Ok(Created::New(view))
}
