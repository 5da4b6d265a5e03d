//! The root's yearly word, published.

use access::{Caller, audit};
use catalogue::NewDelegation;
use chrono::{DateTime, Utc};
use database::{Rejection, UseCaseError};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{PgPool, PgTransaction};
use voucher::{Delegation, Kid, Purpose};
use web::{Created, Problem};

#[derive(Debug)]
pub enum DelegateRejection {
    /// Its delegate is no published key that signs key sets.
    Unpublished(Kid),
}

impl Rejection for DelegateRejection {}

impl From<DelegateRejection> for Problem {
    fn from(rejection: DelegateRejection) -> Self {
        match rejection {
            DelegateRejection::Unpublished(kid) => Self::refused("delegation", "Cette délégation n'est pas publiée.").detail(format!(
                "Elle désigne la clé {kid}, qui n'est pas publiée pour signer des jeux de clés, ou qui est retirée. Publiez-la d'abord : ccn keys publish --for key-set"
            )),
        }
    }
}

/// Publishes a delegation whose signature was checked, and leaves the trace.
pub(crate) async fn delegate(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    document: &[u8],
    root: Kid,
    says: &Delegation,
    at: DateTime<Utc>,
) -> Result<Created<()>, UseCaseError<DelegateRejection>> {
    let kid = Kid::of(&says.delegate);
    if !keep(tx, document, root, says, at).await? {
        return Ok(Created::Existing(()));
    }
    let detail = json!({"root": root.to_string(), "delegate": kid.to_string(), "valid_until": says.valid_until});
    audit(tx, who, at, "key.delegate", None, detail).await?;
    Ok(Created::New(()))
}

/// Keeps the delegation that a new system makes for itself, with the root in its own data folder.
pub async fn publish_first_delegation(
    pool: &PgPool,
    document: &[u8],
    root: Kid,
    says: &Delegation,
    at: DateTime<Utc>,
) -> Result<(), UseCaseError<DelegateRejection>> {
    let mut tx = pool.begin().await?;
    keep(&mut tx, document, root, says, at).await?;
    tx.commit().await?;
    Ok(())
}

async fn keep(
    tx: &mut PgTransaction<'_>,
    document: &[u8],
    root: Kid,
    says: &Delegation,
    at: DateTime<Utc>,
) -> Result<bool, UseCaseError<DelegateRejection>> {
    let kid = Kid::of(&says.delegate);
    let delegate = catalogue::published_key(&mut **tx, kid).await?;
    let good = delegate.is_some_and(|known| {
        let policy = known.key.policy();
        known.key.to_bytes() == says.delegate && policy.purpose == Purpose::KeySet && !policy.withdrawn
    });
    if !good {
        return Err(DelegateRejection::Unpublished(kid).into());
    }
    let new = NewDelegation {
        document,
        sha256: Sha256::digest(document).into(),
        root,
        says,
    };
    Ok(catalogue::publish_delegation(tx, &new, at).await?)
}
