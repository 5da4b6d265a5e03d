use database::UseCaseError;
use sqlx::PgTransaction;
use standards::Cents;

use crate::bank::breaks::explain::ExplainRejection;
use crate::bank::breaks::view::BreakView;
use crate::support::ids::StatementId;

/// Lines of statements that wait in suspense, at least one.
pub(super) struct SuspenseLines {
    pub statements: Vec<uuid::Uuid>,
    pub numbers: Vec<i32>,
    pub cents: Cents,
    /// What people call the first of them.
    pub reference: String,
}

impl SuspenseLines {
    pub(super) async fn of(
        tx: &mut PgTransaction<'_>,
        breaks: &[BreakView],
    ) -> Result<Self, UseCaseError<ExplainRejection>> {
        let place = |one: &BreakView| one.statement_id.map(StatementId::uuid).zip(one.line);
        let places: Option<Vec<_>> = breaks.iter().map(place).collect();
        let Some(places) = places.filter(|places| !places.is_empty()) else {
            return Err(ExplainRejection::Misfit(
                "Cet écart n'est pas une ligne de relevé : expliquez-le en mots (« words »).",
            )
            .into());
        };
        let (statement, number) = places[0];
        let position = sqlx::query_scalar!("select position from funding.statement where id = $1", statement)
            .fetch_one(&mut **tx)
            .await?;
        let (statements, numbers) = places.into_iter().unzip();
        Ok(Self {
            statements,
            numbers,
            cents: Cents::try_sum(breaks.iter().map(|one| one.amount)).unwrap_or_default(),
            reference: format!("relevé {position}, ligne {number}"),
        })
    }

    /// Where part `number` (from 1) of `parts` is found again: a line that is one thing bears the line's own name.
    pub(super) fn reference_of(&self, number: i32, parts: usize) -> String {
        if parts == 1 && self.numbers.len() == 1 {
            self.reference.clone()
        } else {
            format!("{}, part {number}", self.reference)
        }
    }
}
