//! Whose books a command works on: those of a database, with the key of its log, or those of a server.

use std::path::PathBuf;
use std::sync::Arc;

use ::keys::{CleartextPolicy, KeyLoader};
use anyhow::Context;
use clap::Args;
use sealed_log::{NoteKey, VerifierKey};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use voucher::Host;

use super::api_client::ApiClient;
use super::help::OPTIONS;
use crate::server::config::{Config, DATA_DIR, PUBLIC_HOST};
use crate::server::sealing;
use crate::server::store::DatabaseServer;

const SERVER: &str = "Serveur, au lieu d'une base";

/// Connections of a command.
const CONNECTIONS: u32 = 4;

/// Where the books are, and the key that signs what is said of them.
#[derive(Debug, Args)]
pub(super) struct LedgerSource {
    /// Dossier de la base embarquée, en service ou non
    #[arg(long, env = "CCN_DATA_DIR", value_name = "DOSSIER", default_value = DATA_DIR, help_heading = OPTIONS)]
    pub data_dir: PathBuf,
    /// Base PostgreSQL à utiliser au lieu de la base embarquée
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", help_heading = OPTIONS)]
    pub database_url: Option<PgConnectOptions>,
    /// Fichier du mot de passe de l'utilisateur nommé dans l'URL
    #[arg(long, env = "CCN_DATABASE_PASSWORD_FILE", value_name = "FICHIER", help_heading = OPTIONS)]
    pub database_password_file: Option<PathBuf>,
    /// Clé des points de contrôle, qui signe aussi les mois clos et les rapprochements : fichier, ou adresse « pkcs11: » ; sans elle,
    /// celle du dossier « secrets » de --data-dir
    #[arg(long, env = "CCN_CHECKPOINT_KEY_FILE", value_name = "FICHIER", help_heading = OPTIONS)]
    pub checkpoint_key_file: Option<PathBuf>,
    /// Fichier de la phrase de passe qui ouvre cette clé
    #[arg(long, env = "CCN_KEY_PASSPHRASE_FILE", value_name = "FICHIER", help_heading = OPTIONS)]
    pub key_passphrase_file: Option<PathBuf>,
    /// Fichier de l'identité age qui ouvre cette clé
    #[arg(long, env = "CCN_KEY_IDENTITY_FILE", value_name = "FICHIER", conflicts_with = "key_passphrase_file", help_heading = OPTIONS)]
    pub key_identity_file: Option<PathBuf>,
    /// Nom d'hôte du site : le journal scellé porte son nom
    #[arg(long, env = "CCN_PUBLIC_HOST", value_name = "HÔTE", default_value = PUBLIC_HOST, help_heading = OPTIONS)]
    pub public_host: Host,
}

impl LedgerSource {
    /// What finds the database and the key.
    pub(super) fn config(&self) -> Config {
        Config {
            data_dir: self.data_dir.clone(),
            database_url: self.database_url.clone(),
            database_password_file: self.database_password_file.clone(),
            checkpoint_key_file: self.checkpoint_key_file.clone(),
            key_passphrase_file: self.key_passphrase_file.clone(),
            key_identity_file: self.key_identity_file.clone(),
            public_host: self.public_host.clone(),
            ..Config::default()
        }
    }

    /// Who is at a terminal may be asked for the passphrase; the demo's key is in clear.
    pub(super) fn key_loader(&self) -> KeyLoader {
        KeyLoader {
            ask: true,
            ..self.config().key_loader(CleartextPolicy::Accept)
        }
    }

    /// Opens both, the key first: without it nothing is started.
    pub(super) async fn open(&self) -> anyhow::Result<OpenLedger> {
        let config = self.config();
        let key = sealing::read_key_if_any(&config, &self.key_loader())
            .context("La clé des points de contrôle (--checkpoint-key-file) ne s'ouvre pas")?;
        let key = key.with_context(|| {
            format!(
                "La clé « {} » n'existe pas : donnez celle des points de contrôle avec --checkpoint-key-file, ou démarrez « ccn all » une fois",
                sealing::key_file(&config).display()
            )
        })?;
        let (database, server) = DatabaseServer::open_existing(&config).await?;
        Ok(OpenLedger {
            pool: database::connect(database, CONNECTIONS).await?,
            key: Arc::new(key),
            server,
        })
    }
}

/// A database and the key of its log; [`close`](Self::close) stops what was started for it.
pub(super) struct OpenLedger {
    pub pool: PgPool,
    pub key: Arc<NoteKey>,
    server: Option<DatabaseServer>,
}

impl OpenLedger {
    pub(super) async fn close(self) -> anyhow::Result<()> {
        self.pool.close().await;
        if let Some(server) = self.server {
            server.stop().await?;
        }
        Ok(())
    }
}

/// A server that has the books and their key; who asks it trusts its verifier key and nothing else.
#[derive(Debug, Args)]
pub(super) struct LedgerServer {
    /// Serveur à qui le demander : ni base ni clé privée ne sont alors nécessaires ici. La clé d'accès n'est envoyée qu'à cette
    /// machine-ci : pour un serveur lointain, ouvrez un tunnel (ssh -L 8080:127.0.0.1:8080 serveur)
    #[arg(long, value_name = "URL", requires = "vkey", help_heading = SERVER)]
    pub server: Option<String>,
    /// Fichier de la clé d'accès de l'opérateur (droits 600) ; sans lui, la variable d'environnement `CCN_API_KEY`
    #[arg(long, env = "CCN_API_KEY_FILE", value_name = "FICHIER", help_heading = SERVER)]
    pub api_key_file: Option<PathBuf>,
    /// Clé de vérification du journal (nom+empreinte+base64), que vous connaissez : ce que répond le serveur doit être signé par elle
    #[arg(long, env = "CCN_LOG_VKEY", value_name = "CLÉ", value_parser = verifier_key, help_heading = SERVER)]
    pub vkey: Option<VerifierKey>,
}

impl LedgerServer {
    /// The server, how to speak to it, and whose signature is believed; nothing when a database is meant.
    pub(super) fn client(&self) -> anyhow::Result<Option<(ApiClient, &VerifierKey)>> {
        let Some((server, key)) = self.server.as_ref().zip(self.vkey.as_ref()) else {
            return Ok(None);
        };
        Ok(Some((ApiClient::with_key(server, self.api_key_file.as_deref())?, key)))
    }
}

fn verifier_key(text: &str) -> Result<VerifierKey, String> {
    text.trim().parse().map_err(|_| {
        "une clé de vérification s'écrit nom+empreinte+base64, comme à /funding/log/checkpoint.vkey".to_owned()
    })
}
