//! The settlements, newest first: how a second person finds the one that waits for its approval.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use standards::{Cents, Month};
use utoipa::ToSchema;
use web::Page;

use crate::support::ids::SettlementId;

/// A settlement in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SettlementLine {
    pub id: SettlementId,
    /// Claims up to the end of this month.
    pub month: Month,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When the bank shall pay.
    pub execute_on: NaiveDate,
    /// How many structures it pays.
    pub payments: i64,
    /// How many it holds.
    pub held: i64,
    /// Of the payments.
    pub total: Cents,
    /// `not_needed`, `waiting`, `approved` or `rejected`.
    #[schema(example = "waiting")]
    pub approval: String,
}

/// A page of them; `after` is the last one of the page before.
pub async fn list(
    connection: &mut PgConnection,
    after: Option<SettlementId>,
    limit: i64,
) -> Result<Page<SettlementLine>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select s.id as "id: SettlementId", s.month, s.at, s.execute_on,
               p.payments as "payments!", h.held as "held!", p.total as "total!: Cents",
               case when w.order_id is null then 'not_needed' else coalesce(d.decision, 'waiting') end as "approval!"
           from funding.settlement s
           cross join lateral (select count(*) as payments, coalesce(sum(cents), 0)::bigint as total
                               from funding.payment where settlement_id = s.id) p
           cross join lateral (select count(*) as held from funding.hold where settlement_id = s.id) h
           left join funding.payment_proposal w on w.settlement_id = s.id
           left join funding.payment_decision d on d.order_id = w.order_id
           where $1::uuid is null or (s.at, s.id) < (select at, id from funding.settlement where id = $1)
           order by s.at desc, s.id desc limit $2"#,
        after.map(SettlementId::uuid),
        limit + 1,
    )
    .fetch_all(connection)
    .await?;
    let items: Vec<SettlementLine> = rows
        .into_iter()
        .map(|row| SettlementLine {
            id: row.id,
            month: Month::containing(row.month),
            made_at: row.at,
            execute_on: row.execute_on,
            payments: row.payments,
            held: row.held,
            total: row.total,
            approval: row.approval,
        })
        .collect();
    Ok(Page::new(items, limit, |one| one.id))
}
