//! `ccn verify evidence`.

use std::path::PathBuf;

use clap::Args;

use super::{OPTIONS, TEXTS};

/// Arguments of `verify evidence`.
#[derive(Debug, Args)]
pub struct VerifyEvidence {
    /// Clé de vérification connue d'ailleurs (nom+empreinte+base64) ; sans elle, celle de l'archive, qui prouve seulement que ses
    /// fichiers vont ensemble
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    pub vkey: Option<String>,
    /// Codes QR des chèques gardés par la structure, un texte par ligne
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    pub tokens: Option<PathBuf>,
    /// Archive de /v1/structures/…/evidence
    #[arg(value_name = "FICHIER", help_heading = TEXTS)]
    pub file: PathBuf,
}
