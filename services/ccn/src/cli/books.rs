//! `ccn export`, `ccn verify books`, `ccn verify proof`, `ccn cosign`.

use std::path::PathBuf;

use clap::Args;
use standards::Siren;

use super::keys::Sealing;
use super::own_books::OwnBooks;
use super::{OPTIONS, TEXTS};

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Dossier qui reçoit les fichiers ; ceux qui y sont déjà sont remplacés
    #[arg(long, value_name = "DOSSIER", help_heading = OPTIONS)]
    pub out: PathBuf,
    /// SIREN de celui dont ce sont les livres : le nom du FEC commence par lui
    #[arg(long, env = "CCN_FUND_SIREN", value_name = "SIREN", default_value = "000000000", help_heading = OPTIONS)]
    pub siren: Siren,
    /// Whose books. Without the key, what is sealed already is exported.
    #[command(flatten)]
    pub own: OwnBooks,
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
    /// Preuve, telle que la sert `/funding/v1/proofs/transfers/…`, `/funding/v1/proofs/events/…` ou `/funding/v1/proofs/consistency`
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
    /// Preuve de `/funding/v1/proofs/consistency?older=…` ; la première fois, le point de contrôle de `/funding/log/checkpoint`
    #[arg(value_name = "FICHIER", required_unless_present = "show_key", help_heading = TEXTS)]
    pub file: Option<PathBuf>,
}
