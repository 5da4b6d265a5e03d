//! `ccn close`, on a database or by a server.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use access::Caller;
use anyhow::Context;
use clap::Args;
use client::{ClientError, Refusal};
use database::UseCaseError;
use funding::CloseView;
use sealed_log::{Checkpoint, VerifierKey};
use serde_json::json;
use standards::Month;
use web::{Clock, Problem};

use super::api_client::{self, ApiClient, TIMEOUT};
use super::help::{ARGUMENTS, OPTIONS, TEMPLATE};
use super::ledger_source::{LedgerServer, LedgerSource};
use super::process::{FALSE, LATER, quiet_logs, runtime};

/// Clôt un mois, pour toujours : plus rien n'y est écrit
///
/// Scelle tout ce qui est écrit, compare chaque compte avec ses écritures, et signe le point de contrôle du mois. Ce qui arrive
/// ensuite est écrit dans le mois ouvert, et le dit. Les mois se clôturent dans l'ordre, une fois terminés. Redemander un mois
/// clos redonne sa clôture. La base est celle de --database-url, ou la base embarquée, même en service ; ou celle d'un serveur
/// (--server), dont la signature est vérifiée ici avec --vkey.
///
/// Gardez le point de contrôle ailleurs : il prouve que rien d'ancien n'a été réécrit (ccn verify books --older).
///
/// Code de sortie : 0 si le mois est clos ; 1 si les livres ont été falsifiés ou si rien n'a pu se faire ; 3 si les livres sont
/// justes mais que ce mois ne se clôt pas maintenant : il n'est pas terminé, un autre vient avant, il n'y a rien à clôturer, ou
/// des opérations sont en cours.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
    ccn close 2026-03 --out cloture-2026-03.note\n  \
    ccn close 2026-03 --server http://127.0.0.1:8080 --api-key-file operator.key --vkey \"$(cat journal.vkey)\"\n  \
    ccn verify books --older cloture-2026-03.note livres")]
pub struct CloseArgs {
    /// Le mois à clôturer, terminé : 2026-03
    #[arg(value_name = "MOIS", value_parser = month, help_heading = ARGUMENTS)]
    month: Month,
    /// Fichier qui reçoit le point de contrôle signé, à garder ailleurs que sur ce serveur ; sans lui, il est affiché
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    out: Option<PathBuf>,
    /// Écrit la clôture en JSON, au lieu du texte
    #[arg(long, help_heading = OPTIONS)]
    json: bool,
    #[command(flatten)]
    source: LedgerSource,
    #[command(flatten)]
    server: LedgerServer,
}

impl CloseArgs {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        quiet_logs();
        let closed = match self.server.client()? {
            Some((server, key)) => by_server(self.month, &server, key),
            None => runtime()?.block_on(self.on_database()),
        };
        match closed {
            Ok(view) => {
                self.print(&view)?;
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => match api_client::refusal(&error) {
                Some(refusal) => {
                    eprintln!("Le mois {} n'est pas clos. {refusal}", self.month);
                    Ok(ExitCode::from(status(refusal)))
                }
                None => Err(error),
            },
        }
    }

    async fn on_database(&self) -> anyhow::Result<CloseView> {
        let books = self.source.open().await?;
        let (month, at) = (self.month, Clock::System.now());
        let act = ids::derive_uuid(
            b"close-command",
            &[month.to_string().as_bytes(), &at.timestamp_micros().to_be_bytes()],
        );
        let closed = funding::close_month(&books.pool, &books.key, month, &Caller::command(act), at).await;
        books.close().await?;
        match closed {
            Ok(made) => Ok(made.into_inner()),
            Err(UseCaseError::Rejected(rejection)) => {
                let problem = serde_json::Value::Object(Problem::from(rejection).into_members());
                Err(ClientError::from(Refusal::from_problem(problem)).into())
            }
            Err(error) => Err(anyhow::Error::new(error).context("La clôture n'a pas pu se faire : rien n'a été clos")),
        }
    }

    fn print(&self, view: &CloseView) -> anyhow::Result<()> {
        if let Some(out) = &self.out {
            std::fs::write(out, &view.checkpoint)
                .with_context(|| format!("{} : écriture impossible", out.display()))?;
        }
        if self.json {
            println!("{}", serde_json::to_string(view)?);
            return Ok(());
        }
        println!(
            "Le mois {} est clos (le {}, UTC).",
            view.month,
            view.at.format("%d/%m/%Y à %H:%M:%S")
        );
        println!("  écritures scellées  {}", view.size);
        println!("  racine              {}", view.root);
        println!("  signé par           {}", view.vkey);
        let file = if let Some(out) = &self.out {
            println!("\nLe point de contrôle signé est dans « {} ».", out.display());
            out.display().to_string()
        } else {
            println!(
                "\nLe point de contrôle signé, à copier tel quel dans un fichier (ou redemandez-le avec --out) :\n"
            );
            println!("{}", view.checkpoint);
            format!("cloture-{}.note", view.month)
        };
        println!(
            "Gardez-le ailleurs que sur ce serveur, chez l'auditeur et chez les financeurs : il prouve que rien d'ancien n'est réécrit."
        );
        println!("Pour le prouver plus tard : ccn verify books --older {file} DOSSIER");
        Ok(())
    }
}

fn month(text: &str) -> Result<Month, String> {
    text.parse()
        .map_err(|_| "un mois s'écrit 2026-03 : l'année, un tiret, le mois".to_owned())
}

fn status(refusal: &Refusal) -> u8 {
    match refusal.kind.as_str() {
        "month-not-over" | "close-in-order" | "nothing-to-close" | "books-busy" | "close-under-way" => LATER,
        _ => FALSE,
    }
}

/// What the server answers is believed as far as the known key signed it.
fn by_server(month: Month, server: &ApiClient, key: &VerifierKey) -> anyhow::Result<CloseView> {
    // It goes on there when it takes longer than a request, and is found when it is asked for again.
    let mut own = false;
    let answer = loop {
        match server.post("/funding/v1/closes", &json!({ "month": month })) {
            Err(error) if goes_on(&error, own) => own = true,
            answer => break answer?,
        }
        std::thread::sleep(LOOK_AGAIN);
    };
    let view: CloseView =
        serde_json::from_value(answer).context("Le serveur décrit sa clôture autrement : utilisez le même ccn")?;
    let signed = Checkpoint::open(&view.checkpoint, key).map_err(|error| {
        anyhow::anyhow!(
            "NON PROUVÉ : la clôture que le serveur a envoyée n'est pas signée par la clé {} : {error}",
            key.name()
        )
    })?;
    anyhow::ensure!(
        signed.closed == Some(month) && signed.size == view.size && signed.root.to_base64() == view.root,
        "NON PROUVÉ : le point de contrôle que le serveur a envoyé n'est pas celui de la clôture de {month}"
    );
    Ok(view)
}

/// Between two looks whether the server is done.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Whether the server is still at the close that was asked of it.
fn goes_on(error: &anyhow::Error, own: bool) -> bool {
    let kind = api_client::refusal(error).map(|refusal| refusal.kind.as_str());
    kind == Some(TIMEOUT) || (own && kind == Some("close-under-way"))
}
