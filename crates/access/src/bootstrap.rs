use chrono::{DateTime, Utc};
use database::UseCaseError;
use sqlx::PgPool;

use crate::organisation::{CreateRejection, NewOrganisation, OrganisationId, Role, create};
use crate::{KeyId, Secret, api_key};

/// The operator's id: there is one operator, and it exists before anybody can create it.
pub const OPERATOR: OrganisationId = OrganisationId::from_uuid(uuid::uuid!("00000000-0000-4000-8000-000000000001"));

/// Makes sure that the operator exists and that `secret` opens its door. Called at start, with the content of the
/// operator's key file; a changed file adds a key, and the old one is revoked over the API.
pub async fn ensure_operator(
    pool: &PgPool,
    secret: &Secret,
    at: DateTime<Utc>,
) -> Result<(), UseCaseError<CreateRejection>> {
    let mut tx = pool.begin().await?;
    let operator = NewOrganisation {
        id: OPERATOR,
        name: "Opérateur".to_owned(),
        siren: None,
        roles: vec![Role::Operator, Role::Accreditor, Role::Auditor],
    };
    create(&mut tx, &operator, at).await?;
    let key = KeyId::derive(b"operator-key", &[&secret.sha256()]);
    api_key::insert(&mut tx, key, OPERATOR, secret, at).await?;
    tx.commit().await?;
    Ok(())
}
