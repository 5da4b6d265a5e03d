mod members;
mod page;

use std::fmt::Debug;

use axum::response::{IntoResponse, Response};
use database::UseCaseError;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub(crate) use self::members::describe as describe_members;
use self::page::Said;
pub(crate) use self::page::show_to_people;

/// An error as every client sees it: RFC 9457 problem details with a stable `type`, a French `title` that says
/// what, a `detail` that says where and how to mend it, and no secret.
///
/// Each use case enumerates what it rejects, with one `From` into this type beside it; [`UseCaseError`] adds what they have in common.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: String,
    detail: Option<String>,
    more: Map<String, Value>,
}

/// The JSON of a [`Problem`], for the OpenAPI document: what all have. The members of some are described beside it (`members`).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// `urn:ccn:problem:` and a word that never changes.
    #[schema(example = "urn:ccn:problem:already-used")]
    pub r#type: String,
    /// What happened, in French.
    pub title: String,
    /// Where, and how to mend it, in French.
    pub detail: Option<String>,
    /// The HTTP status.
    pub status: u16,
    /// Names this request in the logs.
    pub request_id: String,
}

impl Problem {
    /// `kind` is the stable last word of `type`, in kebab case.
    pub fn new(status: StatusCode, kind: &'static str, title: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            title: title.into(),
            detail: None,
            more: Map::new(),
        }
    }

    /// 400: the request cannot be read.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "La demande est illisible.").detail(detail)
    }

    /// 401: nobody, or nobody known, asks.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Clé d'accès absente ou inconnue.",
        )
        .detail("Envoyez l'en-tête « Authorization: Bearer <clé> » avec une clé valide de votre organisation.")
    }

    /// 403: `detail` says who may.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Votre organisation n'a pas ce droit.",
        )
        .detail(detail)
    }

    /// 404: `what` in French with its article, for example « Ce lot ».
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            format!("{what} n'existe pas ou ne vous est pas visible."),
        )
    }

    /// 409: an id came back with another content.
    #[must_use]
    pub fn same_id_other_content() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "same-id-other-content",
            "Cet identifiant a déjà servi pour autre chose.",
        )
        .detail("Reprenez exactement la même demande, ou choisissez un nouvel identifiant.")
    }

    /// 422: well formed, and refused by a rule.
    pub fn refused(kind: &'static str, title: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, title)
    }

    /// 500: ours. The cause is logged here, once; the client only learns the request id.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        let mut causes = cause.to_string();
        let mut source = cause.source();
        while let Some(error) = source {
            causes.push_str(": ");
            causes.push_str(&error.to_string());
            source = error.source();
        }
        tracing::error!(causes, "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Une erreur est survenue de notre côté.")
            .detail("Rien n'a été enregistré à moitié. Réessayez ; si cela dure, donnez l'identifiant de la demande à l'opérateur.")
    }

    /// Says where and how to mend it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a member of its own (RFC 9457 §3.2), which `members` describes.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        debug_assert!(members::is_described(name), "{name} is not described");
        let value = serde_json::to_value(value).expect("an extension member is plain data");
        self.more.insert(name.to_owned(), value);
        self
    }

    /// The stable word.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// What is shown of it, whatever the protocol: the members of problem+json. Counts it, so it is rendered once.
    #[must_use]
    pub fn into_members(self) -> Map<String, Value> {
        metrics::counter!("ccn_problems_total", "kind" => self.kind).increment(1);
        let mut body = Map::new();
        body.insert("type".into(), format!("urn:ccn:problem:{}", self.kind).into());
        body.insert("title".into(), self.title.into());
        if let Some(detail) = self.detail {
            body.insert("detail".into(), detail.into());
        }
        body.insert("status".into(), self.status.as_u16().into());
        if let Some(id) = crate::current_request_id() {
            body.insert("request_id".into(), id.to_string().into());
        }
        body.extend(self.more);
        body
    }
}

impl<R: Into<Self> + Debug + 'static> From<UseCaseError<R>> for Problem {
    fn from(error: UseCaseError<R>) -> Self {
        match error {
            UseCaseError::Rejected(rejection) => rejection.into(),
            UseCaseError::IdReused => Self::same_id_other_content(),
            UseCaseError::Database(_) | UseCaseError::Failed(_) => Self::internal(&error),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status;
        let said = Said {
            title: self.title.clone(),
            detail: self.detail.clone(),
            request_id: crate::current_request_id().map(|id| id.to_string()),
        };
        let json = serde_json::to_vec(&self.into_members()).expect("a map of strings serialises");
        let mut response = (status, json).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response.extensions_mut().insert(said);
        response
    }
}
