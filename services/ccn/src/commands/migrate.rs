use std::process::ExitCode;

use clap::Args;

use super::help::TEMPLATE;
use super::process::runtime;
use crate::server::config::Config;
use crate::server::store::{DatabaseServer, set_role_passwords};
use crate::server::telemetry::{LOG_FILTER, start_logs};

/// Met la base à jour : rôles, schémas, mots de passe
///
/// Peut être répété sans risque. L'utilisateur de l'URL doit être propriétaire de la base et pouvoir créer des rôles. Avec
/// --role-passwords, chaque rôle reçoit le mot de passe du fichier qui porte son nom.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
    ccn migrate --database-url postgresql://postgres@base/ccn --database-password-file base.secret \\\n    \
    --role-passwords /run/secrets")]
pub struct Migrate {
    #[command(flatten)]
    config: Config,
}

impl Migrate {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let config = self.config;
        start_logs(config.log, LOG_FILTER);
        runtime()?.block_on(async {
            let server = DatabaseServer::open(&config).await?;
            server.migrate().await?;
            println!("La base est à jour.");
            if let Some(folder) = &config.role_passwords {
                let set = set_role_passwords(server.options(), folder).await?;
                let roles = if set.is_empty() {
                    "aucun".to_owned()
                } else {
                    set.join(", ")
                };
                println!("Mots de passe posés : {roles}.");
            }
            server.stop().await?;
            Ok(ExitCode::SUCCESS)
        })
    }
}
