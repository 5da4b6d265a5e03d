//! `ccn export`, `ccn verify books`, `ccn verify proof`, `ccn cosign`.

use std::path::PathBuf;

use clap::Args;
use sqlx::postgres::PgConnectOptions;
use standards::Siren;
use voucher::Host;

use super::keys::Sealing;
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
    /// Clé des points de contrôle (fichier, ou adresse « pkcs11: ») ; sans elle, seul ce qui est déjà scellé est exporté
    #[arg(long, env = "CCN_CHECKPOINT_KEY_FILE", value_name = "FICHIER", help_heading = OPTIONS)]
    pub checkpoint_key_file: Option<PathBuf>,
    /// Fichier de la phrase de passe qui ouvre cette clé
    #[arg(long, env = "CCN_KEY_PASSPHRASE_FILE", value_name = "FICHIER", help_heading = OPTIONS)]
    pub key_passphrase_file: Option<PathBuf>,
    /// Fichier de l'identité age qui ouvre cette clé
    #[arg(long, env = "CCN_KEY_IDENTITY_FILE", value_name = "FICHIER", help_heading = OPTIONS)]
    pub key_identity_file: Option<PathBuf>,
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
            key_passphrase_file: self.key_passphrase_file.clone(),
            key_identity_file: self.key_identity_file.clone(),
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
    /// Clé d'un co-signataire (nom+empreinte+base64) qui doit avoir signé le point de contrôle ; peut être répétée
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    pub cosigner: Vec<String>,
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
    /// Preuve, telle que la sert `/v1/proofs/transfers/…`, `/v1/proofs/events/…` ou `/v1/proofs/consistency`
    #[arg(value_name = "FICHIER", help_heading = TEXTS)]
    pub file: PathBuf,
}

/// Arguments of `cosign`.
#[derive(Debug, Args)]
pub struct CosignArgs {
    /// Clé du co-signataire : fichier, ou adresse « pkcs11: » ; `ccn keys new` en fait une
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    pub key: PathBuf,
    /// Nom de cette clé, sans espace ni « + » : « departement21.example/journal »
    #[arg(long, value_name = "NOM", help_heading = OPTIONS)]
    pub name: String,
    /// Affiche la clé de vérification, à enregistrer auprès de l'opérateur, et ne signe rien
    #[arg(long, help_heading = OPTIONS)]
    pub show_key: bool,
    /// Clé de vérification du journal (nom+empreinte+base64), connue d'ailleurs
    #[arg(long, value_name = "CLÉ", required_unless_present = "show_key", help_heading = OPTIONS)]
    pub vkey: Option<String>,
    /// Dernier point de contrôle signé ici ; il est remplacé par le nouveau. La première fois, le fichier n'existe pas
    #[arg(long, value_name = "FICHIER", required_unless_present = "show_key", help_heading = OPTIONS)]
    pub seen: Option<PathBuf>,
    /// With what the key is opened.
    #[command(flatten)]
    pub sealing: Sealing,
    /// Preuve de `/v1/proofs/consistency?older=…` ; la première fois, le point de contrôle de `/log/checkpoint`
    #[arg(value_name = "FICHIER", required_unless_present = "show_key", help_heading = TEXTS)]
    pub file: Option<PathBuf>,
}
