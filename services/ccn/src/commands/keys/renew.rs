use std::path::PathBuf;
use std::process::ExitCode;

use ::keys::{is_sealed, renew_secret};
use clap::Args;
use serde_json::json;

use super::sealing::Sealing;
use crate::commands::help::{OPTIONS, TEMPLATE};

/// Met une nouvelle clé en tête d'un fichier de secrets (id, code, evidence)
///
/// La nouvelle clé sert à ce qui sera fait après le prochain démarrage des services ; les anciennes restent dans le fichier, pour ce qui
/// a été fait avec elles. Rien n'est à réimprimer. Le fichier est remplacé d'un coup, ou pas du tout ; scellé, il le reste.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
    ccn keys renew --in id.keys --key-identity-file serveur.age")]
pub(super) struct RenewKey {
    /// Fichier de secrets, une clé par ligne
    #[arg(long = "in", value_name = "FICHIER", help_heading = OPTIONS)]
    file: PathBuf,
    #[command(flatten)]
    sealing: Sealing,
}

impl RenewKey {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let loader = self.sealing.key_loader();
        let sealed = is_sealed(&self.file)?;
        let seal = if sealed {
            Some(loader.seal(&self.file.display().to_string())?)
        } else {
            None
        };
        renew_secret(&self.file, &loader, seal.as_ref())?;
        println!("{}", json!({ "file": self.file, "sealed": sealed, "renewed": true }));
        Ok(ExitCode::SUCCESS)
    }
}
