use access::{Caller, audit};
use bounds::{ListKind, NumberKind, RATE_DECIMALS_MAX, Rate};
use chrono::{DateTime, Utc};
use database::{NamedLock, Rejection, UseCaseError};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, PgTransaction};
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::ProgrammeId;

/// Days after the due day, unless the programme says otherwise.
const REMINDER_DAYS: [i32; 3] = [1, 15, 30];

bounds::number_kind! {
    /// Days after the due day on which a call for funds is reminded.
    pub struct ReminderDay: 1..=3_650;
}

bounds::list_kind! {
    /// The reminders of one call, in order.
    pub struct ReminderDays: [ReminderDay; 0..=12];
}

/// How a programme is funded, beside its plan. What is not said keeps its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FundingTerms {
    /// Whether the mandate of a public accountant counts as money before it arrives. No, unless said.
    pub accepts_mandates: bool,
    /// The operator's upstream fee, of the face value of each batch, before VAT: `"0.03"` is 3 %. None, unless said.
    #[schema(value_type = Rate, example = "0.03")]
    pub fee_rate: Decimal,
    /// VAT on that fee; 20 % unless said.
    #[schema(value_type = Rate, example = "0.2")]
    pub vat_rate: Decimal,
    /// Days after the due day on which a call for funds is reminded, in order; 1, 15 and 30 unless said.
    #[schema(value_type = ReminderDays)]
    pub reminder_days: Vec<i32>,
}

impl Default for FundingTerms {
    fn default() -> Self {
        Self {
            accepts_mandates: false,
            fee_rate: Decimal::ZERO,
            vat_rate: Decimal::new(2, 1),
            reminder_days: REMINDER_DAYS.to_vec(),
        }
    }
}

#[derive(Debug)]
pub enum TermsRejection {
    /// Not between 0 and 1, or too fine.
    Rate(&'static str),
    /// Not days in order.
    Reminders,
    NoProgramme,
}

impl Rejection for TermsRejection {}

impl From<TermsRejection> for Problem {
    fn from(rejection: TermsRejection) -> Self {
        let refused = || Self::refused("funding-terms", "Ces règles de financement ne conviennent pas.");
        match rejection {
            TermsRejection::Rate(field) => refused().detail(format!(
                "« {field} » : un taux entre 0 et 1, avec au plus {RATE_DECIMALS_MAX} décimales, par exemple « 0.03 »."
            )),
            TermsRejection::Reminders => refused().detail(format!(
                "« reminder_days » : au plus {} nombres de jours croissants, de 1 à {}, par exemple 1, 15, 30.",
                ReminderDays::ITEMS_MAX,
                ReminderDay::MAX
            )),
            TermsRejection::NoProgramme => Self::not_found("Ce dispositif"),
        }
    }
}

impl FundingTerms {
    fn checked(&self) -> Result<Self, TermsRejection> {
        for (field, rate) in [("fee_rate", self.fee_rate), ("vat_rate", self.vat_rate)] {
            if !Rate::fits(rate) {
                return Err(TermsRejection::Rate(field));
            }
        }
        let days = &self.reminder_days;
        let in_order = days.windows(2).all(|pair| pair[0] < pair[1]);
        let within = days.iter().all(|&day| ReminderDay::fits(day));
        if !ReminderDays::fits(days.len()) || !in_order || !within {
            return Err(TermsRejection::Reminders);
        }
        Ok(Self {
            fee_rate: self.fee_rate.normalize(),
            vat_rate: self.vat_rate.normalize(),
            ..self.clone()
        })
    }
}

/// The terms that hold now: the defaults for a programme that has said nothing.
pub async fn funding_terms(db: impl PgExecutor<'_>, programme: ProgrammeId) -> Result<FundingTerms, sqlx::Error> {
    let row = sqlx::query!(
        "select accepts_mandates, fee_rate, vat_rate, reminder_days from catalogue.funding_terms
         where programme_id = $1 order by version desc limit 1",
        programme.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map_or_else(FundingTerms::default, |row| FundingTerms {
        accepts_mandates: row.accepts_mandates,
        fee_rate: row.fee_rate.normalize(),
        vat_rate: row.vat_rate.normalize(),
        reminder_days: row.reminder_days,
    }))
}

/// Sets the terms from now on, or finds that they are so already.
pub async fn set_funding_terms(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: ProgrammeId,
    terms: &FundingTerms,
    at: DateTime<Utc>,
) -> Result<Created<FundingTerms>, UseCaseError<TermsRejection>> {
    let wanted = terms.checked()?;
    // Versions are numbered one after the other, as those of plans.
    NamedLock::TermsVersions(programme.uuid()).take(tx).await?;
    if funding_terms(&mut **tx, programme).await? == wanted {
        return if crate::programme::exists(tx, programme).await? {
            Ok(Created::Existing(wanted))
        } else {
            Err(TermsRejection::NoProgramme.into())
        };
    }
    sqlx::query!(
        "insert into catalogue.funding_terms (programme_id, version, accepts_mandates, fee_rate, vat_rate, reminder_days, set_at)
         select $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6 from catalogue.funding_terms where programme_id = $1",
        programme.uuid(),
        wanted.accepts_mandates,
        wanted.fee_rate,
        wanted.vat_rate,
        &wanted.reminder_days,
        at,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "funding_terms_programme") => TermsRejection::NoProgramme.into(),
        error => UseCaseError::Database(error),
    })?;
    audit(tx, who, at, "funding_terms.set", Some(programme.uuid()), &wanted).await?;
    Ok(Created::New(wanted))
}
