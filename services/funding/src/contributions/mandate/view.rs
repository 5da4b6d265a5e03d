use access::OrganisationId;
use catalogue::ProgrammeId;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use standards::Cents;
use utoipa::ToSchema;
use web::Page;

use crate::contributions::mandate::{MandateNumber, NewMandate};
use crate::{support::ids::CallId, support::ids::ConventionId, support::ids::MandateId};

/// How far a mandate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MandateState {
    /// None of its money is there.
    Awaited,
    PartlyReceived,
    /// All of it, or all that will come.
    Received,
    /// What had not come was taken off.
    Cancelled,
}

impl MandateState {
    const fn word(self) -> &'static str {
        match self {
            Self::Awaited => "awaited",
            Self::PartlyReceived => "partly_received",
            Self::Received => "received",
            Self::Cancelled => "cancelled",
        }
    }

    fn of(word: &str) -> Self {
        let all = [Self::Awaited, Self::PartlyReceived, Self::Received];
        all.into_iter()
            .find(|state| state.word() == word)
            .unwrap_or(Self::Cancelled)
    }
}

/// A mandate as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Mandate {
    pub id: MandateId,
    /// Under which convention.
    pub convention_id: ConventionId,
    /// The call that it answers.
    pub call_id: Option<CallId>,
    pub funder_id: OrganisationId,
    pub programme_id: ProgrammeId,
    /// The accountant's number.
    pub number: String,
    /// The bordereau that it is on.
    pub bordereau: Option<String>,
    /// What its transfers bear.
    #[schema(example = "mandat 2026 12/345")]
    pub reference: String,
    /// How much was ordered to be paid.
    pub amount: Cents,
    pub issued_on: NaiveDate,
    /// Since when it counts as money.
    pub accepted_at: DateTime<Utc>,
    pub state: MandateState,
    /// Seen on the bank's statements.
    pub received: Cents,
    /// Still counted as money without being there.
    pub awaited: Cents,
    /// Taken off, because it will not come.
    pub cancelled: Cents,
    pub cancelled_reason: Option<String>,
}

impl Mandate {
    /// Whether it is what was asked for.
    pub(super) fn same_as(&self, new: &NewMandate, number: &MandateNumber) -> bool {
        (self.convention_id, self.call_id, self.amount, self.issued_on)
            == (new.convention_id, new.call_id, new.amount, new.issued_on)
            && self.reference == number.reference()
    }
}

/// The mandate of this id.
pub async fn read(connection: &mut PgConnection, id: MandateId) -> Result<Option<Mandate>, sqlx::Error> {
    Ok(rows(connection, Some(id), None, None, None, 1).await?.pop())
}

/// Mandates in a state (all when none is given), of one funder or of all, in order of id.
pub async fn list(
    connection: &mut PgConnection,
    state: Option<MandateState>,
    funder: Option<OrganisationId>,
    after: Option<MandateId>,
    limit: i64,
) -> Result<Page<Mandate>, sqlx::Error> {
    let items = rows(connection, None, state, funder, after, limit + 1).await?;
    Ok(Page::new(items, limit, |mandate| mandate.id))
}

async fn rows(
    connection: &mut PgConnection,
    only: Option<MandateId>,
    state: Option<MandateState>,
    funder: Option<OrganisationId>,
    after: Option<MandateId>,
    rows_max: i64,
) -> Result<Vec<Mandate>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id!: MandateId", convention_id as "convention_id!: ConventionId", call_id as "call_id: CallId",
               funder_id as "funder_id!: OrganisationId", programme_id as "programme_id!: ProgrammeId", number as "number!",
               bordereau, reference as "reference!", cents as "amount!: Cents", issued_on as "issued_on!",
               accepted_at as "accepted_at!", state as "state!", received_cents as "received!: Cents",
               awaited_cents as "awaited!: Cents", cancelled_cents as "cancelled!: Cents", cancelled_reason
           from funding.mandate_state
           where ($1::uuid is null or id = $1) and ($2::text is null or state = $2)
               and ($3::uuid is null or funder_id = $3) and ($4::uuid is null or id > $4)
           order by id limit $5"#,
        only.map(MandateId::uuid),
        state.map(MandateState::word),
        funder.map(OrganisationId::uuid),
        after.map(MandateId::uuid),
        rows_max,
    )
    .fetch_all(connection)
    .await?;
    let mandates = rows.into_iter().map(|row| Mandate {
        id: row.id,
        convention_id: row.convention_id,
        call_id: row.call_id,
        funder_id: row.funder_id,
        programme_id: row.programme_id,
        number: row.number,
        bordereau: row.bordereau,
        reference: row.reference,
        amount: row.amount,
        issued_on: row.issued_on,
        accepted_at: row.accepted_at,
        state: MandateState::of(&row.state),
        received: row.received,
        awaited: row.awaited,
        cancelled: row.cancelled,
        cancelled_reason: row.cancelled_reason,
    });
    Ok(mandates.collect())
}
