//! An answer that is longer than memory, as it is written: chunk by chunk into a file that its reader is sent while it grows.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use tokio::sync::watch;

/// Bytes written, and handed to the connection, at once.
pub(crate) const CHUNK_BYTES: usize = 64 << 10;

/// Why nothing more can be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChunkError {
    /// Or takes nothing more.
    #[error("the client went away")]
    ClientDisconnected,
    /// The disk is full, say.
    #[error("the file of the answer")]
    File(#[from] io::Error),
}

/// How far a file is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written {
    pub bytes: u64,
    pub end: Option<End>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    Whole,
    BrokenOff,
}

/// Where a task writes.
#[derive(Debug)]
pub(crate) struct ChunkWriter {
    file: Arc<File>,
    written: watch::Sender<Written>,
}

impl ChunkWriter {
    /// Into this file, which whoever fetches it watches.
    pub fn new(file: &Arc<File>) -> (Self, watch::Receiver<Written>) {
        let (written, seen) = watch::channel(Written::default());
        let file = Arc::clone(file);
        (Self { file, written }, seen)
    }

    /// Writes what is in `buffer`, if it is a chunk or if it is `all` there is.
    pub async fn send(&self, buffer: &mut Vec<u8>, all: bool) -> Result<(), ChunkError> {
        if buffer.is_empty() || (buffer.len() < CHUNK_BYTES && !all) {
            return Ok(());
        }
        if self.written.is_closed() {
            return Err(ChunkError::ClientDisconnected);
        }
        let (file, chunk) = (Arc::clone(&self.file), std::mem::take(buffer));
        let (from, length) = (self.written.borrow().bytes, chunk.len() as u64);
        tokio::task::spawn_blocking(move || file.write_all_at(&chunk, from))
            .await
            .map_err(io::Error::other)??;
        self.written.send_modify(|written| written.bytes += length);
        Ok(())
    }

    /// Says that nothing more comes, and whether it was all.
    pub fn end(&self, end: End) {
        self.written.send_modify(|written| written.end = Some(end));
    }
}
