use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::issuer_server::IssuerServer;
use crate::commands::help::{OPTIONS, TEMPLATE};

/// Publie la délégation faite par la racine
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
    ccn keys publish-delegation --in delegation-2027.cose --operator-key-file operator.key")]
pub(super) struct PublishDelegation {
    /// Le fichier fait par « ccn keys delegate »
    #[arg(long = "in", value_name = "FICHIER", help_heading = OPTIONS)]
    input: PathBuf,
    #[command(flatten)]
    server: IssuerServer,
}

impl PublishDelegation {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let document =
            std::fs::read(&self.input).with_context(|| format!("« {} » ne peut pas être lu", self.input.display()))?;
        let operator = self.server.operator()?;
        let published = operator.post_file("/issuer/v1/keys/delegations", "application/cose", document)?;
        println!("{published}");
        Ok(ExitCode::SUCCESS)
    }
}
