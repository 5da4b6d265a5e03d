use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use catalogue::WithdrawalId;
use clap::Args;
use serde_json::json;
use voucher::Kid;

use super::issuer_server::IssuerServer;
use crate::commands::help::{ARGUMENTS, OPTIONS, TEMPLATE};

/// Retire une clé : plus rien de ce qu'elle a signé n'est accepté
///
/// À faire quand une clé est copiée ou volée. On ne peut pas revenir en arrière. Le service d'encaissement l'apprend en 5
/// secondes, un téléphone à sa prochaine synchronisation, et au plus tard en 7 jours.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
    ccn keys withdraw 2e1f99a0 --reason 'clé copiée le 3 mars' --operator-key-file operator.key")]
pub(super) struct WithdrawKey {
    /// L'identifiant de la clé, 8 chiffres hexadécimaux
    #[arg(value_name = "KID", help_heading = ARGUMENTS)]
    kid: Kid,
    /// Pourquoi : le motif reste dans le journal et se lit dans la liste des clés
    #[arg(long, value_name = "TEXTE", help_heading = OPTIONS)]
    reason: String,
    /// Ne demande pas de confirmation
    #[arg(long, help_heading = OPTIONS)]
    yes: bool,
    #[command(flatten)]
    server: IssuerServer,
}

impl WithdrawKey {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let operator = self.server.operator()?;
        if !self.yes && !self.is_confirmed()? {
            eprintln!("Rien n'est fait.");
            return Ok(ExitCode::FAILURE);
        }
        // The same act again is the same act: a retry withdraws nothing twice.
        let id = WithdrawalId::derive(b"ccn keys withdraw", &[&self.kid.to_bytes(), self.reason.as_bytes()]);
        let body = json!({ "id": id, "reason": self.reason });
        let withdrawn = operator.post(&format!("/issuer/v1/keys/{}/withdrawal", self.kid), &body)?;
        println!("{withdrawn}");
        Ok(ExitCode::SUCCESS)
    }

    fn is_confirmed(&self) -> anyhow::Result<bool> {
        let stdin = std::io::stdin();
        anyhow::ensure!(
            stdin.is_terminal(),
            "Confirmez avec --yes : tous les chèques signés par la clé {} seront refusés.",
            self.kid
        );
        eprintln!(
            "Tous les chèques signés par la clé {} seront refusés, pour toujours.",
            self.kid
        );
        eprint!("Pour confirmer, tapez son identifiant : ");
        let mut line = String::new();
        stdin.lock().read_line(&mut line)?;
        Ok(line.trim() == self.kid.to_string())
    }
}
