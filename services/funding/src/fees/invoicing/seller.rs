use access::{Caller, audit};
use chrono::{DateTime, Utc};
use database::{NamedLock, UseCaseError};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{PgConnection, PgTransaction};
use standards::{Bic, Iban, Siret};
use utoipa::ToSchema;
use web::Created;

use super::{Address, InvoicingRejection, fits, fits_if_any, french_vat};
use crate::support::FundAccount;

/// Code de commerce, art. L441-10: between professionals, sixty days at most.
const PAYMENT_DAYS_MAX: i32 = 60;
/// Unless said: what public buyers have (Code de la commande publique, art. R2192-10).
const PAYMENT_DAYS: i32 = 30;

/// The operator, as its invoices name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seller {
    #[schema(example = "Association Culture numérique en Bourgogne")]
    pub name: String,
    /// Its legal form, with what the form asks for: capital and register of a company, number of an association.
    #[schema(example = "Association loi 1901, RNA W212001234")]
    pub legal_form: String,
    pub address: Address,
    /// Of the establishment that invoices.
    #[schema(value_type = String, example = "40483304800022")]
    pub siret: Siret,
    /// Its VAT number, unless it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "FR83404833048")]
    pub vat_number: Option<String>,
    /// Why no VAT is due, word for word, for invoices at the rate 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "TVA non applicable, art. 293 B du CGI")]
    pub vat_exemption: Option<String>,
    /// Whether it pays VAT when it invoices rather than when it is paid.
    #[serde(default)]
    pub vat_on_debits: bool,
    /// Days between an invoice and its due day; 30 unless said.
    #[serde(default = "payment_days")]
    #[schema(minimum = 1, maximum = 60, example = 30)]
    pub payment_days: i32,
    /// The account on which its invoices are paid: its own, never the fund's.
    #[schema(value_type = String, example = "FR7630001007941234567890185")]
    pub iban: Iban,
    /// Of that account's bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "BDFEFRPPCCT")]
    pub bic: Option<Bic>,
    /// Whom to ask: an address, a telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "comptabilite@fonds.example")]
    pub contact: Option<String>,
}

const fn payment_days() -> i32 {
    PAYMENT_DAYS
}

impl Seller {
    fn check(&self, fund: &FundAccount) -> Result<(), InvoicingRejection> {
        fits("name", &self.name, 120)?;
        fits("legal_form", &self.legal_form, 160)?;
        self.address.check()?;
        french_vat("vat_number", self.vat_number.as_deref(), self.siret.siren().as_str())?;
        fits_if_any("vat_exemption", self.vat_exemption.as_deref(), 200)?;
        fits_if_any("contact", self.contact.as_deref(), 120)?;
        if self.iban == fund.iban {
            let why =
                "c'est le compte du fonds, où n'entre que l'argent des financeurs ; donnez un compte de l'opérateur"
                    .to_owned();
            return Err(InvoicingRejection::Field("iban", why));
        }
        if !(1..=PAYMENT_DAYS_MAX).contains(&self.payment_days) {
            let why = format!("donnez de 1 à {PAYMENT_DAYS_MAX} jours (Code de commerce, art. L441-10)");
            return Err(InvoicingRejection::Field("payment_days", why));
        }
        Ok(())
    }
}

/// The operator as papers of `at` name it, if it was said.
pub async fn seller(connection: &mut PgConnection, at: DateTime<Utc>) -> Result<Option<Seller>, sqlx::Error> {
    let details = sqlx::query_scalar!(
        r#"select details as "details: Json<Seller>" from funding.invoice_seller where at <= $1 order by number desc limit 1"#,
        at
    )
    .fetch_optional(connection)
    .await?;
    Ok(details.map(|Json(seller)| seller))
}

/// Says who invoices, for papers that are issued from now on, or finds that it is so.
pub async fn set_seller(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    fund: &FundAccount,
    new: &Seller,
    at: DateTime<Utc>,
) -> Result<Created<Seller>, UseCaseError<InvoicingRejection>> {
    new.check(fund)?;
    NamedLock::InvoiceParties.take(tx).await?;
    if let Some(known) = seller(&mut *tx, at).await?.filter(|known| known == new) {
        return Ok(Created::Existing(known));
    }
    sqlx::query!(
        "insert into funding.invoice_seller (number, details, organisation_id, at)
         select coalesce(max(number), 0) + 1, $1, $2, $3 from funding.invoice_seller",
        Json(new) as Json<&Seller>,
        who.organisation().uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    audit(tx, who, at, "invoice_seller.set", None, new.siret.as_str()).await?;
    Ok(Created::New(new.clone()))
}
