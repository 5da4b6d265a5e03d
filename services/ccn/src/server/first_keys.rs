//! What a system that starts from nothing publishes by itself, so that it works before anybody held a ceremony.

use chrono::{DateTime, Days, Utc};
use database::UseCaseError;
use sqlx::PgPool;
use standards::calendar::{paris_date, paris_end_of_day, paris_start_of_day};
use voucher::{Bounds, DELEGATION_SECONDS_MAX, Delegation, Purpose, SignError, Signer};

/// Days after its publication until which a first key's vouchers are accepted: the longest programme, and a margin.
const FIRST_KEY_DAYS: u64 = 5 * 366;

/// Days before the end of a delegation from which a system that holds its own root makes the next one.
const DELEGATION_RENEWED_DAYS: u64 = 30;

/// Why the first keys were not published.
#[derive(Debug, thiserror::Error)]
pub enum FirstKeysError {
    #[error("La première clé n'a pas pu être publiée")]
    Key(#[from] UseCaseError<catalogue::KeyRejection>),
    #[error("La délégation n'a pas pu être publiée")]
    Delegation(#[from] UseCaseError<issuer::DelegateRejection>),
    /// The root key does not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error("La base de données ne répond pas")]
    Database(#[from] sqlx::Error),
}

/// Publishes `first`, each when there is none of its purpose yet. One that comes later is to be announced: it is said in the logs.
/// With a `root` of its own, the system delegates to its key-set key too.
pub(crate) async fn publish_first_keys(
    pool: &PgPool,
    first: &[(Purpose, &dyn Signer)],
    root: Option<&dyn Signer>,
    at: DateTime<Utc>,
) -> Result<(), FirstKeysError> {
    let today = paris_date(at);
    let (from, until) = (
        paris_start_of_day(today),
        paris_end_of_day(today + Days::new(FIRST_KEY_DAYS)),
    );
    for (purpose, signer) in first {
        if !issuer::publish_first_key(pool, *signer, *purpose, from, until).await? {
            tracing::warn!(
                kid = %signer.kid(), purpose = issuer::purpose_word(*purpose),
                "this key is loaded and not published, so nothing is signed with it: ccn keys publish"
            );
        }
        if let (Purpose::KeySet, Some(root)) = (purpose, root) {
            delegate(pool, root, *signer, from, at).await?;
        }
    }
    Ok(())
}

async fn delegate(
    pool: &PgPool,
    root: &dyn Signer,
    to: &dyn Signer,
    from: DateTime<Utc>,
    at: DateTime<Utc>,
) -> Result<(), FirstKeysError> {
    let delegate = to.public_bytes();
    let soon = at + Days::new(DELEGATION_RENEWED_DAYS);
    if catalogue::current_delegation(pool, &[delegate], soon).await?.is_some() {
        return Ok(());
    }
    let valid_from = from.timestamp();
    let says = Delegation {
        delegate,
        valid_from,
        valid_until: valid_from + DELEGATION_SECONDS_MAX,
        bounds: Bounds::NONE,
    };
    let document = says.sign(root)?;
    match issuer::publish_first_delegation(pool, &document, root.kid(), &says, at).await {
        // Not published, or withdrawn: said above, and the operator's to mend.
        Err(UseCaseError::Rejected(issuer::DelegateRejection::Unpublished(_))) => Ok(()),
        other => Ok(other?),
    }
}
