//! `ccn export`, `ccn verify books`, `ccn verify proof`.

use std::path::PathBuf;

use clap::Args;
use sqlx::postgres::PgConnectOptions;
use standards::Siren;
use voucher::Host;

use super::{OPTIONS, TEXTS};
use crate::config::{Config, DATA_DIR, PUBLIC_HOST};

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Dossier qui reçoit les fichiers ; ceux qui y sont déjà sont remplacés
    #[arg(long, value_name = "DOSSIER", help_heading = OPTIONS)]
    pub out: PathBuf,
    /// SIREN de celui dont ce sont les livres : le nom du FEC commence par lui
    #[arg(long, env = "CCN_FUND_SIREN", value_name = "SIREN", default_value = "000000000", help_heading = OPTIONS)]
    pub siren: Siren,
    /// Dossier de la base embarquée, en service ou non
    #[arg(long, env = "CCN_DATA_DIR", value_name = "DOSSIER", default_value = DATA_DIR, help_heading = OPTIONS)]
    pub data_dir: PathBuf,
    /// Base PostgreSQL à lire au lieu de la base embarquée
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", help_heading = OPTIONS)]
    pub database_url: Option<PgConnectOptions>,
    /// Fichier du mot de passe de l'utilisateur nommé dans l'URL
    #[arg(long, env = "CCN_DATABASE_PASSWORD_FILE", value_name = "FICHIER", help_heading = OPTIONS)]
    pub database_password_file: Option<PathBuf>,
    /// Fichier de la clé des points de contrôle ; sans elle, seul ce qui est déjà scellé est exporté
    #[arg(long, env = "CCN_CHECKPOINT_KEY_FILE", value_name = "FICHIER", help_heading = OPTIONS)]
    pub checkpoint_key_file: Option<PathBuf>,
    /// Nom d'hôte du site : le journal scellé porte son nom
    #[arg(long, env = "CCN_PUBLIC_HOST", value_name = "HÔTE", default_value = PUBLIC_HOST, help_heading = OPTIONS)]
    pub public_host: Host,
}

impl ExportArgs {
    /// What finds the database and the key.
    #[must_use]
    pub fn config(&self) -> Config {
        Config {
            data_dir: self.data_dir.clone(),
            database_url: self.database_url.clone(),
            database_password_file: self.database_password_file.clone(),
            checkpoint_key_file: self.checkpoint_key_file.clone(),
            public_host: self.public_host.clone(),
            ..Config::default()
        }
    }
}

/// Arguments of `verify books`.
#[derive(Debug, Args)]
pub struct VerifyBooks {
    /// Clé de vérification connue d'ailleurs (nom+empreinte+base64) ; sans elle, celle du dossier, qui prouve seulement que ses
    /// fichiers vont ensemble
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    pub vkey: Option<String>,
    /// Point de contrôle antérieur, gardé par vous : les livres doivent le prolonger
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    pub older: Option<PathBuf>,
    /// Dossier écrit par « ccn export »
    #[arg(value_name = "DOSSIER", help_heading = TEXTS)]
    pub folder: PathBuf,
}

/// Arguments of `verify proof`.
#[derive(Debug, Args)]
pub struct VerifyProof {
    /// Clé de vérification connue d'ailleurs (nom+empreinte+base64) ; sans elle, celle du fichier
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    pub vkey: Option<String>,
    /// Preuve, telle que la sert `/v1/proofs/transfers/…`
    #[arg(value_name = "FICHIER", help_heading = TEXTS)]
    pub file: PathBuf,
}
