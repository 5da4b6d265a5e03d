use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::support::chunks::ChunkWriter;

use super::write::BundleWriteError;

/// An archive that goes to the client while it is written.
pub(super) struct Archive<'p> {
    zip: ZipWriter<StreamWriter<ArchiveBuffer>>,
    written: ArchiveBuffer,
    ready: Vec<u8>,
    chunks: &'p ChunkWriter,
}

/// What the archive has written and the client has not got.
#[derive(Clone, Default)]
struct ArchiveBuffer(Arc<Mutex<Vec<u8>>>);

impl<'p> Archive<'p> {
    pub fn new(chunks: &'p ChunkWriter) -> Self {
        let written = ArchiveBuffer::default();
        Self {
            zip: ZipWriter::new_stream(written.clone()),
            written,
            ready: Vec::new(),
            chunks,
        }
    }

    /// Begins the next member.
    pub fn member(&mut self, name: &str) -> Result<(), BundleWriteError> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        Ok(self.zip.start_file(name, options)?)
    }

    /// Adds to the member.
    pub async fn add(&mut self, bytes: &[u8]) -> Result<(), BundleWriteError> {
        self.zip.write_all(bytes)?;
        self.send(false).await
    }

    /// A whole member.
    pub async fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), BundleWriteError> {
        self.member(name)?;
        self.add(bytes).await
    }

    /// Ends the archive: without its end it does not open.
    pub async fn end(mut self) -> Result<(), BundleWriteError> {
        let Self { zip, .. } = self;
        zip.finish()?;
        self.ready.append(&mut self.written.taken());
        self.chunks.send(&mut self.ready, true).await?;
        Ok(())
    }

    async fn send(&mut self, all: bool) -> Result<(), BundleWriteError> {
        self.ready.append(&mut self.written.taken());
        self.chunks.send(&mut self.ready, all).await?;
        Ok(())
    }
}

impl ArchiveBuffer {
    fn taken(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for ArchiveBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
