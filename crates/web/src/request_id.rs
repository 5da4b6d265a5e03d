use std::convert::Infallible;

use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: Uuid;
}

/// Names a request in its answer, in its errors, in the logs and in the audit trail.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

/// The id of the request that this task serves.
#[must_use]
pub fn current_request_id() -> Option<Uuid> {
    CURRENT.try_with(|id| *id).ok()
}

/// Takes the client's id when it is a UUID, makes one otherwise, and puts it in the answer.
#[expect(clippy::disallowed_methods, reason = "the front door draws the request's id")]
pub async fn set_request_id(mut request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(HEADER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or_else(Uuid::new_v4);
    request.extensions_mut().insert(RequestId(id));
    let mut response = CURRENT.scope(id, next.run(request)).await;
    let value = HeaderValue::from_str(&id.to_string()).expect("a UUID is a header value");
    response.headers_mut().insert(HEADER, value);
    response
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(*parts
            .extensions
            .get::<Self>()
            .expect("web::frame sets the id of every request"))
    }
}
