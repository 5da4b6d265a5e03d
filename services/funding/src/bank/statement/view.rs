use chrono::NaiveDate;
use serde::Serialize;
use sqlx::PgConnection;
use standards::Cents;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::support::ids::StatementId;

/// A statement as it was matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatementView {
    pub id: StatementId,
    /// The bank's identifier.
    pub identification: String,
    /// On the account before.
    pub opening: Cents,
    /// On the account after.
    pub closing: Cents,
    /// In the bank's order.
    pub lines: Vec<StatementLineView>,
    /// Lines that no rule explains.
    pub unexplained: usize,
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatementLineView {
    /// From 1.
    pub line: i32,
    /// The bank's day.
    pub booked_on: NaiveDate,
    /// Positive when money came in.
    pub amount: Cents,
    /// What the bank wrote on it.
    pub text: String,
    /// The rule that matched it; none when it is unexplained.
    #[schema(example = "end-to-end")]
    pub rule: Option<String>,
    pub matched: Option<MatchedItemView>,
}

/// Our item that a line is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MatchedItemView {
    /// `payment`, `file`, `return`, `mandate`, `fee` or `call`.
    #[schema(example = "payment")]
    pub kind: String,
    /// The payment, the settlement or refund of the file, the mandate, the operator's invoice, or the call.
    pub id: Uuid,
}

/// The statement of this id.
pub async fn read(connection: &mut PgConnection, id: StatementId) -> Result<Option<StatementView>, sqlx::Error> {
    let Some(statement) = sqlx::query!(
        r#"select identification, opening_cents as "opening: Cents", closing_cents as "closing: Cents"
           from funding.statement where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?
    else {
        return Ok(None);
    };
    let rows = sqlx::query!(
        r#"select line, booked_on, cents as "amount: Cents", remittance, rule, matched_kind, matched_id
           from funding.statement_line where statement_id = $1 order by line"#,
        id.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let lines: Vec<StatementLineView> = rows
        .into_iter()
        .map(|row| StatementLineView {
            line: row.line,
            booked_on: row.booked_on,
            amount: row.amount,
            text: row.remittance,
            rule: row.rule,
            matched: row
                .matched_kind
                .zip(row.matched_id)
                .map(|(kind, id)| MatchedItemView { kind, id }),
        })
        .collect();
    Ok(Some(StatementView {
        id,
        identification: statement.identification,
        opening: statement.opening,
        closing: statement.closing,
        unexplained: lines.iter().filter(|line| line.rule.is_none()).count(),
        lines,
    }))
}
