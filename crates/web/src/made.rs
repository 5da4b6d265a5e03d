use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// What came of a creation whose id the caller made: it was made now, or the same one was made before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made<T> {
    /// 201: by this request.
    Now(T),
    /// 200: by an earlier one with the same id and the same content.
    Before(T),
}

impl<T> Made<T> {
    /// What was made.
    pub fn into_inner(self) -> T {
        match self {
            Self::Now(made) | Self::Before(made) => made,
        }
    }

    /// Renders what was made.
    pub fn map<U>(self, render: impl FnOnce(T) -> U) -> Made<U> {
        match self {
            Self::Now(made) => Made::Now(render(made)),
            Self::Before(made) => Made::Before(render(made)),
        }
    }
}

impl<T: Serialize> IntoResponse for Made<T> {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Now(_) => StatusCode::CREATED,
            Self::Before(_) => StatusCode::OK,
        };
        (status, axum::Json(self.into_inner())).into_response()
    }
}

/// One page of a list; `next` is the cursor to send as `after` for the following one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// In a stable order.
    pub items: Vec<T>,
    /// Absent on the last page.
    pub next: Option<String>,
}

/// A file as an answer.
pub fn download(bytes: Vec<u8>, content_type: &'static str, file_name: &str) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{file_name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
