use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use tokio::sync::{mpsc, watch};

use crate::http::downloads::DownloadSlot;
use crate::support::chunks::{CHUNK_BYTES, End, Written};

/// After this many seconds in which the client takes nothing, and after this many in all, its file is given up.
const STALLED_SECONDS: u64 = 120;
const FETCH_SECONDS_MAX: u64 = 4 * 3600;

/// Chunks that wait for the connection.
const CHUNKS_WAITING: usize = 4;

/// The file while it grows, to its end. `slot` is kept as long as the file.
pub(super) fn body(file: Arc<File>, seen: watch::Receiver<Written>, slot: DownloadSlot) -> Body {
    let (to, mut from) = mpsc::channel(CHUNKS_WAITING);
    tokio::spawn(async move {
        let _place = slot;
        let all = Duration::from_secs(FETCH_SECONDS_MAX);
        let copied = tokio::time::timeout(all, copy(&file, seen, &to)).await;
        if let Ok(Ok(())) = copied {
            return;
        }
        // Whoever is still there must not take it for whole.
        let _ = to.try_send(Err(io::Error::other("broken off")));
    });
    Body::from_stream(futures_util::stream::poll_fn(move |context| from.poll_recv(context)))
}

async fn copy(
    file: &Arc<File>,
    mut seen: watch::Receiver<Written>,
    to: &mpsc::Sender<io::Result<Bytes>>,
) -> io::Result<()> {
    let mut at = 0;
    loop {
        let written = *seen.borrow_and_update();
        while at < written.bytes {
            let length = (written.bytes - at).min(CHUNK_BYTES as u64);
            let chunk = read(Arc::clone(file), at, usize::try_from(length).map_err(io::Error::other)?).await?;
            at += length;
            let patience = Duration::from_secs(STALLED_SECONDS);
            to.send_timeout(Ok(chunk), patience).await.map_err(io::Error::other)?;
        }
        match written.end {
            Some(End::Whole) => return Ok(()),
            Some(End::BrokenOff) => return Err(io::Error::other("broken off")),
            // The writer is gone without an end: it panicked.
            None => tokio::select! {
                changed = seen.changed() => changed.map_err(io::Error::other)?,
                () = to.closed() => return Err(io::ErrorKind::BrokenPipe.into()),
            },
        }
    }
}

async fn read(file: Arc<File>, at: u64, length: usize) -> io::Result<Bytes> {
    tokio::task::spawn_blocking(move || {
        let mut chunk = vec![0; length];
        file.read_exact_at(&mut chunk, at)?;
        Ok(Bytes::from(chunk))
    })
    .await
    .map_err(io::Error::other)?
}
