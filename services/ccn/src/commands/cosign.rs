//! `ccn cosign`: a funder says that it saw a checkpoint, and that it extended the one it saw before. Offline: two files and a key.
//!
//! What was seen is kept in a file, so that a log that forks cannot have both branches co-signed: the second is refused.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::Args;
use sealed_log::{Checkpoint, Cosigner, Note, VerifierKey};
use verify::books::{Proven, verify_proof};
use web::Clock;

use super::help::{ARGUMENTS, OPTIONS, TEMPLATE};
use super::keys::Sealing;
use super::process::unusable;
use crate::server::sealing;

/// Bytes of the longest file taken.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Co-signe un point de contrôle des livres, hors ligne, s'il prolonge celui qu'on a vu avant
///
/// Pour un financeur ou un témoin : vérifie la signature du journal et la preuve qu'il prolonge le point de contrôle gardé
/// dans --seen, puis écrit la ligne de signature, à envoyer à l'opérateur (`POST /funding/v1/checkpoints/…/cosignatures`).
///
/// Code de sortie : 0, 1 si le journal ne prolonge pas celui qui a été vu, 2 si un fichier est illisible.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
    ccn cosign --key temoin.key --name departement21.example/journal --show-key\n  \
    curl -s https://cheque.example.fr/funding/log/checkpoint > dernier\n  \
    ccn cosign --key temoin.key --name departement21.example/journal --vkey \"$(cat journal.vkey)\" --seen vu dernier\n  \
    curl -s \"https://cheque.example.fr/funding/v1/proofs/consistency?older=$(sed -n 2p vu)\" > preuve.json\n  \
    ccn cosign --key temoin.key --name departement21.example/journal --vkey \"$(cat journal.vkey)\" --seen vu preuve.json")]
pub struct CosignArgs {
    /// Clé du co-signataire : fichier, ou adresse « pkcs11: » ; `ccn keys new` en fait une
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    key: PathBuf,
    /// Nom de cette clé, sans espace ni « + » : « departement21.example/journal »
    #[arg(long, value_name = "NOM", help_heading = OPTIONS)]
    name: String,
    /// Affiche la clé de vérification, à enregistrer auprès de l'opérateur, et ne signe rien
    #[arg(long, help_heading = OPTIONS)]
    show_key: bool,
    /// Clé de vérification du journal (nom+empreinte+base64), connue d'ailleurs
    #[arg(long, value_name = "CLÉ", required_unless_present = "show_key", help_heading = OPTIONS)]
    vkey: Option<String>,
    /// Dernier point de contrôle signé ici ; il est remplacé par le nouveau. La première fois, le fichier n'existe pas
    #[arg(long, value_name = "FICHIER", required_unless_present = "show_key", help_heading = OPTIONS)]
    seen: Option<PathBuf>,
    #[command(flatten)]
    sealing: Sealing,
    /// Preuve de `/funding/v1/proofs/consistency?older=…` ; la première fois, le point de contrôle de `/funding/log/checkpoint`
    #[arg(value_name = "FICHIER", required_unless_present = "show_key", help_heading = ARGUMENTS)]
    file: Option<PathBuf>,
}

impl CosignArgs {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let key = sealing::read_cosigner(&self.key, &self.name, &self.sealing.key_loader())?
            .map_err(|_| anyhow::anyhow!("« {} » n'est pas un nom de clé : sans espace ni « + ».", self.name))?;
        let (Some(vkey), Some(seen), Some(file)) = (&self.vkey, &self.seen, &self.file) else {
            println!("{}", key.verifier());
            return Ok(ExitCode::SUCCESS);
        };
        let Ok(log) = vkey.trim().parse::<VerifierKey>() else {
            return Ok(unusable(format!(
                "« {vkey} » n'est pas une clé de vérification (nom+empreinte+base64)."
            )));
        };
        let before = if seen.exists() { Some(read(seen)?) } else { None };
        match cosign(&key, &log, before.as_deref(), &read(file)?, Clock::System.now()) {
            Ok((line, note)) => {
                // Kept first: what was signed must be remembered, even if nobody reads the line.
                std::fs::write(seen, note).with_context(|| format!("{} : écriture impossible", seen.display()))?;
                print!("{line}");
                Ok(ExitCode::SUCCESS)
            }
            Err(refused) => {
                eprintln!("NON SIGNÉ : {refused}.");
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

/// Why a checkpoint is not co-signed; the message is the person's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCosigned {
    /// Not signed by the log.
    #[error("le point de contrôle n'est pas signé par la clé du journal : {0}")]
    Checkpoint(String),
    /// Something was seen, and there is no proof that this extends it.
    #[error(
        "un point de contrôle de {0} écritures a déjà été vu : donnez la preuve que celui-ci le prolonge \
         (/funding/v1/proofs/consistency?older={0})"
    )]
    NoProof(u64),
    /// The proof begins elsewhere.
    #[error(
        "la preuve ne part pas du point de contrôle vu, de {0} écritures et de racine {1} : le journal a bifurqué, ou ce n'est pas la bonne preuve"
    )]
    OtherPast(u64, String),
    /// The proof is none.
    #[error("le journal ne prolonge pas celui qui a été vu : {0}")]
    Proof(String),
    /// The key does not sign.
    #[error("la clé ne signe pas : {0}")]
    Sign(String),
}

/// The line that co-signs what `file` holds (a consistency proof, or the first checkpoint), and the checkpoint, to be kept. `seen` is
/// the one that was kept before.
pub fn cosign(
    key: &Cosigner,
    log: &VerifierKey,
    seen: Option<&str>,
    file: &str,
    at: DateTime<Utc>,
) -> Result<(String, String), NotCosigned> {
    let opened = |note: &str| Checkpoint::open(note, log).map_err(|error| NotCosigned::Checkpoint(error.to_string()));
    let seen = seen.map(opened).transpose()?;
    let note = match (seen, proof_note(file)) {
        (None, Some(note)) => note,
        (None, None) => file.to_owned(),
        (Some(seen), None) => {
            // The same again needs no proof.
            let same = opened(file)?;
            if (same.size, same.root) != (seen.size, seen.root) {
                return Err(NotCosigned::NoProof(seen.size));
            }
            file.to_owned()
        }
        (Some(seen), Some(note)) => {
            match verify_proof(file.as_bytes(), Some(&log.to_string())) {
                Ok(Proven::Extends(older, _)) if (older.size, older.root) == (seen.size, seen.root) => {}
                Ok(_) => return Err(NotCosigned::OtherPast(seen.size, seen.root.to_base64())),
                Err(error) => return Err(NotCosigned::Proof(error.to_string())),
            }
            note
        }
    };
    opened(&note)?;
    let parsed = Note::parse(&note).map_err(|error| NotCosigned::Checkpoint(error.to_string()))?;
    let line = key
        .line(parsed.text(), at)
        .map_err(|error| NotCosigned::Sign(error.to_string()))?;
    Ok((line, note))
}

/// The newer checkpoint in a proof's file; nothing when it is not JSON.
fn proof_note(file: &str) -> Option<String> {
    let proof: serde_json::Value = serde_json::from_str(file).ok()?;
    proof["checkpoint"].as_str().map(str::to_owned)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let unreadable = || format!("« {} » ne peut pas être lu", path.display());
    let size = std::fs::metadata(path).with_context(unreadable)?.len();
    anyhow::ensure!(size <= FILE_BYTES_MAX, "« {} » est trop grand.", path.display());
    std::fs::read_to_string(path).with_context(unreadable)
}
