use axum::extract::FromRequestParts;
use http::request::Parts;
use tonic::{Request, Status};
use web::{Problem, RequestId};

use crate::status;

/// A call that was let in.
#[derive(Debug)]
pub struct Entered<E, T> {
    pub who: E,
    /// The head of the call, to ask again who it is when the call lasts.
    pub head: Parts,
    /// Names the call in the logs and in its problems.
    pub request: RequestId,
    /// The message, or the stream of them.
    pub message: T,
}

/// Lets a call in, by the same extractor as REST: metadata are headers. The type `E` says who may call, and a method
/// cannot forget it, since it gets `E` from here only.
pub async fn enter<S, E, T>(state: &S, call: Request<T>) -> Result<Entered<E, T>, Status>
where
    S: Send + Sync,
    E: FromRequestParts<S, Rejection = Problem>,
{
    let (metadata, extensions, message) = call.into_parts();
    let (mut head, ()) = http::Request::new(()).into_parts();
    head.headers = metadata.into_headers();
    head.extensions = extensions;
    let who = E::from_request_parts(&mut head, state).await.map_err(status)?;
    let request = RequestId::from_request_parts(&mut head, state)
        .await
        .unwrap_or_else(|never| match never {});
    Ok(Entered {
        who,
        head,
        request,
        message,
    })
}
