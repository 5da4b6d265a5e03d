//! Status lists over HTTP: public, cacheable, readable from any page.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sqlx::PgPool;
use voucher::STATUS_LIST_TYPE;
use web::{Json, Now, Path, Problem};

use super::MakesStatusLists;
use crate::status_lists::{LIST_HOURS, LIST_TTL_SECONDS, ListIndex, list_index, published_list};

/// The signed status list of a shard: two bits a voucher, in a CWT (draft-ietf-oauth-status-list). Public.
///
/// A voucher's shard is its `idx` divided by 2^20. Ask with `If-None-Match`, and again after `max-age`.
#[utoipa::path(get, path = "/redemption/sl/{series}/{shard}", tag = "status", security(()),
    params(("series" = u16, Path, description = "The series, from the token"),
        ("shard" = u8, Path, description = "The token's `idx` divided by 2^20: 0 to 15")),
    responses((status = 200, description = "A `COSE_Sign1`", body = Vec<u8>, content_type = "application/statuslist+cwt"),
        (status = 304, description = "The list is the one of `If-None-Match`"),
        (status = 503, description = "`no-status-list`: nobody makes lists here")))]
pub(super) async fn status_list(
    Now(at): Now,
    State(pool): State<PgPool>,
    State(makes): State<MakesStatusLists>,
    Path((series, shard)): Path<(u16, u8)>,
    headers: HeaderMap,
) -> Public<Result<Response, Problem>> {
    Public(answer(&pool, makes, series, shard, &headers, at).await)
}

/// Which status lists a series has. Public.
#[utoipa::path(get, path = "/redemption/sl/{series}", tag = "status", security(()),
    params(("series" = u16, Path, description = "The series, from the token")),
    responses((status = 200, body = ListIndex),
        (status = 503, description = "`no-status-list`: nobody makes lists here")))]
pub(super) async fn status_list_index(
    State(pool): State<PgPool>,
    State(makes): State<MakesStatusLists>,
    Path(series): Path<u16>,
) -> Public<Result<([(HeaderName, HeaderValue); 1], Json<ListIndex>), Problem>> {
    let index = list_index(&pool, series).await;
    Public(match index {
        Ok(Some(index)) => Ok(([(CACHE_CONTROL, cache_control())], Json(index))),
        Ok(None) => Err(missing(makes)),
        Err(error) => Err(Problem::internal(&error)),
    })
}

/// A page of another origin asks whether it may send `If-None-Match`.
pub(super) async fn status_list_options() -> Public<Response> {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("If-None-Match"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    Public(response)
}

async fn answer(
    pool: &PgPool,
    makes: MakesStatusLists,
    series: u16,
    shard: u8,
    headers: &HeaderMap,
    at: DateTime<Utc>,
) -> Result<Response, Problem> {
    let list = published_list(pool, series, shard, &known(headers))
        .await
        .map_err(|error| Problem::internal(&error))?
        .ok_or_else(|| missing(makes))?;
    if list.signed_at + TimeDelta::hours(LIST_HOURS) <= at {
        return Err(unavailable(
            "Aucune liste d'états n'a été faite depuis trop longtemps : prévenez l'opérateur.",
        ));
    }
    let tag = HeaderValue::try_from(format!("\"{}\"", HEXLOWER.encode(&list.sha256))).expect("hexadecimal is ASCII");
    let mut response = match list.token {
        Some(token) => ([(CONTENT_TYPE, HeaderValue::from_static(STATUS_LIST_TYPE))], token).into_response(),
        None => StatusCode::NOT_MODIFIED.into_response(),
    };
    response.headers_mut().insert(ETAG, tag);
    response.headers_mut().insert(CACHE_CONTROL, cache_control());
    Ok(response)
}

fn cache_control() -> HeaderValue {
    HeaderValue::try_from(format!("public, max-age={LIST_TTL_SECONDS}")).expect("digits are ASCII")
}

/// The hashes that the caller has lists of (RFC 9110 § 13.1.2); a tag of somebody else's making names no list of ours.
fn known(headers: &HeaderMap) -> Vec<Vec<u8>> {
    let tags = headers.get_all(IF_NONE_MATCH).into_iter();
    tags.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|tag| {
            let tag = tag.trim().trim_start_matches("W/").trim_matches('"');
            HEXLOWER.decode(tag.as_bytes()).ok()
        })
        .collect()
}

fn missing(makes: MakesStatusLists) -> Problem {
    if makes.0 {
        Problem::not_found("Cette liste d'états")
            .detail("La série n'existe pas, ou aucun chèque de cette partie de la série n'a encore été remis.")
    } else {
        unavailable("Ce serveur n'a pas de clé pour signer les listes d'états : l'opérateur doit lui en donner une.")
    }
}

fn unavailable(detail: &str) -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "no-status-list",
        "Aucune liste d'états n'est disponible.",
    )
    .detail(detail)
}

/// An answer that pages of every origin may read: nothing in it is secret, and no key goes with the question.
pub(super) struct Public<T>(T);

impl<T: IntoResponse> IntoResponse for Public<T> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag"));
        response
    }
}
