use access::Operator;
use axum::extract::State;
use bounds::{Form, Reason};
use catalogue::{NewKey, PublishedKey, Withdrawal, WithdrawalId};
use chrono::{DateTime, NaiveDate, Utc};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use standards::Cents;
use utoipa::ToSchema;
use voucher::{Bounds, Delegation, Kid, LastDay, Purpose};
use web::{Bytes, Created, Json, Now, Path, Problem};

use super::internal;
use crate::keys::key_sets::KeySets;
use crate::keys::public_keys::{latest_day, publish, withdraw, word};
use crate::{keys::public_keys, keys::signers::Signers};

/// Bytes of the longest delegation taken.
const DELEGATION_BYTES_MAX: usize = 4096;

bounds::text_kind! {
    /// An Ed25519 public key in hexadecimal.
    pub(super) struct PublicKeyHex: 64..=64, Form::Hex;
    /// An Ed25519 signature in hexadecimal.
    pub(super) struct SignatureHex: 128..=128, Form::Hex;
}

bounds::number_kind! {
    /// A series of vouchers.
    pub(super) struct SeriesNumber: 0..=u16::MAX as i64;
}

/// What a published key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KeyPurpose {
    /// Signs vouchers.
    Voucher,
    /// Signs status lists.
    Status,
    /// Signs key sets, under a root's delegation.
    KeySet,
}

impl From<KeyPurpose> for Purpose {
    fn from(purpose: KeyPurpose) -> Self {
        match purpose {
            KeyPurpose::Voucher => Self::Voucher,
            KeyPurpose::Status => Self::Status,
            KeyPurpose::KeySet => Self::KeySet,
        }
    }
}

/// A public half to be published.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKeyBody {
    /// 64 hexadecimal digits.
    #[schema(value_type = PublicKeyHex)]
    public_key: String,
    purpose: KeyPurpose,
    /// From when on what it signs is accepted.
    valid_from: DateTime<Utc>,
    /// Until when, excluded.
    valid_until: DateTime<Utc>,
    /// First series whose vouchers it may sign; 0 when absent.
    #[schema(value_type = Option<SeriesNumber>)]
    first_series: Option<u16>,
    /// Last series; 65535 when absent.
    #[schema(value_type = Option<SeriesNumber>)]
    last_series: Option<u16>,
    /// The highest face value that it may sign; 655.35 when absent.
    max_face_value: Option<Cents>,
    /// The latest last day that it may sign; when absent, what its end allows.
    latest_day: Option<NaiveDate>,
    /// The signature, by this key, of `ccn key possession, version 1\n{purpose}\n{public_key}\n`: 128 hexadecimal digits.
    #[schema(value_type = SignatureHex)]
    proof: String,
    /// Publishes less than 7 days before the first use: for a first key, or in the place of a stolen one.
    #[serde(default)]
    short_notice: bool,
}

/// A published key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyView {
    /// 8 hexadecimal digits, as in tokens.
    kid: String,
    /// The SHA-256 COSE Key Thumbprint (RFC 9679), in hexadecimal.
    thumbprint: String,
    /// 64 hexadecimal digits.
    public_key: String,
    /// `voucher`, `status` or `key_set`.
    purpose: &'static str,
    /// `announced`, `active`, `ended` or `withdrawn`.
    state: &'static str,
    valid_from: DateTime<Utc>,
    valid_until: DateTime<Utc>,
    first_series: u16,
    last_series: u16,
    max_face_value: Cents,
    latest_day: NaiveDate,
    published_at: DateTime<Utc>,
    withdrawn_at: Option<DateTime<Utc>>,
    withdrawn_reason: Option<String>,
    /// Whether this process holds the private half.
    loaded: bool,
}

/// Why and as which act a key is withdrawn.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWithdrawal {
    /// Made by the caller.
    #[schema(value_type = uuid::Uuid)]
    id: WithdrawalId,
    /// Mandatory: it stays in the journal.
    #[schema(value_type = Reason)]
    reason: String,
}

/// A delegation that key sets are made under.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DelegationView {
    /// The root that signed.
    root: String,
    /// The key that may sign key sets.
    delegate: String,
    valid_from: Option<DateTime<Utc>>,
    valid_until: Option<DateTime<Utc>>,
}

/// All keys, past and withdrawn ones included, and which of them this process holds.
#[utoipa::path(get, path = "/issuer/v1/keys", tag = "issuer", responses((status = 200, body = Vec<KeyView>)))]
pub(super) async fn list(
    _who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(signers): State<Signers>,
) -> Result<Json<Vec<KeyView>>, Problem> {
    let keys = catalogue::published_keys(&pool).await.map_err(internal)?;
    Ok(Json(keys.iter().map(|key| view(key, &signers, at)).collect()))
}

/// Publishes the public half of a key, on the proof that the caller holds it.
#[utoipa::path(post, path = "/issuer/v1/keys", tag = "issuer", request_body = NewKeyBody,
    responses((status = 201, body = KeyView), (status = 200, description = "Published before", body = KeyView)))]
pub(super) async fn create(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(signers): State<Signers>,
    Json(body): Json<NewKeyBody>,
) -> Result<Created<KeyView>, Problem> {
    let (new, proof) = body.read()?;
    let made = database::transaction(&pool, "publish_key", |tx| {
        let (who, new) = (who.clone(), new.clone());
        Box::pin(async move { publish(tx, &who, &new, &proof, body.short_notice, at).await })
    })
    .await?;
    Ok(made.map(|key| view(&key, &signers, at)))
}

/// Withdraws a key: nothing that it ever signed is accepted any more. It cannot be undone.
#[utoipa::path(post, path = "/issuer/v1/keys/{kid}/withdrawal", tag = "issuer", request_body = NewWithdrawal,
    params(("kid" = String, Path, description = "8 hexadecimal digits")),
    responses((status = 201, body = KeyView),
        (status = 200, description = "Withdrawn before by this act", body = KeyView)))]
pub(super) async fn withdrawal(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(signers): State<Signers>,
    Path(kid): Path<String>,
    Json(new): Json<NewWithdrawal>,
) -> Result<Created<KeyView>, Problem> {
    let kid: Kid = kid
        .parse()
        .map_err(|error: voucher::KidError| Problem::bad_request(error.to_string()))?;
    let act = Withdrawal {
        id: new.id,
        reason: new.reason,
    };
    let made = database::transaction(&pool, "withdraw_key", |tx| {
        let (who, act) = (who.clone(), act.clone());
        Box::pin(async move { withdraw(tx, &who, kid, &act, at).await })
    })
    .await?;
    Ok(made.map(|key| view(&key, &signers, at)))
}

/// Publishes the delegation that a root made offline: from now on key sets are signed under it.
#[utoipa::path(post, path = "/issuer/v1/keys/delegations", tag = "issuer",
    request_body(content = Vec<u8>, content_type = "application/cose", description = "The file made by « ccn keys delegate »"),
    responses((status = 201, body = DelegationView),
        (status = 200, description = "Published before", body = DelegationView)))]
pub(super) async fn delegation(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(sets): State<KeySets>,
    Bytes(document): Bytes,
) -> Result<Created<DelegationView>, Problem> {
    let refused = |detail: String| Problem::refused("delegation", "Cette délégation n'est pas publiée.").detail(detail);
    if document.len() > DELEGATION_BYTES_MAX {
        return Err(refused("Ce fichier est trop long pour une délégation.".to_owned()));
    }
    let says =
        Delegation::verify(&document, sets.roots(), at.timestamp()).map_err(|error| refused(error.to_string()))?;
    let (root, _) = Delegation::peek(&document).map_err(|error| refused(error.to_string()))?;
    let made = database::transaction(&pool, "publish_delegation", |tx| {
        let (who, document, says) = (who.clone(), document.clone(), says.clone());
        Box::pin(async move { public_keys::delegate(tx, &who, &document, root, &says, at).await })
    })
    .await?;
    let view = DelegationView {
        root: root.to_string(),
        delegate: Kid::of(&says.delegate).to_string(),
        valid_from: DateTime::from_timestamp(says.valid_from, 0),
        valid_until: DateTime::from_timestamp(says.valid_until, 0),
    };
    Ok(made.map(|()| view))
}

impl NewKeyBody {
    fn read(&self) -> Result<(NewKey, [u8; 64]), Problem> {
        let hex = |text: &str| HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
        let wrong = |what: &str| {
            Problem::bad_request(format!(
                "« {what} » n'est pas écrit en hexadécimal, ou pas de la bonne longueur."
            ))
        };
        let public = hex(&self.public_key)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| wrong("public_key"))?;
        let proof = hex(&self.proof)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| wrong("proof"))?;
        let new = NewKey {
            public,
            purpose: self.purpose.into(),
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            bounds: self.bounds()?,
        };
        Ok((new, proof))
    }

    fn bounds(&self) -> Result<Bounds, Problem> {
        let refused = |detail: &str| Problem::refused("key-bounds", "Cette clé n'est pas publiée.").detail(detail);
        if self.purpose != KeyPurpose::Voucher {
            let given = self.first_series.is_some() || self.last_series.is_some();
            if given || self.max_face_value.is_some() || self.latest_day.is_some() {
                return Err(refused(
                    "Seule une clé de chèques a des limites de série, de valeur et de jour.",
                ));
            }
            return Ok(Bounds::NONE);
        }
        let series = self.first_series.unwrap_or(0)..=self.last_series.unwrap_or(u16::MAX);
        if series.is_empty() {
            return Err(refused("La première série vient avant la dernière."));
        }
        let cents = self
            .max_face_value
            .map_or(Some(u16::MAX), |value| u16::try_from(value.get()).ok());
        let max_cents = cents.filter(|&cents| cents > 0);
        let latest_day = self
            .latest_day
            .map_or_else(|| latest_day(self.valid_until), LastDay::from_date);
        Ok(Bounds {
            series,
            max_cents: max_cents.ok_or_else(|| refused("La valeur la plus haute est entre 0.01 et 655.35."))?,
            latest_day: latest_day
                .ok_or_else(|| refused("Le dernier jour est hors du calendrier des chèques (2020 à 2199)."))?,
        })
    }
}

fn view(published: &PublishedKey, signers: &Signers, at: DateTime<Utc>) -> KeyView {
    let (key, policy) = (&published.key, published.key.policy());
    let public = key.to_bytes();
    let state = match published {
        PublishedKey { withdrawn: Some(_), .. } => "withdrawn",
        one if at < one.valid_from => "announced",
        one if at < one.valid_until => "active",
        _ => "ended",
    };
    let (withdrawn_at, withdrawn_reason) = published.withdrawn.clone().unzip();
    KeyView {
        kid: key.kid().to_string(),
        thumbprint: HEXLOWER.encode(&key.thumbprint()),
        public_key: HEXLOWER.encode(&public),
        purpose: word(policy.purpose),
        state,
        valid_from: published.valid_from,
        valid_until: published.valid_until,
        first_series: *policy.bounds.series.start(),
        last_series: *policy.bounds.series.end(),
        max_face_value: Cents::new(policy.bounds.max_cents.into()),
        latest_day: policy.bounds.latest_day.date(),
        published_at: published.published_at,
        withdrawn_at,
        withdrawn_reason,
        loaded: signers.holds(&public),
    }
}
