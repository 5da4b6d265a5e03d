//! `ccn keys`: keys made, sealed, published, listed, replaced and withdrawn; the root's delegations.

mod delegate;
mod export;
mod issuer_server;
mod list;
mod new;
mod publish;
mod publish_delegation;
mod purpose;
mod renew;
mod rotate;
mod seal;
mod sealing;
mod target;
mod window;
mod withdraw;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::help::{COMMANDS, TEMPLATE};

pub(super) use sealing::Sealing;

/// Gère les clés : créer, publier, remplacer, retirer
///
/// Une clé se crée scellée, s'annonce 7 jours avant de servir, et reste publiée jusqu'au dernier encaissement possible de ses
/// chèques. Plusieurs servent en même temps : en changer ne fait rien réimprimer.
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, subcommand_help_heading = COMMANDS, subcommand_value_name = "COMMANDE", disable_help_subcommand = true)]
pub struct Keys {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    New(new::NewKey),
    Seal(seal::SealKey),
    Publish(publish::PublishKey),
    Rotate(rotate::RotateKey),
    Renew(renew::RenewKey),
    List(list::ListKeys),
    Withdraw(withdraw::WithdrawKey),
    Export(export::ExportKeys),
    Delegate(delegate::DelegateKey),
    PublishDelegation(publish_delegation::PublishDelegation),
}

impl Keys {
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        match &self.command {
            KeyCommand::New(args) => args.run(),
            KeyCommand::Seal(args) => args.run(),
            KeyCommand::Publish(args) => args.run(),
            KeyCommand::Rotate(args) => args.run(),
            KeyCommand::Renew(args) => args.run(),
            KeyCommand::List(args) => args.run(),
            KeyCommand::Withdraw(args) => args.run(),
            KeyCommand::Export(args) => args.run(),
            KeyCommand::Delegate(args) => args.run(),
            KeyCommand::PublishDelegation(args) => args.run(),
        }
    }
}
