use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

/// The code of a service of the catalogue, as written on a claim.
pub type ServiceCode = String;

/// What a voucher can pay for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Service {
    /// Stable code, for example `atelier-premiers-pas`.
    pub code: ServiceCode,
    /// As people read it.
    pub label: String,
    /// Level of help of the national strategy: `urgence`, `inclusion` or `montee_en_competence`.
    pub level: String,
    /// `individuel` or `collectif`.
    pub format: String,
}

/// The whole catalogue, in order of level and label.
pub async fn services(pool: &PgPool) -> Result<Vec<Service>, sqlx::Error> {
    sqlx::query_as!(
        Service,
        "select code, label, level, format from catalogue.service
         order by array_position(array['urgence', 'inclusion', 'montee_en_competence'], level), label"
    )
    .fetch_all(pool)
    .await
}

/// The service of this code.
pub async fn service(pool: &PgPool, code: &str) -> Result<Option<Service>, sqlx::Error> {
    sqlx::query_as!(
        Service,
        "select code, label, level, format from catalogue.service where code = $1",
        code
    )
    .fetch_optional(pool)
    .await
}
