//! The books that a command reads and signs for: a database, and the key of its log.

use std::sync::Arc;

use ::keys::{Opener, Plain};
use anyhow::Context;
use sealed_log::NoteKey;
use sqlx::PgPool;

use crate::cli::own_books::OwnBooks;
use crate::store::Server;
use crate::{export, sealing};

/// Connections of a command.
const CONNECTIONS: u32 = 4;

/// Opened; [`end`](Self::end) stops what was started.
pub(crate) struct OpenBooks {
    pub pool: PgPool,
    pub key: Arc<NoteKey>,
    server: Option<Server>,
}

impl OpenBooks {
    /// The key first: without it nothing is started.
    pub(crate) async fn open(own: &OwnBooks) -> anyhow::Result<Self> {
        let config = own.config();
        let key = sealing::read_key_if_any(&config, &opener(own))
            .context("La clé des points de contrôle (--checkpoint-key-file) ne s'ouvre pas")?;
        let key = key.with_context(|| {
            format!(
                "La clé « {} » n'existe pas : donnez celle des points de contrôle avec --checkpoint-key-file, ou démarrez « ccn all » une fois",
                sealing::key_file(&config).display()
            )
        })?;
        let (database, server) = export::open(&config).await?;
        Ok(Self {
            pool: database::connect(database, CONNECTIONS).await?,
            key: Arc::new(key),
            server,
        })
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.pool.close().await;
        if let Some(server) = self.server {
            server.stop().await?;
        }
        Ok(())
    }
}

/// Who is at a terminal may be asked for the passphrase; the demo's key is in clear.
pub(crate) fn opener(own: &OwnBooks) -> Opener {
    Opener {
        ask: true,
        ..own.config().opener(Plain::Accepted)
    }
}
