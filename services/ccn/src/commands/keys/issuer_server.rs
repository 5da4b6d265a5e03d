use std::path::PathBuf;

use clap::Args;

use crate::commands::api_client::ApiClient;

pub(super) const SERVER: &str = "Serveur";

/// The issuer's server, and the operator's key to it.
#[derive(Debug, Clone, Args)]
pub(super) struct IssuerServer {
    /// Adresse du service d'émission. La clé de l'opérateur n'est envoyée qu'à cette machine-ci : pour un serveur lointain, ouvrez un
    /// tunnel (ssh -L 8080:127.0.0.1:8080 serveur)
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", help_heading = SERVER)]
    server: String,
    /// Clé d'accès de l'opérateur
    #[arg(long, value_name = "FICHIER", help_heading = SERVER)]
    operator_key_file: PathBuf,
}

impl IssuerServer {
    /// The operator's client.
    pub(super) fn operator(&self) -> anyhow::Result<ApiClient> {
        ApiClient::with_key(&self.server, Some(&self.operator_key_file))
    }
}
