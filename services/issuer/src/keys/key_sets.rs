//! The published keys in every form that verifiers read: JWK Set, `COSE_KeySet`, and the signed key set that a phone keeps.
//!
//! | form | for whom | signed | says |
//! |---|---|---|---|
//! | JWK Set (RFC 7517) | any library, online | no: TLS | window, bounds, withdrawal in the member `ccn` |
//! | JWK Set as a JWT (`jwk-set+jwt`) | the same, handed on | by the delegated key | the same, and its own end |
//! | `COSE_KeySet` (RFC 9052) | COSE libraries | no: TLS | the keys only, so withdrawn ones are left out |
//! | key set ([`voucher::KeySet`]) | phones without network | by the delegated key, under a root | all of it, and the series |
//!
//! All list the same voucher and status keys: announced, active and withdrawn ones, until the end of each. The key that signs key
//! sets is in none of them; its delegation leads to it.
//!
//! **When it is signed anew.** Its time of issue is the start of the day (UTC), or the last change after it: so every process makes
//! the same bytes, a phone sees at once whether its set is older, and a signature in a security module is made once a day.

use database::{Rejection, UseCaseError};
use std::sync::{Arc, Mutex, PoisonError};

use catalogue::{DelegationInForce, PublishedKey, SeriesFact};
use chrono::{DateTime, Days, NaiveTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use sqlx::PgPool;
use standards::calendar::paris_date;
use voucher::{
    Bounds, Delegation, JwkSet, KEY_SET_SECONDS_MAX, KeySet, Kid, LastDay, PROGRAMME_NAME_CHARS_MAX, PublicKey,
    Purpose, SeriesFacts, SignError, Signer,
};
use web::Problem;

use crate::keys::signers::Signers;

/// The type in the header of the signed JWK Set.
const JWK_SET_JWT: &str = "jwk-set+jwt";

/// Days after the last day of a programme for which its series are still listed.
const SERIES_KEPT_DAYS: u64 = 31;

#[derive(Debug)]
pub(crate) enum KeySetRejection {
    /// None in force names a loaded key.
    NoDelegation,
}

impl Rejection for KeySetRejection {}

impl From<KeySetRejection> for Problem {
    fn from(rejection: KeySetRejection) -> Self {
        match rejection {
            KeySetRejection::NoDelegation => Self::not_found("Le jeu de clés signé").detail(
                "Aucune délégation en vigueur ne désigne une clé chargée ici. L'opérateur en publie une : « ccn keys delegate », puis « ccn keys publish-delegation ».",
            ),
        }
    }
}

/// What verifiers may know at `at`: voucher and status keys whose end has not come.
pub(crate) fn listed(published: &[PublishedKey], at: DateTime<Utc>) -> Vec<PublicKey> {
    let known = |one: &&PublishedKey| {
        at < one.valid_until && matches!(one.key.policy().purpose, Purpose::Voucher | Purpose::Status)
    };
    published.iter().filter(known).map(|one| one.key.clone()).collect()
}

/// The roots whose delegations are taken here, and the sets signed under them, made again when what they say has changed.
#[derive(Debug, Clone, Default)]
pub struct KeySets {
    roots: Arc<[PublicKey]>,
    held: Arc<Mutex<Option<Arc<SignedKeySet>>>>,
}

/// One day's sets.
#[derive(Debug)]
pub(crate) struct SignedKeySet {
    says: KeySet,
    delegation: Vec<u8>,
    pub cose: Vec<u8>,
    pub jwt: String,
}

impl KeySets {
    /// Sets that lead to one of `roots`, keys of purpose root. Without any, no delegation is taken.
    #[must_use]
    pub fn under(roots: Vec<PublicKey>) -> Self {
        Self {
            roots: roots.into(),
            held: Arc::default(),
        }
    }

    #[must_use]
    pub fn roots(&self) -> &[PublicKey] {
        &self.roots
    }

    /// The sets of this moment.
    pub(crate) async fn get(
        &self,
        pool: &PgPool,
        signers: &Signers,
        host: &voucher::Host,
        at: DateTime<Utc>,
    ) -> Result<Arc<SignedKeySet>, UseCaseError<KeySetRejection>> {
        let delegation = catalogue::current_delegation(pool, &signers.public_halves(), at)
            .await?
            .ok_or(KeySetRejection::NoDelegation)?;
        let signer = signers
            .get(Kid::of(&delegation.delegate))
            .ok_or(KeySetRejection::NoDelegation)?;
        let published = catalogue::published_keys(pool).await?;
        let first_day = paris_date(at) - Days::new(SERIES_KEPT_DAYS);
        let series = catalogue::current_series(pool, first_day).await?;
        let says = key_set(&published, &series, &delegation, at);
        if let Some(held) = self.held()
            && held.says == says
            && held.delegation == delegation.document
        {
            return Ok(held);
        }
        let host = host.clone();
        // A security module takes its time.
        let signing = tokio::task::spawn_blocking(move || sign(says, delegation.document, &*signer, &host));
        let made = signing
            .await
            .map_err(UseCaseError::failed)?
            .map_err(UseCaseError::failed)?;
        let made = Arc::new(made);
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
        Ok(made)
    }

    fn held(&self) -> Option<Arc<SignedKeySet>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn key_set(published: &[PublishedKey], series: &[SeriesFact], under: &DelegationInForce, at: DateTime<Utc>) -> KeySet {
    let changes = published
        .iter()
        .flat_map(|one| {
            [
                Some(one.published_at),
                one.withdrawn.as_ref().map(|(when, _)| *when),
                ended(one, at),
            ]
        })
        .flatten()
        .chain(series.iter().map(|one| one.opened_at))
        .chain([under.published_at]);
    let day = at.date_naive().and_time(NaiveTime::MIN).and_utc();
    let issued_at = changes
        .filter(|change| *change <= at)
        .max()
        .map_or(day, |last| last.max(day))
        .timestamp();
    let allowed = Delegation::peek(&under.document).map_or(Bounds::NONE, |(_, says)| says.bounds);
    KeySet {
        issued_at,
        expires_at: issued_at + KEY_SET_SECONDS_MAX,
        keys: listed(published, at)
            .into_iter()
            .filter_map(|key| within(key, &allowed))
            .collect(),
        series: series.iter().filter_map(facts).collect(),
    }
}

/// When a key left the list, if it did.
fn ended(one: &PublishedKey, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (one.valid_until <= at).then_some(one.valid_until)
}

/// A voucher key with the bounds that the root allows too: verifiers refuse a whole set for one key that may do more.
fn within(key: PublicKey, allowed: &Bounds) -> Option<PublicKey> {
    let policy = key.policy();
    if policy.purpose != Purpose::Voucher {
        return Some(key);
    }
    let own = &policy.bounds;
    let first = *own.series.start().max(allowed.series.start());
    let last = *own.series.end().min(allowed.series.end());
    if first > last {
        tracing::warn!(kid = %key.kid(), "the delegation allows no series of this key: it is not in the signed key set");
        return None;
    }
    let mut narrowed = policy.clone();
    narrowed.bounds = Bounds {
        series: first..=last,
        max_cents: own.max_cents.min(allowed.max_cents),
        latest_day: own.latest_day.min(allowed.latest_day),
    };
    PublicKey::new(&key.to_bytes(), narrowed).ok()
}

fn facts(one: &SeriesFact) -> Option<SeriesFacts> {
    Some(SeriesFacts {
        series: one.series,
        programme: one.programme.uuid().into_bytes(),
        name: one.name.chars().take(PROGRAMME_NAME_CHARS_MAX).collect(),
        printed_day: LastDay::from_date(one.printed_day)?,
    })
}

fn sign(
    says: KeySet,
    delegation: Vec<u8>,
    signer: &dyn Signer,
    host: &voucher::Host,
) -> Result<SignedKeySet, SignError> {
    let cose = says.sign(&delegation, signer)?;
    let jwt = jwt(&says, &delegation, signer, host)?;
    Ok(SignedKeySet {
        says,
        delegation,
        cose,
        jwt,
    })
}

/// The JWK Set as a compact JWS (RFC 7515), `alg` Ed25519 (RFC 9864).
fn jwt(says: &KeySet, delegation: &[u8], signer: &dyn Signer, host: &voucher::Host) -> Result<String, SignError> {
    let issuer = format!("https://{host}");
    let header = json!({"alg": "Ed25519", "typ": JWK_SET_JWT, "kid": signer.kid().to_string()});
    let set = serde_json::to_value(JwkSet::of(&says.keys)).expect("a set of strings and numbers");
    let payload = json!({
        "iss": issuer, "sub": issuer, "iat": says.issued_at, "exp": says.expires_at, "keys": set["keys"],
        "ccn_delegation": BASE64URL_NOPAD.encode(delegation),
    });
    let part = |value: &serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let input = format!("{}.{}", part(&header), part(&payload));
    let signature = signer.sign_bytes(input.as_bytes())?;
    Ok(format!("{input}.{}", BASE64URL_NOPAD.encode(&signature)))
}
