use database::{Rejection, UseCaseError};
use std::fmt;

use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::PgTransaction;
use utoipa::ToSchema;
use web::{Created, Problem};
use zeroize::Zeroizing;

use crate::{Caller, OrganisationId, audit};

ids::id_type! {
    /// An API key, not its secret.
    pub struct KeyId;
}

/// Random bytes of a secret: 256 bits, so that a plain SHA-256 of it can be stored.
const SECRET_BYTES: usize = 32;

/// Marks a secret for people and for the scanners that look for leaked ones.
const PREFIX: &str = "ccn_";

/// The secret of an API key: `ccn_` and 43 base64url characters. Never logged.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A new one from the system's CSPRNG.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        getrandom::fill(&mut *bytes)?;
        Ok(Self(Zeroizing::new(format!(
            "{PREFIX}{}",
            BASE64URL_NOPAD.encode(&*bytes)
        ))))
    }

    /// The secret that this text is, if it has the right form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.strip_prefix(PREFIX)?.as_bytes()).ok()?;
        (bytes.len() == SECRET_BYTES).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text, to be shown once to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// An API key as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKey {
    pub id: KeyId,
    /// Who may use it.
    pub organisation_id: OrganisationId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Shown in the answer that makes the key and never again; absent when the request is repeated.
    pub secret: Option<String>,
}

#[derive(Debug)]
pub(crate) enum KeyRejection {
    NoOrganisation,
    NoKey,
}

impl Rejection for KeyRejection {}

impl From<KeyRejection> for Problem {
    fn from(rejection: KeyRejection) -> Self {
        match rejection {
            KeyRejection::NoOrganisation => Self::not_found("Cette organisation"),
            KeyRejection::NoKey => Self::not_found("Cette clé"),
        }
    }
}

/// Makes a key. Its secret is told once: a request that is repeated gets none.
pub(crate) async fn create(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    id: KeyId,
    organisation: OrganisationId,
    secret: &Secret,
    at: DateTime<Utc>,
) -> Result<Created<ApiKey>, UseCaseError<KeyRejection>> {
    let inserted = insert(tx, id, organisation, secret, at).await.map_err(|error| {
        if database::is_constraint(&error, "api_key_organisation") {
            KeyRejection::NoOrganisation.into()
        } else {
            UseCaseError::Database(error)
        }
    })?;
    let known = sqlx::query!(
        "select organisation_id, created_at from access.api_key where id = $1",
        id.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    if known.organisation_id != organisation.uuid() {
        return Err(UseCaseError::IdReused);
    }
    let key = |secret| ApiKey {
        id,
        organisation_id: organisation,
        created_at: known.created_at,
        secret,
    };
    if !inserted {
        return Ok(Created::Existing(key(None)));
    }
    audit(tx, who, at, "api_key.create", Some(id.uuid()), ()).await?;
    Ok(Created::New(key(Some(secret.reveal().to_owned()))))
}

/// Revokes a key; one that is revoked already stays so.
pub(crate) async fn revoke(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    id: KeyId,
    at: DateTime<Utc>,
) -> Result<(), UseCaseError<KeyRejection>> {
    let revoked = sqlx::query!(
        "update access.api_key set revoked_at = $2 where id = $1 and revoked_at is null",
        id.uuid(),
        at
    )
    .execute(&mut **tx)
    .await?;
    if revoked.rows_affected() == 1 {
        audit(tx, who, at, "api_key.revoke", Some(id.uuid()), ()).await?;
        return Ok(());
    }
    let exists = sqlx::query_scalar!(
        r#"select exists (select from access.api_key where id = $1) as "exists!""#,
        id.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    if exists {
        Ok(())
    } else {
        Err(KeyRejection::NoKey.into())
    }
}

/// Stores a key, unless one of this id exists; says which.
pub(crate) async fn insert(
    tx: &mut PgTransaction<'_>,
    id: KeyId,
    organisation: OrganisationId,
    secret: &Secret,
    at: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "insert into access.api_key (id, organisation_id, secret_sha256, created_at) values ($1, $2, $3, $4)
         on conflict (id) do nothing",
        id.uuid(),
        organisation.uuid(),
        &secret.sha256(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}
