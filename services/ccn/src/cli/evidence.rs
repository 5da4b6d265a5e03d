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
    /// Clés publiques des chèques connues d'ailleurs, comme les publie /.well-known/jwks.json ; sans elles, « --tokens » se sert de
    /// celles de l'archive, que rien ne signe
    #[arg(long, value_name = "FICHIER", requires = "tokens", help_heading = OPTIONS)]
    pub keys: Option<PathBuf>,
    /// Archive de /funding/v1/structures/…/evidence
    #[arg(value_name = "FICHIER", help_heading = TEXTS)]
    pub file: PathBuf,
}
