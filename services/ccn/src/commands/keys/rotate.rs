use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use web::Clock;

use super::issuer_server::IssuerServer;
use super::publish::publish;
use super::purpose::KeyPurpose;
use super::target::Target;
use super::window::Window;
use crate::commands::help::{OPTIONS, TEMPLATE};
use crate::server::key_watch::KEYS_RESCAN_SECONDS;

/// Prépare la clé suivante : la crée et l'annonce
///
/// L'ancienne clé signe jusqu'au jour dit, et tout ce qu'elle a signé reste valable : rien n'est réimprimé. Déposez le fichier
/// créé dans le dossier des clés du service d'émission (--keys-dir) : il est relu toutes les 15 secondes.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
    ccn keys rotate --out /srv/ccn/secrets/keys/cheques-2027.key --operator-key-file operator.key\n  \
    ccn keys rotate --out secrets/keys/cheques-2027.key --max-face-value 10.00 --latest-day 2028-01-31 --operator-key-file operator.key")]
pub(super) struct RotateKey {
    /// À quoi sert la clé : signing, status ou key-set
    #[arg(long = "for", value_name = "USAGE", value_enum, default_value_t, help_heading = OPTIONS)]
    purpose: KeyPurpose,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    server: IssuerServer,
}

impl RotateKey {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        self.purpose.published()?;
        let operator = self.server.operator()?;
        // Asked first: no key is made for a server that is not there.
        operator.get("/issuer/v1/keys")?;
        let (signer, mut description) = self.target.signing_key()?;
        let published =
            publish(&operator, &*signer, self.purpose, &self.window, Clock::System.now()).with_context(|| {
                format!("La clé est faite et n'est pas publiée ; reprenez avec « ccn keys publish » : {description}")
            })?;
        description["published"] = published;
        println!("{description}");
        eprintln!(
            "Déposez la clé dans le dossier des clés du service d'émission (--keys-dir) : elle est lue dans les {KEYS_RESCAN_SECONDS} secondes, sans redémarrer."
        );
        Ok(ExitCode::SUCCESS)
    }
}
