//! What everybody may know of a series: its programme, never a voucher of it.

use chrono::NaiveDate;
use serde::Serialize;
use sqlx::PgPool;
use standards::cog::{Cog, Territory};
use standards::{CommuneCode, DepartementCode};
use utoipa::ToSchema;

/// What the paper says of all vouchers of a series.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeriesFacts {
    /// Its number, in every token.
    series: u16,
    /// The programme's name.
    programme: String,
    sponsor: Option<String>,
    /// The date on the paper: the last day for whoever holds it.
    printed_day: NaiveDate,
    /// COG: a commune (`21231`), a département (`21`), a région (`R27`) or `FR`.
    territory: Territory,
    /// The territory's name.
    territory_name: Option<&'static str>,
    /// The territory, if it is one commune.
    commune: Option<CommuneCode>,
    /// The départements in which it lies or of which it is made; none when it is the whole country.
    departements: Vec<DepartementFact>,
}

/// A département by code and name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DepartementFact {
    /// COG code.
    code: DepartementCode,
    name: &'static str,
}

/// What is known of a series; nothing of one that no programme has.
pub(crate) async fn facts(pool: &PgPool, series: u16) -> Result<Option<SeriesFacts>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select p.name, p.printed_day, p.territory, o.name as "sponsor?"
           from catalogue.series s
           join catalogue.programme p on p.id = s.programme_id
           left join access.organisation o on o.id = p.sponsor_id
           where s.series = $1"#,
        i32::from(series),
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let territory: Territory = row
        .territory
        .parse()
        .map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    let commune = match territory {
        Territory::Commune(code) => Some(code),
        Territory::Departement(_) | Territory::Region(_) | Territory::National => None,
    };
    Ok(Some(SeriesFacts {
        series,
        programme: row.name,
        sponsor: row.sponsor,
        printed_day: row.printed_day,
        territory,
        territory_name: territory.name(),
        commune,
        departements: departements(territory),
    }))
}

fn departements(territory: Territory) -> Vec<DepartementFact> {
    let cog = Cog::embedded();
    let known = cog.departements().iter().filter(|departement| match territory {
        Territory::Commune(code) => cog
            .commune(code)
            .is_some_and(|commune| commune.departement == departement.code),
        Territory::Departement(code) => departement.code == code,
        Territory::Region(code) => departement.region == code,
        Territory::National => false,
    });
    let fact = |departement: &standards::cog::Departement| DepartementFact {
        code: departement.code,
        name: departement.name,
    };
    known.map(fact).collect()
}
