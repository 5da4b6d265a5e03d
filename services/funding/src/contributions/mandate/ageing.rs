//! How long mandates have been waiting for their money.

use access::OrganisationId;
use chrono::NaiveDate;
use serde::Serialize;
use sqlx::PgConnection;
use standards::Cents;
use utoipa::ToSchema;

use crate::support::ages::{AgeBand, bands, days};
use crate::{contributions::cash, support::ids::MandateId};

/// Mandates whose money is awaited, by age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MandateAgeing {
    /// The day from which ages count back.
    pub on: NaiveDate,
    /// Youngest first.
    pub bands: Vec<AgeBand>,
    /// Oldest first.
    pub mandates: Vec<AgedMandate>,
    /// What the others' money does meanwhile, by name.
    pub funders: Vec<FunderCash>,
}

/// A funder whose money is awaited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FunderCash {
    pub funder_id: OrganisationId,
    pub funder: String,
    /// What its mandates still await.
    pub awaited: Cents,
    /// What came from it, less what went back to it and its shares of what structures were sent.
    pub cash: Cents,
    /// Paid for it above what came from it, from what the other funders paid.
    pub advanced: Cents,
}

/// A mandate with its age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AgedMandate {
    pub id: MandateId,
    pub funder_id: OrganisationId,
    pub funder: String,
    /// How people know it.
    pub reference: String,
    pub issued_on: NaiveDate,
    /// Days since.
    pub age_days: i32,
    /// The band that it is in.
    #[schema(example = "8-30")]
    pub days: String,
    /// What has not come.
    pub awaited: Cents,
}

/// The report on a day, of one funder or of all.
pub async fn ageing(
    connection: &mut PgConnection,
    on: NaiveDate,
    funder: Option<OrganisationId>,
) -> Result<MandateAgeing, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select m.id as "id!: MandateId", m.funder_id as "funder_id!: OrganisationId", f.name, m.reference as "reference!",
               m.issued_on as "issued_on!", $1::date - m.issued_on as "age_days!", m.awaited_cents as "awaited!: Cents"
           from funding.mandate_state m join funding.funder f on f.id = m.funder_id
           where m.awaited_cents > 0 and ($2::uuid is null or m.funder_id = $2)
           order by m.issued_on, m.id"#,
        on,
        funder.map(OrganisationId::uuid),
    )
    .fetch_all(&mut *connection)
    .await?;
    let mandates: Vec<AgedMandate> = rows
        .into_iter()
        .map(|row| AgedMandate {
            id: row.id,
            funder_id: row.funder_id,
            funder: row.name,
            reference: row.reference,
            issued_on: row.issued_on,
            age_days: row.age_days,
            days: days(row.age_days).to_owned(),
            awaited: row.awaited,
        })
        .collect();
    let bands = bands(&mandates.iter().map(|mandate| (mandate.age_days, mandate.awaited)));
    let positions = cash::positions(connection).await?;
    let mut funders: Vec<FunderCash> = positions
        .into_iter()
        .map(|(party, position)| FunderCash {
            funder_id: OrganisationId::from_uuid(party.uuid()),
            advanced: position.advanced(),
            funder: position.name,
            awaited: position.awaited,
            cash: position.cash,
        })
        .filter(|one| funder.is_none_or(|funder| funder == one.funder_id))
        .collect();
    funders.sort_by(|one, other| (&one.funder, one.funder_id).cmp(&(&other.funder, other.funder_id)));
    Ok(MandateAgeing {
        on,
        bands: bands.ok_or_else(|| sqlx::Error::Decode("mandates add up to more than 64 bits".into()))?,
        mandates,
        funders,
    })
}
