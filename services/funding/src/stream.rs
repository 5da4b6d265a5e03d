//! Answers that are longer than memory: written by a task of their own, piece by piece, as fast as the client takes them.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use tokio::sync::mpsc;

/// After this many seconds in which the client takes nothing, the work is given up: it holds a snapshot of the books.
const STALLED_SECONDS: u64 = 120;

/// Bytes handed to the connection at once, and how many such pieces may wait.
pub(crate) const PIECE_BYTES: usize = 64 << 10;
const PIECES_WAITING: usize = 4;

/// The client went away, or takes nothing more.
#[derive(Debug, thiserror::Error)]
#[error("the client went away")]
pub(crate) struct Gone;

/// Where a task writes.
#[derive(Debug)]
pub(crate) struct Pieces(mpsc::Sender<io::Result<Bytes>>);

impl Pieces {
    /// Hands over what is in `buffer`, if it is a piece or if it is `all` there is; waits while the connection is full.
    pub async fn send(&self, buffer: &mut Vec<u8>, all: bool) -> Result<(), Gone> {
        if buffer.is_empty() || (buffer.len() < PIECE_BYTES && !all) {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::take(buffer));
        let patience = Duration::from_secs(STALLED_SECONDS);
        self.0.send_timeout(Ok(piece), patience).await.map_err(|_| Gone)
    }
}

/// A body that `write` writes. When it fails, the body ends with an error and not with an end: what is cut off cannot pass for
/// whole. `what` names it in the log.
pub(crate) fn body<W, F, E>(what: &'static str, write: W) -> Body
where
    W: FnOnce(Pieces) -> F,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: std::error::Error + Send + 'static,
{
    let (to, mut from) = mpsc::channel(PIECES_WAITING);
    let written = write(Pieces(to.clone()));
    tokio::spawn(async move {
        if let Err(error) = written.await {
            tracing::error!(what, error = &error as &dyn std::error::Error, "an answer broke off");
            let _ = to.send(Err(io::Error::other("broken off"))).await;
        }
    });
    Body::from_stream(futures_util::stream::poll_fn(move |context| from.poll_recv(context)))
}

/// A body as a file to be kept.
pub(crate) fn download(body: Body, content_type: &'static str, file_name: &str) -> Response {
    let disposition = format!("attachment; filename=\"{file_name}\"");
    (
        [
            (CONTENT_TYPE, content_type.to_owned()),
            (CONTENT_DISPOSITION, disposition),
        ],
        body,
    )
        .into_response()
}
