//! `ccn export`: the books with the reports of the funding service, in one folder.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use export::{Annexes, Export, Exported};
use indicatif::{ProgressBar, ProgressStyle};
use sqlx::PgConnection;
use standards::{Siren, calendar};
use web::Clock;

use super::help::{OPTIONS, TEMPLATE};
use super::ledger_source::LedgerSource;
use super::process::{own_name, quiet_logs, runtime};
use crate::server::sealing;
use crate::server::store::DatabaseServer;

/// Passes the check of a SIREN and is nobody's: that of an export which was told none.
const NOBODYS_SIREN: &str = "000000000";

/// Écrit les livres dans des formats ouverts : écritures prouvées, FEC, hledger, bilan
///
/// Lit la base (celle de --database-url, ou la base embarquée, même en service) et scelle d'abord ce qui ne l'est pas encore.
/// Les fichiers se vérifient sans ce logiciel : « transfers.ndjson » et « checkpoint » avec tout outil RFC 9162, le journal avec
/// « hledger check ».
///
/// Code de sortie : 0, ou 1 si les livres ne disent plus ce qui a été scellé.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
    ccn export --out livres --siren 732829320\n  \
    ccn verify books livres")]
pub struct ExportArgs {
    /// Dossier qui reçoit les fichiers ; créé s'il n'existe pas, refusé s'il contient déjà un export
    #[arg(long, value_name = "DOSSIER", help_heading = OPTIONS)]
    out: PathBuf,
    /// SIREN de celui dont ce sont les livres : le nom du FEC commence par lui
    #[arg(long, env = "CCN_FUND_SIREN", value_name = "SIREN", default_value = NOBODYS_SIREN, help_heading = OPTIONS)]
    siren: Siren,
    // Without the key, what is sealed already is exported.
    #[command(flatten)]
    source: LedgerSource,
}

impl ExportArgs {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        quiet_logs();
        runtime()?.block_on(self.export())
    }

    async fn export(&self) -> anyhow::Result<ExitCode> {
        let config = self.source.config();
        export::prepare_folder(&self.out)?;
        let (database, server) = DatabaseServer::open_existing(&config).await?;
        let key = sealing::read_key_if_any(&config, &self.source.key_loader())?;
        let export = Export {
            database,
            key: key.as_ref(),
            siren: &self.siren,
            at: Clock::System.now(),
            out: &self.out,
        };
        let bar = progress();
        let exported = write(&export, |written, total| {
            bar.set_length(total);
            bar.set_position(written);
        })
        .await;
        bar.finish_and_clear();
        if let Some(server) = server {
            server.stop().await?;
        }
        let exported = exported?;
        self.print(&exported);
        Ok(if exported.changed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn print(&self, exported: &Exported) {
        println!(
            "{} écritures scellées, dans {} :",
            exported.transfers,
            self.out.display()
        );
        let width = exported.files.iter().map(String::len).max().unwrap_or(0);
        for file in &exported.files {
            println!("  {file:width$}  {}", purpose(file));
        }
        if self.siren.to_string() == NOBODYS_SIREN {
            println!("Le nom du FEC doit commencer par un SIREN : donnez --siren, ou la variable CCN_FUND_SIREN.");
        }
        if exported.unsealed > 0 {
            println!(
                "{} écritures toutes récentes ne sont pas encore scellées : le bilan (waterfall.csv) les compte, le journal non.",
                exported.unsealed
            );
        }
        if exported.changed > 0 {
            let places: Vec<String> = exported.changed_first.iter().map(u64::to_string).collect();
            eprintln!(
                "ATTENTION : {} écritures ne sont plus ce qui a été scellé, aux rangs {}. Les livres ont été modifiés après coup.",
                exported.changed,
                places.join(", ")
            );
        }
        println!("Pour vérifier : {} verify books {}", own_name(), self.out.display());
    }
}

/// Writes the books with what the funding service adds: closed months, and the waterfall as a table, a workbook and a page.
pub async fn write(export: &Export<'_>, progress: impl Fn(u64, u64)) -> anyhow::Result<Exported> {
    export
        .write(
            async |connection: &mut PgConnection| annexes(connection, export.at).await,
            progress,
        )
        .await
}

async fn annexes(connection: &mut PgConnection, at: DateTime<Utc>) -> anyhow::Result<Annexes> {
    let report = funding::report(&mut *connection).await?;
    let today = calendar::paris_date(at);
    let of = format!("Situation au {}", today.format("%d/%m/%Y"));
    Ok(Annexes {
        names: funding::names(&mut *connection).await?,
        files: vec![
            ("closes.ndjson", closes(connection).await?),
            ("waterfall.csv", funding::waterfall_csv(&report)?),
            ("waterfall.xlsx", funding::waterfall_xlsx(&report, &of, today)?),
            ("waterfall.pdf", funding::waterfall_pdf(&report, &of, today, None)?),
        ],
    })
}

/// The closed months, one a line, with the signed checkpoint that closed each.
async fn closes(connection: &mut PgConnection) -> anyhow::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for close in ledger::seal::closes(&mut *connection).await? {
        serde_json::to_writer(&mut lines, &funding::CloseView::read(&mut *connection, close).await?)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// A bar on a terminal, nothing in a pipe.
fn progress() -> ProgressBar {
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(0)
    } else {
        ProgressBar::hidden()
    };
    let style = ProgressStyle::with_template("écritures {bar:30} {human_pos}/{human_len} ({eta})");
    bar.set_style(style.expect("the template is well formed"));
    bar
}

/// What a file is for, as its reader says it.
fn purpose(file: &str) -> &'static str {
    match file {
        "transfers.ndjson" => "les écritures, avec leur preuve",
        "leaf-hashes" => "les empreintes scellées",
        "checkpoint" => "le point de contrôle signé",
        "checkpoint.vkey" => "la clé qui le vérifie",
        "closes.ndjson" => "les mois clos",
        "journal.hledger" => "le journal, pour hledger",
        "waterfall.csv" => "la cascade des montants",
        "waterfall.xlsx" => "la même, pour un tableur",
        "waterfall.pdf" => "la même, à imprimer",
        _ if file.contains("FEC") => "le fichier des écritures comptables de l'année",
        _ => "",
    }
}
