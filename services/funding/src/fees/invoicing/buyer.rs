use access::{Caller, OrganisationId, audit};
use bounds::Form;
use chrono::{DateTime, Utc};
use database::{NamedLock, UseCaseError};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{PgConnection, PgTransaction};
use standards::Siret;
use utoipa::ToSchema;
use web::Created;

use super::{Address, InvoicingRejection, PartyName, VatNumber, fits, fits_if_any, french_vat};

bounds::text_kind! {
    /// The code of a public buyer's service (code service) in Chorus Pro.
    pub struct ChorusServiceCode: 1..=100, Form::Line;
}

/// A sponsor, as the operator's invoices name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Buyer {
    #[schema(value_type = PartyName, example = "Département de la Côte-d'Or")]
    pub name: String,
    /// Where it is invoiced.
    pub address: Address,
    /// Of the establishment that is invoiced.
    pub siret: Siret,
    /// Its VAT number, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VatNumber>)]
    pub vat_number: Option<String>,
    /// Whether it is a public buyer: another law says what a late payment costs, and invoices go through Chorus Pro.
    pub public: bool,
    /// Its service in Chorus Pro, when its orders say none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ChorusServiceCode>, example = "FINANCES")]
    pub service_code: Option<String>,
}

impl Buyer {
    fn check(&self, siren: Option<&str>) -> Result<(), InvoicingRejection> {
        fits::<PartyName>("name", &self.name)?;
        self.address.check()?;
        let own = self.siret.siren();
        if siren.is_some_and(|siren| siren != own.as_str()) {
            let why = "ce SIRET n'est pas d'un établissement du SIREN de l'organisation".to_owned();
            return Err(InvoicingRejection::Field("siret", why));
        }
        french_vat("vat_number", self.vat_number.as_deref(), own.as_str())?;
        fits_if_any::<ChorusServiceCode>("service_code", self.service_code.as_deref())
    }
}

/// A sponsor as papers of `at` name it, if it was said.
pub async fn buyer(
    connection: &mut PgConnection,
    sponsor: OrganisationId,
    at: DateTime<Utc>,
) -> Result<Option<Buyer>, sqlx::Error> {
    let details = sqlx::query_scalar!(
        r#"select details as "details: Json<Buyer>" from funding.invoice_buyer
           where sponsor_id = $1 and at <= $2 order by number desc limit 1"#,
        sponsor.uuid(),
        at
    )
    .fetch_optional(connection)
    .await?;
    Ok(details.map(|Json(buyer)| buyer))
}

/// Says how a sponsor is invoiced, for papers that are issued from now on, or finds that it is so.
pub async fn set_buyer(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    sponsor: OrganisationId,
    new: &Buyer,
    at: DateTime<Utc>,
) -> Result<Created<Buyer>, UseCaseError<InvoicingRejection>> {
    let siren = sqlx::query_scalar!(
        "select siren from access.organisation where id = $1 and 'sponsor' = any(roles)",
        sponsor.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(InvoicingRejection::NoSponsor)?;
    new.check(siren.as_deref())?;
    NamedLock::InvoiceParties.take(tx).await?;
    if let Some(known) = buyer(&mut *tx, sponsor, at).await?.filter(|known| known == new) {
        return Ok(Created::Existing(known));
    }
    sqlx::query!(
        "insert into funding.invoice_buyer (sponsor_id, number, details, organisation_id, at)
         select $1, coalesce(max(number), 0) + 1, $2, $3, $4 from funding.invoice_buyer where sponsor_id = $1",
        sponsor.uuid(),
        Json(new) as Json<&Buyer>,
        who.organisation().uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    audit(
        tx,
        who,
        at,
        "invoice_buyer.set",
        Some(sponsor.uuid()),
        new.siret.as_str(),
    )
    .await?;
    Ok(Created::New(new.clone()))
}
