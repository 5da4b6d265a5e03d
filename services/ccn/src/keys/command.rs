//! `ccn keys …`: one file an act, each from its arguments to what it prints.

mod delegate;
mod export;
mod list;
mod new;
mod publish;
mod withdraw;

use std::process::ExitCode;

use web::Clock;

use crate::cli::keys::{Keys, Remote};
use crate::remote::Client;

/// Does what was asked.
pub(crate) fn run(what: Keys) -> anyhow::Result<ExitCode> {
    let at = Clock::System.now();
    match what {
        Keys::New(args) => new::new(&args)?,
        Keys::Seal(args) => new::seal(&args)?,
        Keys::Publish(args) => publish::publish(&args, at)?,
        Keys::Rotate(args) => publish::rotate(&args, at)?,
        Keys::List(args) => list::list(&args)?,
        Keys::Withdraw(args) => return withdraw::withdraw(&args),
        Keys::Export(args) => export::export(&args)?,
        Keys::Delegate(args) => delegate::delegate(&args, at)?,
        Keys::PublishDelegation(args) => delegate::publish(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The operator's client of the server that was named.
fn operator(remote: &Remote) -> anyhow::Result<Client> {
    Client::new(&remote.server, Some(&remote.operator_key_file))
}
