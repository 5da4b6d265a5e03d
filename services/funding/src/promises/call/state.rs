//! How calls stand, and which are overdue.

use access::OrganisationId;
use catalogue::ProgrammeId;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use standards::Cents;
use utoipa::ToSchema;
use web::Page;

use crate::support::ages::{AgeBand, bands};
use crate::{support::ids::CallId, support::ids::ConventionId};

/// A call as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallState {
    pub id: CallId,
    /// Under which convention.
    pub convention_id: ConventionId,
    pub funder_id: OrganisationId,
    pub funder: String,
    pub programme_id: ProgrammeId,
    /// What the transfer must quote.
    pub reference: String,
    /// How much is called.
    pub amount: Cents,
    /// When it should arrive.
    pub due_on: NaiveDate,
    /// When it was made.
    pub called_at: DateTime<Utc>,
    pub received: Cents,
    /// What is mandated and has not come.
    pub mandated: Cents,
    /// What is neither there nor mandated.
    pub missing: Cents,
    /// Days past the due day while something is missing; 0 before.
    pub overdue_days: i32,
    /// Recorded by the clock, oldest first.
    pub reminders: Vec<ReminderView>,
}

/// A reminder of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReminderView {
    /// Of how many days past the due day it is.
    pub days: i32,
    pub reminded_on: NaiveDate,
    /// What was missing.
    pub missing: Cents,
}

/// Overdue calls, by age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Overdue {
    /// The day from which ages count back.
    pub on: NaiveDate,
    /// Youngest first.
    pub bands: Vec<AgeBand>,
    /// Oldest first.
    pub calls: Vec<CallState>,
}

/// The call of this id on a day.
pub async fn state(connection: &mut PgConnection, id: CallId, on: NaiveDate) -> Result<Option<CallState>, sqlx::Error> {
    Ok(rows(
        connection,
        Which {
            only: Some(id),
            ..Which::all(on, 1)
        },
    )
    .await?
    .pop())
}

/// Calls of one funder or of all, in order of id.
pub async fn list(
    connection: &mut PgConnection,
    on: NaiveDate,
    funder: Option<OrganisationId>,
    after: Option<CallId>,
    limit: i64,
) -> Result<Page<CallState>, sqlx::Error> {
    let which = Which {
        funder,
        after,
        ..Which::all(on, limit + 1)
    };
    let items = rows(connection, which).await?;
    Ok(Page::new(items, limit, |one| one.id))
}

/// Calls that are past their due day and not all there nor mandated.
pub async fn overdue(
    connection: &mut PgConnection,
    on: NaiveDate,
    funder: Option<OrganisationId>,
) -> Result<Overdue, sqlx::Error> {
    let which = Which {
        funder,
        overdue: true,
        ..Which::all(on, i64::MAX)
    };
    let mut calls = rows(connection, which).await?;
    calls.sort_by_key(|call| (call.due_on, call.id));
    let bands = bands(&calls.iter().map(|call| (call.overdue_days, call.missing)));
    Ok(Overdue {
        on,
        bands: bands.ok_or_else(|| sqlx::Error::Decode("calls add up to more than 64 bits".into()))?,
        calls,
    })
}

struct Which {
    on: NaiveDate,
    only: Option<CallId>,
    funder: Option<OrganisationId>,
    after: Option<CallId>,
    overdue: bool,
    rows_max: i64,
}

impl Which {
    const fn all(on: NaiveDate, rows_max: i64) -> Self {
        Self {
            on,
            only: None,
            funder: None,
            after: None,
            overdue: false,
            rows_max,
        }
    }
}

async fn rows(connection: &mut PgConnection, which: Which) -> Result<Vec<CallState>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select k.id as "id!: CallId", k.convention_id as "convention_id!: ConventionId", k.funder_id as "funder_id!: OrganisationId",
               f.name, k.programme_id as "programme_id!: ProgrammeId", k.reference as "reference!", k.cents as "amount!: Cents",
               k.due_on as "due_on!", k.called_at as "called_at!", k.received_cents as "received!: Cents",
               k.mandated_cents as "mandated!: Cents", k.missing_cents as "missing!: Cents",
               case when k.missing_cents > 0 then greatest($1::date - k.due_on, 0) else 0 end as "overdue_days!"
           from funding.call_state k join funding.funder f on f.id = k.funder_id
           where ($2::uuid is null or k.id = $2) and ($3::uuid is null or k.funder_id = $3) and ($4::uuid is null or k.id > $4)
               and (not $5 or (k.missing_cents > 0 and k.due_on < $1::date))
           order by k.id limit $6"#,
        which.on,
        which.only.map(CallId::uuid),
        which.funder.map(OrganisationId::uuid),
        which.after.map(CallId::uuid),
        which.overdue,
        which.rows_max,
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<uuid::Uuid> = rows.iter().map(|row| row.id.uuid()).collect();
    let reminders = sqlx::query!(
        r#"select call_id as "call_id: CallId", days, reminded_on, missing_cents as "missing: Cents"
           from funding.reminder where call_id = any($1) order by call_id, days"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let of_call = |id: CallId| {
        let mine = reminders.iter().filter(|reminder| reminder.call_id == id);
        mine.map(|reminder| ReminderView {
            days: reminder.days,
            reminded_on: reminder.reminded_on,
            missing: reminder.missing,
        })
        .collect()
    };
    let calls = rows.into_iter().map(|row| CallState {
        id: row.id,
        convention_id: row.convention_id,
        funder_id: row.funder_id,
        funder: row.name,
        programme_id: row.programme_id,
        reference: row.reference,
        amount: row.amount,
        due_on: row.due_on,
        called_at: row.called_at,
        received: row.received,
        mandated: row.mandated,
        missing: row.missing,
        overdue_days: row.overdue_days,
        reminders: of_call(row.id),
    });
    Ok(calls.collect())
}
