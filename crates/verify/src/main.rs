//! `ccn-verify`: for auditors, funders and structures, without the operator's server, database driver or web stack.

use std::process::ExitCode;

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser};
use standards::french_errors;
use verify::command::{TEMPLATE, Verify, usage, with_output};

/// Vérifie chèques, livres, preuves et rapprochements, sans réseau ni base de données
#[derive(Debug, Parser)]
#[command(
    name = "ccn-verify",
    version,
    help_template = TEMPLATE,
    subcommand_help_heading = "Commandes",
    subcommand_value_name = "COMMANDE",
    next_help_heading = "Options",
    disable_help_flag = true,
    disable_help_subcommand = true,
    disable_version_flag = true
)]
struct Cli {
    /// Affiche cette aide ; --help en dit plus que -h
    #[arg(short, long, action = ArgAction::Help, global = true)]
    help: Option<bool>,
    /// Affiche la version
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
    #[command(subcommand)]
    what: Verify,
}

fn main() -> ExitCode {
    with_output(run)
}

fn run() -> ExitCode {
    let matches = command().try_get_matches().unwrap_or_else(|error| usage::exit(&error));
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| usage::exit(&error));
    cli.what.run().unwrap_or_else(|error| {
        eprintln!("Erreur : {}", french_errors::reason(&error));
        ExitCode::FAILURE
    })
}

/// The commands are those of `ccn verify`: their examples name this program instead.
fn command() -> clap::Command {
    let command = Cli::command();
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |sub| match sub.get_after_help() {
            Some(help) => {
                let help = help.to_string().replace("ccn verify ", "ccn-verify ");
                sub.after_help(help)
            }
            None => sub,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_names_itself() {
        command().debug_assert();
        let token = command().find_subcommand("token").unwrap().clone();
        let help = token.get_after_help().unwrap().to_string();
        assert!(
            help.contains("ccn-verify token") && !help.contains("ccn verify"),
            "{help}"
        );
    }
}
