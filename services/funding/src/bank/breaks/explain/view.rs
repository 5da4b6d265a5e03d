use access::OrganisationId;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use standards::Cents;
use utoipa::ToSchema;

use crate::bank::breaks::explain::{ExplanationKind, NewExplanationPart, NewSplit};
use crate::bank::breaks::view::BreakView;
use crate::{
    support::ids::BreakId, support::ids::CallId, support::ids::ExplanationId, support::ids::MandateId,
    support::ids::PaymentId,
};

/// What lines were together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExplanationView {
    pub id: ExplanationId,
    /// The breaks, by id.
    pub break_ids: Vec<BreakId>,
    /// What they were, as it was said.
    pub parts: Vec<NewExplanationPart>,
    pub why: String,
    pub at: DateTime<Utc>,
}

impl ExplanationView {
    pub(super) fn is(&self, new: &NewSplit) -> bool {
        let mut breaks = new.break_ids.clone();
        breaks.sort_unstable();
        (&self.break_ids, &self.parts, &self.why) == (&breaks, &new.parts, &new.why)
    }

    /// Whether it says of this break alone that it was this part alone.
    pub(super) fn is_one(&self, seen: &BreakView, part: &NewExplanationPart) -> bool {
        self.break_ids == [seen.id] && self.parts == [*part]
    }
}

/// The explanation of this id.
pub(super) async fn read(
    connection: &mut PgConnection,
    id: ExplanationId,
) -> Result<Option<ExplanationView>, sqlx::Error> {
    let row = sqlx::query!("select why, at from funding.explanation where id = $1", id.uuid());
    let Some(row) = row.fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let break_ids = sqlx::query_scalar!(
        r#"select b.id as "id: BreakId" from funding.break b
           join funding.explained_line l on l.statement_id = b.statement_id and l.line = b.line
           where l.explanation_id = $1 order by b.id"#,
        id.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let parts = sqlx::query!(
        r#"select what, cents as "amount: Cents", funder_id as "funder_id: OrganisationId",
               payment_id as "payment_id: PaymentId", call_id as "call_id: CallId", mandate_id as "mandate_id: MandateId"
           from funding.explanation_part where explanation_id = $1 order by part"#,
        id.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let parts = parts.into_iter().map(|row| {
        Some(NewExplanationPart {
            what: ExplanationKind::from_word(&row.what)?,
            amount: row.amount,
            funder_id: row.funder_id,
            payment_id: row.payment_id,
            call_id: row.call_id,
            mandate_id: row.mandate_id,
        })
    });
    let parts: Option<_> = parts.collect();
    Ok(Some(ExplanationView {
        id,
        break_ids,
        parts: parts.ok_or_else(|| sqlx::Error::Decode("an unknown part".into()))?,
        why: row.why,
        at: row.at,
    }))
}
