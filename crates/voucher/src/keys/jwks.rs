//! The public keys as a JWK Set (RFC 7517), one `OKP` key each (RFC 8037), `alg` `Ed25519` (RFC 9864).
//!
//! `kid` is the 8 hexadecimal digits found in tokens. The policy goes into one extra member, `ccn`, which other
//! software ignores. Within it nothing is optional but the dates and nothing unknown is let pass: a bound that
//! is misread must not become no bound.

use chrono::NaiveDate;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::{Bounds, KeyPolicy, Kid, LastDay, PublicKey, Purpose};

const KTY: &str = "OKP";
const CRV: &str = "Ed25519";
const ALG: &str = "Ed25519";
/// What libraries before RFC 9864 write.
const ALG_DEPRECATED: &str = "EdDSA";
const USE: &str = "sig";

/// A JWK Set, ready to be serialised.
#[derive(Debug, Clone, Serialize)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    usage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ccn: Option<Policy>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    purpose: Purpose,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_from: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_until: Option<i64>,
    series: (u16, u16),
    max_cents: u16,
    latest_day: NaiveDate,
    withdrawn: bool,
}

/// Why a JWK Set cannot be used. Keys are counted from 1.
#[derive(Debug, Error)]
pub enum JwksError {
    /// Not JSON, or without the array `keys`.
    #[error("Ce fichier n'est pas un jeu de clés JWK : {0}")]
    Json(#[from] serde_json::Error),
    /// A private or shared secret key: the file is not to be read, and that key is not to be used any more.
    #[error("La clé n° {0} est une clé secrète : elle ne doit jamais se trouver dans ce fichier.")]
    Secret(usize),
    /// A member is missing or has the wrong form.
    #[error("La clé n° {0} est mal écrite : {1}")]
    Member(usize, #[source] serde_json::Error),
    /// `x` is not the base64url of a usable Ed25519 public key.
    #[error("La clé n° {0} n'est pas une clé publique Ed25519 utilisable.")]
    Key(usize),
    /// `kid` is not the start of the key's thumbprint, so no token would ever find it.
    #[error("La clé n° {0} porte l'identifiant « {1} » au lieu de « {2} ».")]
    Kid(usize, String, Kid),
    /// `latest_day` cannot stand in a token.
    #[error("Le dernier jour de la clé n° {0} est hors limites.")]
    Day(usize),
    /// No key that this program understands.
    #[error("Ce fichier ne contient aucune clé publique Ed25519.")]
    Empty,
}

impl JwkSet {
    /// The set of `keys`, in their order.
    #[must_use]
    pub fn of(keys: &[PublicKey]) -> Self {
        Self {
            keys: keys.iter().map(Jwk::of).collect(),
        }
    }

    /// Reads a set. As RFC 7517 § 5 wishes, keys of other kinds and purposes are passed over. A key without
    /// the member `ccn` comes from a plain JWK Set that its user trusts: a voucher key without bounds.
    pub fn read(json: &str) -> Result<Vec<PublicKey>, JwksError> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let document: Document = serde_json::from_str(json)?;
        let mut keys = Vec::with_capacity(document.keys.len());
        for (number, value) in (1..).zip(document.keys) {
            if value.get("d").is_some() || value.get("k").is_some() {
                return Err(JwksError::Secret(number));
            }
            if is_ours(&value) {
                let jwk: Jwk = serde_json::from_value(value).map_err(|error| JwksError::Member(number, error))?;
                keys.push(jwk.key(number)?);
            }
        }
        if keys.is_empty() {
            Err(JwksError::Empty)
        } else {
            Ok(keys)
        }
    }
}

/// Whether a key is one to read: an Ed25519 key for signatures, of a purpose known here.
fn is_ours(jwk: &Value) -> bool {
    let absent_or = |member: &str, known: &[&str]| {
        jwk.get(member)
            .is_none_or(|value| value.as_str().is_some_and(|text| known.contains(&text)))
    };
    let purpose = jwk.get("ccn").and_then(|ccn| ccn.get("purpose"));
    jwk.get("kty").is_some_and(|kty| kty == KTY)
        && jwk.get("crv").is_some_and(|crv| crv == CRV)
        && absent_or("alg", &[ALG, ALG_DEPRECATED])
        && absent_or("use", &[USE])
        && purpose.is_none_or(|purpose| Purpose::deserialize(purpose).is_ok())
}

impl Jwk {
    fn of(key: &PublicKey) -> Self {
        Self {
            kty: KTY.to_owned(),
            crv: CRV.to_owned(),
            x: BASE64URL_NOPAD.encode(&key.to_bytes()),
            kid: Some(key.kid().to_string()),
            alg: Some(ALG.to_owned()),
            usage: Some(USE.to_owned()),
            ccn: Some(Policy::of(key.policy())),
        }
    }

    fn key(&self, number: usize) -> Result<PublicKey, JwksError> {
        let policy = match &self.ccn {
            Some(policy) => policy.read().ok_or(JwksError::Day(number))?,
            None => KeyPolicy::unbounded(Purpose::Voucher),
        };
        let x = BASE64URL_NOPAD
            .decode(self.x.as_bytes())
            .ok()
            .and_then(|x| x.try_into().ok());
        let key = x
            .and_then(|x| PublicKey::new(&x, policy).ok())
            .ok_or(JwksError::Key(number))?;
        match &self.kid {
            Some(kid) if kid.parse() != Ok(key.kid()) => Err(JwksError::Kid(number, kid.clone(), key.kid())),
            _ => Ok(key),
        }
    }
}

impl Policy {
    fn of(policy: &KeyPolicy) -> Self {
        Self {
            purpose: policy.purpose,
            valid_from: policy.valid_from,
            valid_until: policy.valid_until,
            series: (*policy.bounds.series.start(), *policy.bounds.series.end()),
            max_cents: policy.bounds.max_cents,
            latest_day: policy.bounds.latest_day.date(),
            withdrawn: policy.withdrawn,
        }
    }

    fn read(&self) -> Option<KeyPolicy> {
        let bounds = Bounds {
            series: self.series.0..=self.series.1,
            max_cents: self.max_cents,
            latest_day: LastDay::from_date(self.latest_day)?,
        };
        let Self {
            purpose,
            valid_from,
            valid_until,
            withdrawn,
            ..
        } = *self;
        Some(KeyPolicy {
            purpose,
            valid_from,
            valid_until,
            bounds,
            withdrawn,
        })
    }
}
