//! Where a voucher is accepted, for everybody: the places that are accredited and not suspended, as the public national
//! schema describes them. What a structure told us beside it (bank details, claims) is in other tables, which this file does
//! not read.
//!
//! A visitor asks for a département and gets all of it, so that the phone can sort by distance: its position stays there.

mod area;
mod hours;

use serde::{Deserialize, Deserializer, Serialize};
use sqlx::PgPool;
use standards::DepartementCode;
use standards::cog::{Cog, CommuneCode};
use utoipa::ToSchema;

pub use area::{Area, Found, find};

/// Places told of one département at most; the largest has some 700 mediation places of every kind.
pub const PLACES_MAX: i64 = 2_000;

/// A place, in what the public schema says of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicPlace {
    /// Its id in the file that described it.
    pub id: String,
    /// As it appears to people.
    pub name: String,
    /// Street and number.
    pub address: String,
    /// What completes the address.
    pub address_more: Option<String>,
    /// Postal code.
    pub postal_code: String,
    /// Commune, by name.
    pub commune: String,
    /// Commune, by INSEE code.
    pub commune_code: Option<CommuneCode>,
    /// International, without spaces.
    #[schema(example = "+33380000000")]
    pub phone: Option<String>,
    /// Addresses of its site, `http` or `https` and nothing else.
    pub websites: Vec<String>,
    /// In the syntax of OpenStreetMap.
    #[schema(example = "Mo-Fr 09:00-12:00")]
    pub opening_hours: Option<String>,
    /// The same in French, a line a day or a run of days; empty when the syntax is richer than what is read here.
    pub opening_hours_french: Vec<String>,
    /// Degrees, WGS 84.
    pub latitude: Option<f64>,
    /// Degrees, WGS 84.
    pub longitude: Option<f64>,
    /// What it costs without a voucher, in the schema's words.
    pub price: Vec<String>,
    /// What is taught, in the schema's words.
    pub services: Vec<String>,
    /// How to come, in the schema's words.
    pub access: Vec<String>,
    /// Where its accessibility is described.
    pub accessibility: Option<String>,
    /// Where an appointment is made.
    pub appointment: Option<String>,
}

/// The columns of the national schema that are told.
#[derive(Debug, Deserialize)]
struct Columns {
    id: String,
    nom: String,
    adresse: String,
    complement_adresse: Option<String>,
    code_postal: String,
    commune: String,
    code_insee: Option<CommuneCode>,
    telephone: Option<String>,
    #[serde(deserialize_with = "links")]
    site_web: Vec<String>,
    horaires: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    frais_a_charge: Vec<String>,
    services: Vec<String>,
    modalites_acces: Vec<String>,
    fiche_acces_libre: Option<String>,
    prise_rdv: Option<String>,
}

/// The schema lets any text pass as an address: on a page, `javascript:` would be one.
fn is_link(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

fn links<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let mut links = Vec::<String>::deserialize(deserializer)?;
    links.retain(|link| is_link(link));
    Ok(links)
}

impl From<Columns> for PublicPlace {
    fn from(columns: Columns) -> Self {
        let link = |text: Option<String>| text.filter(|text| is_link(text));
        Self {
            id: columns.id,
            name: columns.nom,
            address: columns.adresse,
            address_more: columns.complement_adresse,
            postal_code: columns.code_postal,
            commune: columns.commune,
            commune_code: columns.code_insee,
            phone: columns.telephone,
            websites: columns.site_web,
            opening_hours_french: columns.horaires.as_deref().and_then(hours::french).unwrap_or_default(),
            opening_hours: columns.horaires,
            latitude: columns.latitude,
            longitude: columns.longitude,
            price: columns.frais_a_charge,
            services: columns.services,
            access: columns.modalites_acces,
            accessibility: link(columns.fiche_acces_libre),
            appointment: link(columns.prise_rdv),
        }
    }
}

impl PublicPlace {
    /// Whether it lies in a commune, or in a part of it that has a code of its own.
    #[must_use]
    pub fn is_in(&self, commune: CommuneCode) -> bool {
        let whole = |code| {
            Cog::embedded()
                .commune(code)
                .and_then(|known| known.chef_lieu)
                .unwrap_or(code)
        };
        self.commune_code.is_some_and(|own| whole(own) == whole(commune))
    }
}

/// The places of a département that accept vouchers today, by commune and name.
pub async fn in_departement(pool: &PgPool, departement: DepartementCode) -> Result<Vec<PublicPlace>, sqlx::Error> {
    let places = sqlx::query_scalar!(
        "select s.place from redemption.structure s
         join redemption.accreditation a on a.structure_id = s.id
         where s.departement = $1
             and not exists (select from redemption.suspension u where u.structure_id = s.id and u.lifted_at is null)
         order by s.commune, s.name, s.id limit $2",
        departement.as_str(),
        PLACES_MAX,
    )
    .fetch_all(pool)
    .await?;
    let read = |place| Columns::deserialize(&place).map(PublicPlace::from);
    let read: Result<Vec<_>, _> = places.into_iter().map(read).collect();
    read.map_err(|error| sqlx::Error::Decode(error.into()))
}
