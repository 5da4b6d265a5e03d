//! axum's extractors, refusing with a [`Problem`].

use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::Problem;

/// Bytes of the largest file taken (an import, a statement): some 100,000 lines.
pub const UPLOAD_BYTES_MAX: usize = 32 << 20;

/// A JSON body, read or written. What is wrong is told with its line, column and field.
#[derive(Debug, Clone, Copy, FromRequest)]
#[from_request(via(axum::Json), rejection(Problem))]
pub struct Json<T>(pub T);

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

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            JsonRejection::BytesRejection(rejection) => rejection.into(),
            JsonRejection::MissingJsonContentType(_) => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "Le corps de la demande doit être du JSON.",
            )
            .detail("Ajoutez l'en-tête « Content-Type: application/json »."),
            other => Self::bad_request(format!(
                "Le JSON ne convient pas : {}",
                without_value(&other.body_text())
            )),
        }
    }
}

/// serde's message names the field, the line and the column, and quotes what it found there: that may be a token or a name,
/// which no answer repeats.
fn without_value(message: &str) -> String {
    for wrong in ["invalid type: ", "invalid value: ", "unknown variant "] {
        if let (Some(found), Some(expected)) = (message.find(wrong), message.rfind(", expected ")) {
            let (before, after) = (message.get(..found), message.get(expected + 2..));
            return format!("{}{}", before.unwrap_or_default(), after.unwrap_or_default());
        }
    }
    message.to_owned()
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_request(format!("L'adresse ne convient pas : {}", rejection.body_text()))
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(format!(
            "Les paramètres de l'adresse ne conviennent pas : {}",
            rejection.body_text()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only refused")]
    struct Claim {
        tokens: Vec<String>,
        #[serde(default)]
        way: Option<Way>,
    }

    #[derive(Debug, serde::Deserialize)]
    enum Way {
        Bank,
    }

    fn told(json: &str) -> String {
        without_value(&serde_json::from_str::<Claim>(json).unwrap_err().to_string())
    }

    #[test]
    fn a_refusal_says_what_was_expected_and_where_but_not_what_was_found() {
        assert_eq!(
            told(r#"{"tokens": "secret, expected \" x"}"#),
            "expected a sequence at line 1 column 34"
        );
        assert_eq!(told(r#"{"tokens": [17]}"#), "expected a string at line 1 column 14");
        assert_eq!(
            told(r#"{"tokens": [], "way": "secret"}"#),
            "expected `Bank` at line 1 column 30"
        );
        assert!(told(r#"{"tokens": [], "jeton": 1}"#).starts_with("unknown field `jeton`"));
    }
}
