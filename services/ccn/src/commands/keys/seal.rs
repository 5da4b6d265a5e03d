use std::path::PathBuf;
use std::process::ExitCode;

use ::keys::{is_sealed, key_bytes, write_key_file};
use clap::Args;
use serde_json::json;

use super::sealing::Sealing;
use super::target::written;
use crate::commands::help::{OPTIONS, TEMPLATE};

/// Scelle une clé qui était en clair
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
    ccn keys seal --in signing.key --out signing.age.key --key-identity-file serveur.age && shred -u signing.key")]
pub(super) struct SealKey {
    /// Clé en clair
    #[arg(long = "in", value_name = "FICHIER", help_heading = OPTIONS)]
    input: PathBuf,
    /// Fichier scellé à créer
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    out: PathBuf,
    #[command(flatten)]
    sealing: Sealing,
}

impl SealKey {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        anyhow::ensure!(
            !is_sealed(&self.input)?,
            "« {} » est déjà scellé.",
            self.input.display()
        );
        let loader = self.sealing.key_loader();
        let bytes = key_bytes(&self.input, &loader)?;
        let seal = loader.new_seal(&self.out.display().to_string())?;
        written(&self.out, write_key_file(&self.out, &bytes, Some(&seal))?)?;
        println!("{}", json!({ "file": self.out, "sealed": true }));
        Ok(ExitCode::SUCCESS)
    }
}
