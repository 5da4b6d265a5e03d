use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use voucher::{COSE_KEY_SET_TYPE, Host, JwkSet, PublicKey, cose_key_set};
use web::{Now, Problem};

use super::internal;
use crate::keys::key_sets::{KeySets, listed};
use crate::keys::signers::Signers;

/// What proxies and browsers may do with keys: believe them five minutes, and a day longer while we do not answer.
const FRESH: &str = "public, max-age=300, stale-if-error=86400";

/// The signed set changes once a day; what is withdrawn meanwhile is known within the hour.
const FRESH_SIGNED: &str = "public, max-age=3600, stale-if-error=86400";

/// The general type of a signed COSE document (RFC 9052 § 11.1), with its own as a parameter of no meaning to others.
const COSE_TYPE: &str = "application/cose; cose-type=\"cose-sign1\"";

/// The public keys, as a JWK Set.
///
/// RFC 7517; `kid` is the 8 hexadecimal digits found in tokens, and the member `ccn` holds the purpose, the window, the bounds and the
/// withdrawal. `iss`, as in the signed set, is the host that stands in tokens and in the subjects of status lists. Several keys are good at once (overlap): a key is listed at least 7 days before its first use, and as long as anything
/// it signed may come. So read it daily, believe every key within its window, and nothing has to be reprinted when one follows
/// another. Answers `304` to `If-None-Match`.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "issuer", security(()),
    responses((status = 200, description = "JWK Set", content_type = "application/jwk-set+json"),
        (status = 304, description = "Unchanged")))]
pub(super) async fn jwks(
    Now(at): Now,
    State(pool): State<PgPool>,
    State(host): State<Host>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let set = serde_json::to_value(JwkSet::of(&keys(&pool, at).await?)).expect("a set of strings and numbers");
    let set = json!({"iss": format!("https://{host}"), "keys": set["keys"]});
    let json = serde_json::to_vec(&set).expect("a set of strings and numbers");
    Ok(cacheable(&headers, "application/jwk-set+json", FRESH, json))
}

/// The usable public keys, as a `COSE_KeySet`.
///
/// RFC 9052 § 7: the same keys and `kid` as in the JWK Set, without the withdrawn ones, since a `COSE_Key` has no room to say so.
#[utoipa::path(get, path = "/.well-known/cose-keys", tag = "issuer", security(()),
    responses((status = 200, description = "COSE_KeySet", content_type = "application/cose-key-set"),
        (status = 304, description = "Unchanged")))]
pub(super) async fn cose(Now(at): Now, State(pool): State<PgPool>, headers: HeaderMap) -> Result<Response, Problem> {
    let set = cose_key_set(&keys(&pool, at).await?);
    Ok(cacheable(&headers, COSE_KEY_SET_TYPE, FRESH, set))
}

/// The signed key set, for phones without network.
///
/// A `COSE_Sign1` that carries its delegation: whoever pins a root needs nothing else. Made anew every day and at every change;
/// dead after 7 days, so that a withdrawn key is refused everywhere within a week, and within a day by who synchronises daily.
/// `docs/TOKEN.md` describes it byte by byte.
#[utoipa::path(get, path = "/.well-known/ccn-key-set", tag = "issuer", security(()),
    responses((status = 200, description = "Signed key set", content_type = "application/cose"),
        (status = 304, description = "Unchanged"), (status = 404, description = "No delegation is in force")))]
pub(super) async fn signed(
    Now(at): Now,
    State(pool): State<PgPool>,
    State(signers): State<Signers>,
    State(sets): State<KeySets>,
    State(host): State<Host>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let set = sets.get(&pool, &signers, &host, at).await?;
    Ok(cacheable(&headers, COSE_TYPE, FRESH_SIGNED, set.cose.clone()))
}

/// The JWK Set, signed by the delegated key.
///
/// A compact JWS of type `jwk-set+jwt`, `alg` Ed25519, with the same keys as the signed key set and the same end; `ccn_delegation`
/// is the root's word on the key that signed, in base64url.
#[utoipa::path(get, path = "/.well-known/jwks.jwt", tag = "issuer", security(()),
    responses((status = 200, description = "Signed JWK Set", content_type = "application/jwk-set+jwt"),
        (status = 304, description = "Unchanged"), (status = 404, description = "No delegation is in force")))]
pub(super) async fn signed_jwks(
    Now(at): Now,
    State(pool): State<PgPool>,
    State(signers): State<Signers>,
    State(sets): State<KeySets>,
    State(host): State<Host>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let set = sets.get(&pool, &signers, &host, at).await?;
    Ok(cacheable(
        &headers,
        "application/jwk-set+jwt",
        FRESH_SIGNED,
        set.jwt.clone().into_bytes(),
    ))
}

async fn keys(pool: &PgPool, at: DateTime<Utc>) -> Result<Vec<PublicKey>, Problem> {
    Ok(listed(&catalogue::published_keys(pool).await.map_err(internal)?, at))
}

/// The body, or 304 when the caller has it: its `ETag` is its hash.
fn cacheable(asked: &HeaderMap, content_type: &'static str, fresh: &'static str, body: Vec<u8>) -> Response {
    let hash = Sha256::digest(&body);
    let tag = format!("\"{}\"", HEXLOWER.encode(hash.first_chunk::<16>().expect("32 bytes")));
    let held = asked
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let known = held.flat_map(|list| list.split(',')).map(str::trim).any(|one| {
        // A proxy that compressed the answer weakens its tag.
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    });
    let headers = [(ETAG, tag), (CACHE_CONTROL, fresh.to_owned())];
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(CONTENT_TYPE, content_type)], body).into_response()
}
