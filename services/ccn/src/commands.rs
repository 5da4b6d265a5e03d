//! The command line: a file a command, with its help, its arguments and its act.
//!
//! | file | what |
//! |---|---|
//! | `serve`, `migrate`, `demo` | the services started; the database brought up to date; the whole story |
//! | `export`, `reconcile`, `close` | the books written, compared with the bank, closed for a month |
//! | `cosign`, `keys` | checkpoints co-signed; keys made, published, withdrawn |
//! | `ledger_source`, `api_client` | whose books: a database and its key, or a server |
//! | `environment`, `causes`, `help`, `process` | variables, what is told of errors, the layout of help, exit statuses |
//!
//! What `ccn verify` does is the package `verify`'s, and so is what is told of a wrong command line.

mod api_client;
mod causes;
mod close;
pub mod cosign;
mod demo;
mod environment;
pub mod export;
mod help;
mod keys;
mod ledger_source;
mod migrate;
mod process;
mod reconcile;
pub mod serve;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgAction, CommandFactory, Parser, Subcommand};
use verify::command::{Verify, usage, with_output};

use help::{COMMANDS, OPTIONS, TEMPLATE};

/// Le chèque culture numérique : émettre, encaisser, payer.
///
/// Un seul programme pour tout le système. Sans rien préparer que le compte bancaire du fonds, « ccn all » démarre une base de
/// données à lui dans le dossier « .ccn », y crée ce qui manque et sert les trois services sur <http://127.0.0.1:8080>.
///
/// Chaque option a sa variable d'environnement. Une variable CCN_… inconnue est refusée. Les secrets ne passent que par des
/// fichiers, que seul leur propriétaire peut lire.
#[derive(Debug, Parser)]
#[command(
    name = "ccn",
    version,
    help_template = TEMPLATE,
    subcommand_help_heading = COMMANDS,
    subcommand_value_name = "COMMANDE",
    next_help_heading = OPTIONS,
    disable_help_flag = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    after_help = "Exemples :\n  \
        ccn demo                                      # pour voir, sans rien préparer\n  \
        ccn all --fund-name 'Fonds CCN' --fund-iban FR7630006000011234567890189\n  \
        ccn verify token --keys keys.json https://cheque.example.fr/v#0050…\n  \
        ccn migrate --help"
)]
pub struct Cli {
    /// Affiche cette aide ; --help en dit plus que -h
    #[arg(short, long, action = ArgAction::Help, global = true)]
    help: Option<bool>,
    /// Affiche la version
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
    /// Ce qu'il faut faire.
    #[command(subcommand)]
    pub command: Command,
}

/// One command, with its arguments; the help of each stands with them.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "a comment here would take the place of the command's own help"
)]
pub enum Command {
    All(serve::All),
    Issuer(serve::Issuer),
    Redemption(serve::Redemption),
    Funding(serve::Funding),
    Migrate(migrate::Migrate),
    Demo(demo::DemoArgs),
    Export(export::ExportArgs),
    Cosign(cosign::CosignArgs),
    Reconcile(reconcile::ReconcileArgs),
    Close(close::CloseArgs),
    /// Vérifie sans réseau ni base de données
    #[command(help_template = TEMPLATE, subcommand_help_heading = COMMANDS, subcommand_value_name = "COMMANDE", disable_help_subcommand = true)]
    Verify {
        #[command(subcommand)]
        what: Verify,
    },
    Keys(keys::Keys),
}

/// Runs the command line `args`, with the process's environment.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    with_output(|| run_with(args))
}

fn run_with(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    if let Err(error) = environment::check(&Cli::command(), std::env::vars_os().map(|(name, _)| name)) {
        return process::unusable(error);
    }
    let cli = Cli::try_parse_from(args).unwrap_or_else(|error| usage::exit(&error));
    cli.command.run().unwrap_or_else(|error| {
        let lines = causes::told(&error);
        eprintln!("Erreur : {}", lines.join("\n  "));
        ExitCode::FAILURE
    })
}

impl Command {
    fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::All(args) => args.run(),
            Self::Issuer(args) => args.run(),
            Self::Redemption(args) => args.run(),
            Self::Funding(args) => args.run(),
            Self::Migrate(args) => args.run(),
            Self::Demo(args) => args.run(),
            Self::Export(args) => args.run(),
            Self::Cosign(args) => args.run(),
            Self::Reconcile(args) => args.run(),
            Self::Close(args) => args.run(),
            Self::Verify { what } => Ok(what.run()?),
            Self::Keys(keys) => keys.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
