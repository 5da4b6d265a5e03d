use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

/// What came of a creation under an id that the caller chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created<T> {
    /// 201: by this request.
    New(T),
    /// 200: by an earlier one with the same id and the same content.
    Existing(T),
}

impl<T> Created<T> {
    /// The thing, whichever request created it.
    pub fn into_inner(self) -> T {
        match self {
            Self::New(thing) | Self::Existing(thing) => thing,
        }
    }

    /// Turns the thing into what is shown of it.
    pub fn map<U>(self, render: impl FnOnce(T) -> U) -> Created<U> {
        match self {
            Self::New(thing) => Created::New(render(thing)),
            Self::Existing(thing) => Created::Existing(render(thing)),
        }
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let status = match self {
            Self::New(_) => StatusCode::CREATED,
            Self::Existing(_) => StatusCode::OK,
        };
        (status, axum::Json(self.into_inner())).into_response()
    }
}
