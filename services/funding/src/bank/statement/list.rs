//! The statements that were loaded, newest first: what the next one has to follow.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use standards::Cents;
use utoipa::ToSchema;
use web::Page;

use crate::support::ids::StatementId;

/// A statement in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatementRow {
    pub id: StatementId,
    /// From 1, without a gap.
    pub position: i32,
    /// The bank's identifier.
    pub identification: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// On the account before.
    pub opening: Cents,
    /// On the account after.
    pub closing: Cents,
    /// How many lines it has.
    pub lines: i64,
    /// How many of them no rule explained when it was loaded.
    pub unexplained: i64,
    /// When it was loaded.
    pub loaded_at: DateTime<Utc>,
}

/// A page of them; `after` is the last one of the page before.
pub async fn list(
    connection: &mut PgConnection,
    after: Option<StatementId>,
    limit: i64,
) -> Result<Page<StatementRow>, sqlx::Error> {
    let items = sqlx::query_as!(
        StatementRow,
        r#"select s.id as "id: StatementId", s.position, s.identification, s.from_day as "from", s.to_day as "to",
               s.opening_cents as "opening: Cents", s.closing_cents as "closing: Cents",
               l.lines as "lines!", l.unexplained as "unexplained!", s.loaded_at
           from funding.statement s
           cross join lateral (select count(*) as lines, count(*) filter (where rule is null) as unexplained
                               from funding.statement_line where statement_id = s.id) l
           where $1::uuid is null or s.position < (select position from funding.statement where id = $1)
           order by s.position desc limit $2"#,
        after.map(StatementId::uuid),
        limit + 1,
    )
    .fetch_all(connection)
    .await?;
    Ok(Page::new(items, limit, |one| one.id))
}
