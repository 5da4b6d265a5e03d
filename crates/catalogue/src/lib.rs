//! What everybody reads and one writes: programmes with their limits, the series of tokens, funding plans, the public
//! halves of the signing keys, the catalogue of services and audiences.
//!
//! The functions that write are called by one service each (programmes, series and keys by the issuer, plans and terms
//! by funding; each writes down what it is [started with](installation_value)): the grants of `migrations/catalogue` say the same.

mod api;
mod audience;
mod expiry;
mod installation;
mod key;
mod plan;
mod programme;
mod series;
mod service;
mod terms;

pub use api::routes;
pub use audience::audiences;
pub use expiry::{
    ACCEPTANCE_DAYS, ALERT_DAYS, BLOCK_DAYS, CONTEST_DAYS, DaysSetting, ExpiryCalendar, ExpirySettings,
    ExpirySettingsRejection, ExpiryStep, LATE_CLAIM_HOURS, STATEMENT_DAYS, UnusedValue, expiry_calendar,
    expiry_calendars, set_expiry_settings,
};
pub use installation::{InstallationName, OtherKnown, Replaced, installation_value};
pub use key::{
    DelegationInForce, KEY_KEPT_HOURS, KEY_NOTICE_DAYS, KeyRejection, NewDelegation, NewKey, PublishedKey,
    WithdrawKeyRejection, Withdrawal, WithdrawalId, current_delegation, find as published_key, keyring, public_keys,
    publish_delegation, publish_key, published_keys, withdraw_key,
};
pub use plan::{
    AudienceQuota, CreatePlanRejection, NewPlan, NewShare, PlanId, PlanView, ShareMisfit, ShareView, UsedCap,
    capped_plan, create_plan, current_plan, newest_plan, plan,
};
pub use programme::{CreateRejection, NewProgramme, Programme, ProgrammeId, Spendable, create, programme, programmes};
pub use series::{SeriesError, SeriesFact, current_series, open_series, programme_of_series};
pub use service::{Service, ServiceCode, service, services};
pub use terms::{FundingTerms, ReminderDays, TermsRejection, funding_terms, set_funding_terms};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Brings schema `catalogue` up to date.
pub async fn migrate(pool: &sqlx::PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    database::apply(pool, &MIGRATIONS).await
}
