//! The public halves of the keys: published before their first use, kept until nothing they signed can come any more, withdrawn
//! when they are lost.
//!
//! **The invariant.** A key is never changed once it is published, but for its withdrawal, which is never undone. What it may sign
//! and when is thus the same for everybody who ever read it.

mod delegation;
mod withdraw;

pub use delegation::{DelegationInForce, NewDelegation, current_delegation, publish_delegation};
pub use withdraw::{WithdrawKeyRejection, Withdrawal, WithdrawalId, withdraw_key};

use chrono::{DateTime, NaiveDate, Utc};
use database::{Rejection, UseCaseError};
use sqlx::{PgExecutor, PgPool, PgTransaction};
use voucher::{Bounds, Host, KeyPolicy, Keyring, Kid, LastDay, PublicKey, Purpose};
use web::Created;

/// Days between the publication of a key and its first use: phones that were away for a week still know it in time.
pub const KEY_NOTICE_DAYS: i64 = 7;

/// Hours after the last day of a voucher until which its key is kept: the server's day of grace, and the 72 hours in which claims
/// made without a network may still arrive.
pub const KEY_KEPT_HOURS: i64 = 96;

/// A public half to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// The 32 bytes of the key.
    pub public: [u8; 32],
    pub purpose: Purpose,
    /// From when on what it signs is accepted; to the second.
    pub valid_from: DateTime<Utc>,
    /// Until when, excluded; to the second.
    pub valid_until: DateTime<Utc>,
    /// What it may sign.
    pub bounds: Bounds,
}

/// A key that everybody may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    /// The key with its policy.
    pub key: PublicKey,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// From when on it is accepted.
    pub valid_from: DateTime<Utc>,
    /// Until when, excluded.
    pub valid_until: DateTime<Utc>,
    /// When and why it was withdrawn.
    pub withdrawn: Option<(DateTime<Utc>, String)>,
}

#[derive(Debug)]
pub enum KeyRejection {
    Weak(voucher::WeakKey),
    /// A root is pinned by verifiers; it is not theirs to learn it here.
    Root,
    /// It was published before, with another purpose, window or bounds.
    OtherPolicy,
    /// Another key has the same 4 bytes: choose another seed (1 in 4 billion).
    KidTaken,
}

impl Rejection for KeyRejection {}

impl NewKey {
    /// A key without bounds.
    #[must_use]
    pub const fn unbounded(
        public: [u8; 32],
        purpose: Purpose,
        valid_from: DateTime<Utc>,
        valid_until: DateTime<Utc>,
    ) -> Self {
        Self {
            public,
            purpose,
            valid_from,
            valid_until,
            bounds: Bounds::NONE,
        }
    }
}

/// Publishes the public half of a key; publishing the same again changes nothing.
pub async fn publish_key(
    tx: &mut PgTransaction<'_>,
    new: &NewKey,
    at: DateTime<Utc>,
) -> Result<Created<PublishedKey>, UseCaseError<KeyRejection>> {
    let policy = KeyPolicy {
        purpose: new.purpose,
        valid_from: Some(new.valid_from.timestamp()),
        valid_until: Some(new.valid_until.timestamp()),
        bounds: new.bounds.clone(),
        withdrawn: false,
    };
    let key = PublicKey::new(&new.public, policy).map_err(KeyRejection::Weak)?;
    let inserted = sqlx::query!(
        "insert into catalogue.signing_key
             (public_key, kid, purpose, valid_from, valid_until, series_from, series_to, max_cents, latest_day, published_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (public_key) do nothing",
        &new.public,
        &key.kid().to_bytes(),
        purpose_word(new.purpose).ok_or(KeyRejection::Root)?,
        new.valid_from,
        new.valid_until,
        i32::from(*new.bounds.series.start()),
        i32::from(*new.bounds.series.end()),
        i32::from(new.bounds.max_cents),
        new.bounds.latest_day.date(),
        at,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "signing_key_kid_unique") => KeyRejection::KidTaken.into(),
        error => UseCaseError::Database(error),
    })?;
    let found = find(&mut **tx, key.kid()).await?.ok_or(sqlx::Error::RowNotFound)?;
    if inserted.rows_affected() == 1 {
        return Ok(Created::New(found));
    }
    let before = found.key.policy();
    let same = before.purpose == new.purpose
        && before.bounds == new.bounds
        && before.valid_from == Some(new.valid_from.timestamp())
        && before.valid_until == Some(new.valid_until.timestamp());
    if same {
        Ok(Created::Existing(found))
    } else {
        Err(KeyRejection::OtherPolicy.into())
    }
}

/// All published keys in order of their first day, those past and withdrawn included.
pub async fn published_keys(db: impl PgExecutor<'_>) -> Result<Vec<PublishedKey>, sqlx::Error> {
    read(db, None).await
}

/// The published key `kid`.
pub async fn find(db: impl PgExecutor<'_>, kid: Kid) -> Result<Option<PublishedKey>, sqlx::Error> {
    Ok(read(db, Some(kid)).await?.pop())
}

async fn read(db: impl PgExecutor<'_>, only: Option<Kid>) -> Result<Vec<PublishedKey>, sqlx::Error> {
    let only = only.map(|kid| kid.to_bytes().to_vec());
    let rows = sqlx::query_as!(
        Row,
        "select public_key, purpose, valid_from, valid_until, series_from, series_to, max_cents, latest_day,
             published_at, withdrawn_at, withdrawn_reason
         from catalogue.signing_key where $1::bytea is null or kid = $1 order by valid_from, kid",
        only,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::published).collect()
}

struct Row {
    public_key: Vec<u8>,
    purpose: String,
    valid_from: DateTime<Utc>,
    valid_until: DateTime<Utc>,
    series_from: i32,
    series_to: i32,
    max_cents: i32,
    latest_day: NaiveDate,
    published_at: DateTime<Utc>,
    withdrawn_at: Option<DateTime<Utc>>,
    withdrawn_reason: Option<String>,
}

impl Row {
    fn published(self) -> Result<PublishedKey, sqlx::Error> {
        let kept = "the constraints of signing_key keep it in range";
        let small = |number: i32| u16::try_from(number).expect(kept);
        let policy = KeyPolicy {
            purpose: purpose_of(&self.purpose).expect(kept),
            valid_from: Some(self.valid_from.timestamp()),
            valid_until: Some(self.valid_until.timestamp()),
            bounds: Bounds {
                series: small(self.series_from)..=small(self.series_to),
                max_cents: small(self.max_cents),
                latest_day: LastDay::from_date(self.latest_day).expect(kept),
            },
            withdrawn: self.withdrawn_at.is_some(),
        };
        let bytes = self.public_key.try_into().expect(kept);
        let key = PublicKey::new(&bytes, policy).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(PublishedKey {
            key,
            published_at: self.published_at,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            withdrawn: self.withdrawn_at.zip(self.withdrawn_reason),
        })
    }
}

/// All published keys, withdrawn ones included: a verifier says why it refuses.
pub async fn public_keys(pool: &PgPool) -> Result<Vec<PublicKey>, sqlx::Error> {
    let keys = published_keys(pool).await?;
    Ok(keys.into_iter().map(|published| published.key).collect())
}

/// The ring that verifies the vouchers printed for `host`.
pub async fn keyring(pool: &PgPool, host: Host) -> Result<Keyring, sqlx::Error> {
    Ok(Keyring::new(host, public_keys(pool).await?))
}

const fn purpose_word(purpose: Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::Voucher => Some("voucher"),
        Purpose::Status => Some("status"),
        Purpose::KeySet => Some("key_set"),
        Purpose::Root => None,
    }
}

fn purpose_of(word: &str) -> Option<Purpose> {
    [Purpose::Voucher, Purpose::Status, Purpose::KeySet]
        .into_iter()
        .find(|purpose| purpose_word(*purpose) == Some(word))
}
