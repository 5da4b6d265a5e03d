//! Answers that are longer than memory. A task writes one into a file without a name, as fast as the database gives it, and the client
//! is sent the file while it grows: who reads slowly, or not at all, holds a file and never a snapshot of the books. An organisation
//! has few such files at a time (`DownloadSlot`). One that breaks off ends with an error of the connection, never with an end.

mod fetch;
mod slots;

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

pub(crate) use slots::{DownloadSlot, Downloads};

use crate::support::chunks::{ChunkWriter, End};

/// A body that `write` writes, in its `slot` among the downloads. When it fails, the body ends with an error and not with an end:
/// what is cut off cannot pass for whole. `what` names it in the log.
pub(crate) fn body<W, F, E>(what: &'static str, slot: DownloadSlot, write: W) -> Result<Body, io::Error>
where
    W: FnOnce(Arc<ChunkWriter>) -> F,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: std::error::Error + Send + 'static,
{
    let file = Arc::new(tempfile::tempfile()?);
    let (chunks, seen) = ChunkWriter::new(&file);
    let chunks = Arc::new(chunks);
    let work = write(Arc::clone(&chunks));
    let turn = slot.turn();
    tokio::spawn(async move {
        let _turn = turn.await;
        match work.await {
            Ok(()) => chunks.end(End::Whole),
            Err(error) => {
                chunks.end(End::BrokenOff);
                tracing::error!(what, error = &error as &dyn std::error::Error, "an answer broke off");
            }
        }
    });
    Ok(fetch::body(file, seen, slot))
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

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use tokio::sync::oneshot;
    use uuid::Uuid;

    use super::*;
    use crate::support::chunks::{CHUNK_BYTES, ChunkError};

    const ONE: Uuid = Uuid::from_u128(1);

    async fn write_all(chunks: Arc<ChunkWriter>, count: u8) -> Result<(), ChunkError> {
        for n in 0..count {
            chunks.send(&mut vec![n; CHUNK_BYTES], false).await?;
        }
        chunks.send(&mut vec![count; 7], true).await
    }

    async fn read_all(body: Body) -> Result<Vec<u8>, axum::Error> {
        let mut data = body.into_data_stream();
        let mut all = Vec::new();
        while let Some(chunk) = data.next().await {
            all.extend_from_slice(&chunk?);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn the_work_ends_before_anybody_reads_and_the_reader_gets_all_of_it() {
        let (done, ended) = oneshot::channel();
        let slot = Downloads::default().slot_of(ONE).unwrap();
        let body = body("test", slot, |chunks| async move {
            write_all(chunks, 40).await?;
            let _ = done.send(());
            Ok::<_, ChunkError>(())
        })
        .unwrap();
        ended.await.unwrap();
        let all = read_all(body).await.unwrap();
        assert_eq!(all.len(), 40 * CHUNK_BYTES + 7);
        let expected = |at: usize| u8::try_from(at / CHUNK_BYTES).unwrap();
        assert!(all.iter().enumerate().all(|(at, byte)| *byte == expected(at)));
    }

    #[tokio::test]
    async fn what_breaks_off_does_not_end_like_a_whole_file() {
        let slot = Downloads::default().slot_of(ONE).unwrap();
        let body = body("test", slot, |chunks| async move {
            write_all(chunks, 1).await?;
            Err(ChunkError::ClientDisconnected)
        })
        .unwrap();
        assert!(read_all(body).await.is_err());
    }

    #[tokio::test]
    async fn a_client_that_goes_away_stops_the_work_and_frees_its_place() {
        let downloads = Downloads::default();
        let (went, gone) = oneshot::channel();
        let body = body("test", downloads.slot_of(ONE).unwrap(), |chunks| async move {
            loop {
                if let Err(error) = chunks.send(&mut vec![0; CHUNK_BYTES], false).await {
                    let _ = went.send(matches!(error, ChunkError::ClientDisconnected));
                    return Err(error);
                }
            }
        })
        .unwrap();
        let second = downloads.slot_of(ONE).unwrap();
        assert!(downloads.slot_of(ONE).is_err());
        assert!(downloads.slot_of(Uuid::from_u128(2)).is_ok());
        drop(body);
        assert!(gone.await.unwrap());
        drop(second);
        assert!(downloads.slot_of(ONE).is_ok());
    }
}
