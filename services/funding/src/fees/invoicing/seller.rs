use access::{Caller, audit};
use bounds::{Form, NumberKind};
use chrono::{DateTime, Utc};
use database::{NamedLock, UseCaseError};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{PgConnection, PgTransaction};
use standards::{Bic, Iban, Siret};
use utoipa::ToSchema;
use web::Created;

use super::{Address, InvoicingRejection, PartyName, VatNumber, fits, fits_if_any, french_vat};
use crate::support::FundAccount;

/// Code de commerce, art. L441-10: between professionals, sixty days at most.
const PAYMENT_DAYS_MAX: i64 = 60;

bounds::text_kind! {
    /// A company's or an association's legal form.
    pub struct LegalForm: 1..=160, Form::Line;
    /// Why no VAT is due.
    pub struct VatExemption: 1..=200, Form::Line;
    /// Whom to ask about an invoice.
    pub struct InvoiceContact: 1..=120, Form::Line;
}

bounds::number_kind! {
    /// Days between an invoice and its due day.
    pub struct InvoiceDays: 1..=PAYMENT_DAYS_MAX;
}

/// Unless said: what public buyers have (Code de la commande publique, art. R2192-10).
const PAYMENT_DAYS: i32 = 30;

/// The operator, as its invoices name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seller {
    #[schema(value_type = PartyName, example = "Association Culture numérique en Bourgogne")]
    pub name: String,
    /// Its legal form, with what the form asks for: capital and register of a company, number of an association.
    #[schema(value_type = LegalForm, example = "Association loi 1901, RNA W212001234")]
    pub legal_form: String,
    pub address: Address,
    /// Of the establishment that invoices.
    pub siret: Siret,
    /// Its VAT number, unless it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VatNumber>, example = "FR83404833048")]
    pub vat_number: Option<String>,
    /// Why no VAT is due, word for word, for invoices at the rate 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VatExemption>, example = "TVA non applicable, art. 293 B du CGI")]
    pub vat_exemption: Option<String>,
    /// Whether it pays VAT when it invoices rather than when it is paid.
    #[serde(default)]
    pub vat_on_debits: bool,
    /// Days between an invoice and its due day; 30 unless said.
    #[serde(default = "payment_days")]
    #[schema(value_type = InvoiceDays, example = 30)]
    pub payment_days: i32,
    /// The account on which its invoices are paid: its own, never the fund's.
    pub iban: Iban,
    /// Of that account's bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bic: Option<Bic>,
    /// Whom to ask: an address, a telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<InvoiceContact>, example = "comptabilite@fonds.example")]
    pub contact: Option<String>,
}

const fn payment_days() -> i32 {
    PAYMENT_DAYS
}

impl Seller {
    fn check(&self, fund: &FundAccount) -> Result<(), InvoicingRejection> {
        fits::<PartyName>("name", &self.name)?;
        fits::<LegalForm>("legal_form", &self.legal_form)?;
        self.address.check()?;
        french_vat("vat_number", self.vat_number.as_deref(), self.siret.siren().as_str())?;
        fits_if_any::<VatExemption>("vat_exemption", self.vat_exemption.as_deref())?;
        fits_if_any::<InvoiceContact>("contact", self.contact.as_deref())?;
        if self.iban == fund.iban {
            let why =
                "c'est le compte du fonds, où n'entre que l'argent des financeurs ; donnez un compte de l'opérateur"
                    .to_owned();
            return Err(InvoicingRejection::Field("iban", why));
        }
        if !InvoiceDays::fits(self.payment_days) {
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
