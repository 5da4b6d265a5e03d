use std::path::PathBuf;

use ::keys::{CleartextPolicy, KeyLoader};
use clap::Args;

const SEALING: &str = "Sceau (sans rien : la phrase de passe est demandée au terminal)";

/// With what a key is sealed and opened.
#[derive(Debug, Clone, Args)]
pub(in crate::commands) struct Sealing {
    /// Fichier de la phrase de passe, 16 caractères au moins
    #[arg(long, value_name = "FICHIER", help_heading = SEALING)]
    key_passphrase_file: Option<PathBuf>,
    /// Fichier de l'identité age
    #[arg(long, value_name = "FICHIER", conflicts_with = "key_passphrase_file", help_heading = SEALING)]
    key_identity_file: Option<PathBuf>,
}

impl Sealing {
    /// May ask at the terminal.
    pub(in crate::commands) fn key_loader(&self) -> KeyLoader {
        KeyLoader {
            passphrase_file: self.key_passphrase_file.clone(),
            identity_file: self.key_identity_file.clone(),
            ask: true,
            cleartext: CleartextPolicy::Accept,
        }
    }
}
