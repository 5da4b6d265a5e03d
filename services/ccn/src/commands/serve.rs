//! `ccn all`, `ccn issuer`, `ccn redemption`, `ccn funding`: all services, or one of several processes.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use web::Clock;

use super::help::TEMPLATE;
use super::process::runtime;
use crate::server::config::Config;
use crate::server::running::Running;
use crate::server::service::Service;
use crate::server::stop::StopSignals;
use crate::server::telemetry::{LOG_FILTER, start_logs};

/// Démarre tous les services, sur une seule machine
///
/// Met à jour les schémas de la base, crée dans le dossier de données les clés qui manquent, puis sert l'émission,
/// l'encaissement et le financement sur la même adresse. S'arrête proprement sur Ctrl+C ou SIGTERM.
///
/// Sans --database-url, PostgreSQL est cherché sur la machine et démarré sur un socket privé du dossier de données.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
    ccn all --fund-name 'Fonds CCN' --fund-iban FR7630006000011234567890189\n  \
    ccn all --listen 0.0.0.0:80 --data-dir /srv/ccn --log json …\n  \
    curl -s http://127.0.0.1:8080/catalogue/v1/programmes")]
pub struct All {
    #[command(flatten)]
    config: Config,
}

/// Démarre le service d'émission seul
///
/// Dispositifs, bénéficiaires, commandes, carnets ; organisations et clés d'accès. Le seul service qui reçoit la clé de
/// signature et celle de l'opérateur. La base doit exister et être à jour (ccn migrate).
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
    ccn issuer --database-url postgresql://ccn_issuer@base/ccn --database-password-file base.secret \\\n    \
    --signing-key-file signing.key --identity-key-file identity.key --id-keys-file id.keys --code-keys-file code.keys \\\n    --operator-key-file operator.key")]
pub struct Issuer {
    /// The flags of every service; this one ignores those of the others.
    #[command(flatten)]
    pub config: Config,
}

/// Démarre le service d'encaissement seul
///
/// Structures et chèques utilisés. La base doit exister et être à jour (ccn migrate).
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
    ccn redemption --database-url postgresql://ccn_redemption@base/ccn --database-password-file base.secret")]
pub struct Redemption {
    /// The flags of every service; this one ignores those of the others.
    #[command(flatten)]
    pub config: Config,
}

/// Démarre le service de financement seul
///
/// Financeurs, relevés de compte, paiements, bilan. La base doit exister et être à jour (ccn migrate).
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
    ccn funding --database-url postgresql://ccn_funding@base/ccn --database-password-file base.secret \\\n    \
    --fund-name 'Fonds CCN' --fund-iban FR7630006000011234567890189")]
pub struct Funding {
    /// The flags of every service; this one ignores those of the others.
    #[command(flatten)]
    pub config: Config,
}

impl All {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        serve(self.config, &Service::ALL)
    }
}

impl Issuer {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        serve(self.config, &[Service::Issuer])
    }
}

impl Redemption {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        serve(self.config, &[Service::Redemption])
    }
}

impl Funding {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        serve(self.config, &[Service::Funding])
    }
}

fn serve(config: Config, services: &[Service]) -> anyhow::Result<ExitCode> {
    start_logs(config.log, LOG_FILTER);
    runtime()?.block_on(async {
        let mut signals = StopSignals::hear()?;
        let mut running = tokio::select! {
            running = Running::start(config, Clock::System, services) => running?,
            // What was started so far is dropped, and so stopped.
            () = signals.asked() => return Ok(ExitCode::SUCCESS),
        };
        print_line(&format!("ccn écoute sur http://{}", running.addr));
        if services.contains(&Service::Issuer) {
            print_line(&format!(
                "Clé d'accès de l'opérateur : {}",
                running.operator_key_file.display()
            ));
        }
        let status = tokio::select! {
            () = signals.asked() => ExitCode::SUCCESS,
            // Whoever supervises the process starts it anew.
            () = running.broken() => {
                eprintln!("Une tâche de fond s'est arrêtée d'elle-même : ccn s'arrête. Le journal dit laquelle ; relancez ccn.");
                ExitCode::FAILURE
            }
        };
        tokio::select! {
            stopped = running.stop() => stopped?,
            // Asked twice: at once.
            () = signals.asked() => {}
        }
        Ok(status)
    })
}

/// Writes a line to standard output at once. A server does not stop because nobody reads it.
fn print_line(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
