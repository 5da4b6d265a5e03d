//! axum's extractors, refusing with a [`Problem`].

mod body;

use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use standards::french_errors;
use utoipa::{IntoParams, ToSchema};

use crate::Problem;

pub use body::{LIST_ITEMS_MAX, TEXT_CHARS_MAX};

/// Bytes of the largest file taken (an import, a statement): some 100,000 lines.
pub const UPLOAD_BYTES_MAX: usize = 32 << 20;

/// A JSON body, read or written. What is wrong is told with its line, column and field.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

/// The body of an act that needs no more than its address: `{}`.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

/// Parts of the path.
#[derive(Debug, Clone, Copy, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub struct Path<T>(pub T);

/// Parameters after `?`.
#[derive(Debug, Clone, Copy, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub struct Query<T>(pub T);

/// A raw body: a file.
#[derive(Debug, Clone)]
pub struct Bytes(pub axum::body::Bytes);

impl<S: Send + Sync> FromRequest<S> for Bytes {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Ok(Self(axum::body::Bytes::from_request(request, state).await?))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "Le corps de la demande doit être du JSON.",
            )
            .detail("Ajoutez l'en-tête « Content-Type: application/json »."));
        }
        let bytes = axum::body::Bytes::from_request(request, state).await?;
        let axum::Json(value) = axum::Json::from_bytes(&bytes)?;
        body::check(&bytes)?;
        Ok(Self(value))
    }
}

/// `application/json`, or a type that ends in `+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| {
        let essence = essence.to_ascii_lowercase();
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
    })
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            JsonRejection::BytesRejection(rejection) => rejection.into(),
            other => {
                let said = french_errors::json(&other.body_text());
                let field = said.strip_prefix("« ").and_then(|said| said.split_once(" » :"));
                let field = field.map(|(field, _)| field.to_owned());
                let problem = Self::bad_request(format!("Le JSON ne convient pas : {said}"));
                match field {
                    Some(field) => problem.with("field", field),
                    None => problem,
                }
            }
        }
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_request(format!(
            "L'adresse ne convient pas : {}",
            french_errors::json(&rejection.body_text())
        ))
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(format!(
            "Les paramètres de l'adresse ne conviennent pas : {}",
            french_errors::json(&rejection.body_text())
        ))
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "Le fichier envoyé est trop grand.",
            )
            .detail(format!(
                "La limite est de {} Mio : partagez le fichier.",
                UPLOAD_BYTES_MAX >> 20
            ))
        } else {
            Self::bad_request("Le corps de la demande n'est pas arrivé en entier.")
        }
    }
}
