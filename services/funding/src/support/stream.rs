//! Answers that are longer than memory. A task writes one into a file without a name, as fast as the database gives it, and the client
//! is sent the file while it grows: who reads slowly, or not at all, holds a file and never a snapshot of the books. An organisation
//! has few such files at a time ([`downloads`]). One that breaks off ends with an error of the connection, never with an end.

mod downloads;
mod fetch;

use std::fs::File;
use std::future::Future;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use tokio::sync::watch;

pub(crate) use downloads::{Downloads, Place};

/// Bytes written, and handed to the connection, at once.
pub(crate) const PIECE_BYTES: usize = 64 << 10;

/// Why nothing more can be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Gone {
    /// The client went away, or takes nothing more.
    #[error("the client went away")]
    Client,
    /// The disk is full, say.
    #[error("the file of the answer")]
    File(#[from] io::Error),
}

/// How far a file is.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    bytes: u64,
    end: Option<End>,
}

#[derive(Debug, Clone, Copy)]
enum End {
    Whole,
    BrokenOff,
}

/// Where a task writes.
#[derive(Debug)]
pub(crate) struct Pieces {
    file: Arc<File>,
    written: watch::Sender<Written>,
}

impl Pieces {
    /// Writes what is in `buffer`, if it is a piece or if it is `all` there is.
    pub async fn send(&self, buffer: &mut Vec<u8>, all: bool) -> Result<(), Gone> {
        if buffer.is_empty() || (buffer.len() < PIECE_BYTES && !all) {
            return Ok(());
        }
        if self.written.is_closed() {
            return Err(Gone::Client);
        }
        let (file, piece) = (Arc::clone(&self.file), std::mem::take(buffer));
        let (from, length) = (self.written.borrow().bytes, piece.len() as u64);
        tokio::task::spawn_blocking(move || file.write_all_at(&piece, from))
            .await
            .map_err(io::Error::other)??;
        self.written.send_modify(|written| written.bytes += length);
        Ok(())
    }

    fn end(&self, end: End) {
        self.written.send_modify(|written| written.end = Some(end));
    }
}

/// A body that `write` writes, at its `place` among the downloads. When it fails, the body ends with an error and not with an end:
/// what is cut off cannot pass for whole. `what` names it in the log.
pub(crate) fn body<W, F, E>(what: &'static str, place: Place, write: W) -> Result<Body, io::Error>
where
    W: FnOnce(Arc<Pieces>) -> F,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: std::error::Error + Send + 'static,
{
    let file = Arc::new(tempfile::tempfile()?);
    let (written, seen) = watch::channel(Written::default());
    let pieces = Arc::new(Pieces {
        file: Arc::clone(&file),
        written,
    });
    let work = write(Arc::clone(&pieces));
    let turn = place.turn();
    tokio::spawn(async move {
        let _turn = turn.await;
        match work.await {
            Ok(()) => pieces.end(End::Whole),
            Err(error) => {
                pieces.end(End::BrokenOff);
                tracing::error!(what, error = &error as &dyn std::error::Error, "an answer broke off");
            }
        }
    });
    Ok(fetch::body(file, seen, place))
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

    const ONE: Uuid = Uuid::from_u128(1);

    async fn write_all(pieces: Arc<Pieces>, count: u8) -> Result<(), Gone> {
        for n in 0..count {
            pieces.send(&mut vec![n; PIECE_BYTES], false).await?;
        }
        pieces.send(&mut vec![count; 7], true).await
    }

    async fn read_all(body: Body) -> Result<Vec<u8>, axum::Error> {
        let mut data = body.into_data_stream();
        let mut all = Vec::new();
        while let Some(piece) = data.next().await {
            all.extend_from_slice(&piece?);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn the_work_ends_before_anybody_reads_and_the_reader_gets_all_of_it() {
        let (done, ended) = oneshot::channel();
        let place = Downloads::default().place_of(ONE).unwrap();
        let body = body("test", place, |pieces| async move {
            write_all(pieces, 40).await?;
            let _ = done.send(());
            Ok::<_, Gone>(())
        })
        .unwrap();
        ended.await.unwrap();
        let all = read_all(body).await.unwrap();
        assert_eq!(all.len(), 40 * PIECE_BYTES + 7);
        let expected = |at: usize| u8::try_from(at / PIECE_BYTES).unwrap();
        assert!(all.iter().enumerate().all(|(at, byte)| *byte == expected(at)));
    }

    #[tokio::test]
    async fn what_breaks_off_does_not_end_like_a_whole_file() {
        let place = Downloads::default().place_of(ONE).unwrap();
        let body = body("test", place, |pieces| async move {
            write_all(pieces, 1).await?;
            Err(Gone::Client)
        })
        .unwrap();
        assert!(read_all(body).await.is_err());
    }

    #[tokio::test]
    async fn a_client_that_goes_away_stops_the_work_and_frees_its_place() {
        let downloads = Downloads::default();
        let (went, gone) = oneshot::channel();
        let body = body("test", downloads.place_of(ONE).unwrap(), |pieces| async move {
            loop {
                if let Err(error) = pieces.send(&mut vec![0; PIECE_BYTES], false).await {
                    let _ = went.send(matches!(error, Gone::Client));
                    return Err(error);
                }
            }
        })
        .unwrap();
        let second = downloads.place_of(ONE).unwrap();
        assert!(downloads.place_of(ONE).is_err());
        assert!(downloads.place_of(Uuid::from_u128(2)).is_ok());
        drop(body);
        assert!(gone.await.unwrap());
        drop(second);
        assert!(downloads.place_of(ONE).is_ok());
    }
}
