//! `ccn reconcile`, on a database or by a server.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use database::UseCaseError;
use funding::ReconciliationId;
use funding::reconciliation::{self, RunRejection, RunRequest, RunTrigger, Stored, Verdict};
use sealed_log::VerifierKey;
use serde_json::json;
use web::Clock;

use super::api_client::{self, ApiClient, TIMEOUT};
use super::help::{OPTIONS, TEMPLATE};
use super::ledger_source::{LedgerServer, LedgerSource};
use super::process::{FALSE, LATER, quiet_logs, runtime};
use crate::server::reconcile_settings::BREAK_DAYS_MAX;

/// Rapproche les livres de la banque, maintenant : chaque contrôle avec ses deux côtés, chaque écart
///
/// Le résultat est signé, numéroté et gardé dans la base, comme celui de chaque nuit. La base est celle de --database-url, ou la
/// base embarquée, même en service. Avec --server, c'est un serveur qui le fait ; sa signature est vérifiée ici avec --vkey.
///
/// Code de sortie : 0 si tout est juste ; 1 si un contrôle est faux ou si rien n'a pu être comparé ; 3 si tout est juste mais
/// qu'un écart attend depuis plus de --break-days-max jours.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
    ccn reconcile\n  \
    ccn reconcile --json --out rapprochement.note\n  \
    ccn verify reconciliation rapprochement.note\n  \
    ccn reconcile --server http://127.0.0.1:8080 --api-key-file operator.key --vkey \"$(cat journal.vkey)\"")]
pub struct ReconcileArgs {
    /// Écrit le document en JSON, au lieu du tableau
    #[arg(long, help_heading = OPTIONS)]
    json: bool,
    /// Fichier qui reçoit aussi le document signé, à garder et à vérifier ailleurs
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    out: Option<PathBuf>,
    /// Jours pendant lesquels un écart peut attendre ; avec --server, c'est le serveur qui en décide
    #[arg(long, env = "CCN_BREAK_DAYS_MAX", value_name = "JOURS", default_value_t = BREAK_DAYS_MAX, help_heading = OPTIONS)]
    break_days_max: u32,
    #[command(flatten)]
    source: LedgerSource,
    #[command(flatten)]
    server: LedgerServer,
}

impl ReconcileArgs {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        quiet_logs();
        let stored = match self.server.client()? {
            Some((server, key)) => by_server(&server, key)?,
            None => runtime()?.block_on(self.on_database())?,
        };
        if let Some(out) = &self.out {
            std::fs::write(out, stored.file()).with_context(|| format!("{} : écriture impossible", out.display()))?;
        }
        if self.json {
            println!("{}", stored.bytes);
        } else {
            print!("{}", reconciliation::text(&stored));
        }
        Ok(status(stored.document.verdict))
    }

    async fn on_database(&self) -> anyhow::Result<Stored> {
        let books = self.source.open().await?;
        let at = Clock::System.now();
        let request = RunRequest {
            id: ReconciliationId::derive(b"reconciliation-command", &[&at.timestamp_micros().to_be_bytes()]),
            at,
            occasion: RunTrigger::Command,
            night: None,
            break_days_max: self.break_days_max,
        };
        let mut turn = Turn::default();
        let ran = loop {
            match reconciliation::run(&books.pool, &books.key, &request, None).await {
                Err(UseCaseError::Rejected(RunRejection::InProgress)) if turn.look_again() => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                ran => break ran,
            }
        };
        books.close().await?;
        match ran {
            Ok(made) => Ok(made.into_inner()),
            Err(UseCaseError::Rejected(RunRejection::InProgress)) => anyhow::bail!("{STILL_UNDER_WAY}"),
            Err(error) => Err(anyhow::Error::new(error).context("Le rapprochement n'a pas pu se faire")),
        }
    }
}

/// Between two looks whether the run under way has ended.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Looks, before giving up: the run of very large books takes minutes.
const LOOKS_MAX: u32 = 1_800;

const STILL_UNDER_WAY: &str = "Un autre rapprochement est en cours depuis longtemps : réessayez quand il sera terminé";

/// Runs take turns. The nightly one may be under way just when somebody asks for another: the command waits, and says so.
#[derive(Default)]
struct Turn {
    looks: u32,
}

impl Turn {
    fn look_again(&mut self) -> bool {
        if self.looks == 0 {
            eprintln!("Un autre rapprochement est en cours : celui-ci commencera ensuite.");
        }
        self.looks += 1;
        self.looks <= LOOKS_MAX
    }
}

/// Asks a server for a run, and believes its file as far as the known key signed it. The id is drawn here, so that the answer cannot be
/// a better run of before.
fn by_server(server: &ApiClient, key: &VerifierKey) -> anyhow::Result<Stored> {
    let mut drawn = [0; 16];
    getrandom::fill(&mut drawn).context("Le hasard du système ne répond pas")?;
    let id = ReconciliationId::derive(b"reconciliation-asked", &[&drawn]);
    // Its own run is the one under way, when it takes longer than a request.
    let (mut turn, mut own) = (Turn::default(), false);
    while let Err(error) = server.post("/funding/v1/reconciliations", &json!({ "id": id })) {
        match api_client::refusal(&error).map(|refusal| refusal.kind.as_str()) {
            Some(TIMEOUT) => own = true,
            Some("reconciliation-under-way") if own => {}
            Some("reconciliation-under-way") => anyhow::ensure!(turn.look_again(), STILL_UNDER_WAY),
            _ => return Err(error),
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    let file = server.text(&format!("/funding/v1/reconciliations/{id}/signed"))?;
    let stored = reconciliation::open(&file, Some(&key.to_string()))
        .map_err(|refused| anyhow::anyhow!("NON PROUVÉ : {refused}."))?;
    anyhow::ensure!(
        stored.document.id == id,
        "NON PROUVÉ : le serveur a envoyé un autre rapprochement que celui qui a été demandé."
    );
    Ok(stored)
}

fn status(verdict: Verdict) -> ExitCode {
    match (verdict.all_hold, verdict.old_breaks) {
        (false, _) => ExitCode::from(FALSE),
        (true, 0) => ExitCode::SUCCESS,
        (true, _) => ExitCode::from(LATER),
    }
}
