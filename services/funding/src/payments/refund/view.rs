use access::OrganisationId;
use catalogue::ProgrammeId;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use standards::Cents;
use utoipa::ToSchema;
use web::Page;

use super::RefundMethod;
use crate::payments::approval::{Approval, approval};
use crate::payments::payment_order::PaymentOrder;
use crate::support::ids::RefundId;

/// A refund as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refund {
    pub id: RefundId,
    pub funder_id: OrganisationId,
    /// Out of which programme; none: out of the funder's free money.
    pub programme_id: Option<ProgrammeId>,
    pub method: RefundMethod,
    /// When the bank shall pay.
    pub execute_on: NaiveDate,
    /// All that was owed back, and at the end of the programme all that was free there; or what was asked for of the free money.
    pub amount: Cents,
    /// Of it, allocated to the programme and never put behind a batch.
    pub unspent: Cents,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// The id on the bank statement; none for a credit.
    pub end_to_end: Option<String>,
    /// `proposed` while somebody has to approve it, `sent`, `debited`, `returned`, `rejected` by the bank before its debit, or
    /// `withdrawn` because it was not approved; none for a credit. Money that came back or never left is the funder's free money.
    #[schema(example = "sent")]
    pub state: Option<String>,
    /// Why it came back or was rejected: the bank's code (ISO 20022), or the status where it gave none.
    #[schema(example = "AC04")]
    pub reason: Option<String>,
    /// Whether a second person has to look, and has.
    pub approval: Approval,
}

struct RefundRow {
    id: RefundId,
    funder_id: OrganisationId,
    programme_id: Option<ProgrammeId>,
    method: String,
    execute_on: NaiveDate,
    amount: Cents,
    unspent: Cents,
    made_at: DateTime<Utc>,
    end_to_end: Option<String>,
    state: Option<String>,
    reason: Option<String>,
}

impl RefundRow {
    async fn shown(self, connection: &mut PgConnection) -> Result<Refund, sqlx::Error> {
        Ok(Refund {
            approval: approval(connection, PaymentOrder::Refund(self.id)).await?,
            id: self.id,
            funder_id: self.funder_id,
            programme_id: self.programme_id,
            method: if self.method == RefundMethod::Bank.word() {
                RefundMethod::Bank
            } else {
                RefundMethod::Credit
            },
            execute_on: self.execute_on,
            amount: self.amount,
            unspent: self.unspent,
            made_at: self.made_at,
            end_to_end: self.end_to_end,
            state: self.state,
            reason: self.reason,
        })
    }
}

/// The refund of this id.
pub async fn read(connection: &mut PgConnection, id: RefundId) -> Result<Option<Refund>, sqlx::Error> {
    match rows(connection, Some(id), None, None, 1).await?.pop() {
        Some(row) => row.shown(connection).await.map(Some),
        None => Ok(None),
    }
}

/// A page of them, newest first, of one funder or of all; `after` is the last one of the page before.
pub async fn list(
    connection: &mut PgConnection,
    funder: Option<OrganisationId>,
    after: Option<RefundId>,
    limit: i64,
) -> Result<Page<Refund>, sqlx::Error> {
    let rows = rows(connection, None, funder, after, limit + 1).await?;
    let Page { items: rows, next } = Page::new(rows, limit, |last| last.id);
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(row.shown(connection).await?);
    }
    Ok(Page { items, next })
}

async fn rows(
    connection: &mut PgConnection,
    id: Option<RefundId>,
    funder: Option<OrganisationId>,
    after: Option<RefundId>,
    rows_max: i64,
) -> Result<Vec<RefundRow>, sqlx::Error> {
    sqlx::query_as!(
        RefundRow,
        r#"select r.id as "id: RefundId", r.funder_id as "funder_id: OrganisationId", r.programme_id as "programme_id: ProgrammeId",
               r.method, r.execute_on, r.cents as "amount: Cents", r.unspent_cents as "unspent: Cents", r.at as made_at,
               p.end_to_end as "end_to_end?", s.state as "state?", b.reason as "reason?"
           from funding.refund r
           left join funding.payment p on p.refund_id = r.id
           left join funding.payment_state s on s.payment_id = p.id
           left join funding.payment_answer b on b.payment_id = p.id and b.answer in ('returned', 'rejected')
           where ($1::uuid is null or r.id = $1) and ($2::uuid is null or r.funder_id = $2)
               and ($3::uuid is null or (r.at, r.id) < (select at, id from funding.refund where id = $3))
           order by r.at desc, r.id desc limit $4"#,
        id.map(RefundId::uuid),
        funder.map(OrganisationId::uuid),
        after.map(RefundId::uuid),
        rows_max,
    )
    .fetch_all(connection)
    .await
}
