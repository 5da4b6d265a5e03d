//! From the command line to what it asks for, and back to an exit status.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, Parser};
use voucher::JwkSet;
use web::Clock;

use crate::cli::{Cli, Command, Verify, VerifyToken};
use crate::config::Config;
use crate::exit::unusable;
use crate::serve::Running;
use crate::service::Service;
use crate::stop::StopSignals;
use crate::store::{self, Server};
use crate::verify::Verifier;
use crate::{books, close, cosign, environment, evidence, keys, reconcile, telemetry, told, usage};

/// Runs the command line `args`, with the process's environment.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    if let Err(error) = environment::check(&Cli::command(), std::env::vars_os().map(|(name, _)| name)) {
        return unusable(error);
    }
    let cli = Cli::try_parse_from(args).unwrap_or_else(|error| usage::exit(&error));
    match dispatch(cli.command) {
        Ok(code) => code,
        Err(error) => {
            // Each cause on a line of its own, the plainest first.
            eprintln!("Erreur : {error}");
            let mut told = error.to_string();
            for cause in error.chain().skip(1).map(told::cause) {
                if !told.contains(&cause) {
                    eprintln!("  {cause}");
                }
                told = cause;
            }
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::All(config) => serve(config, &Service::ALL),
        Command::Issuer(config) => serve(config, &[Service::Issuer]),
        Command::Redemption(config) => serve(config, &[Service::Redemption]),
        Command::Funding(config) => serve(config, &[Service::Funding]),
        Command::Migrate(config) => migrate(&config),
        Command::Demo(args) => {
            telemetry::start_logs(args.log, telemetry::DEMO_LOG_FILTER);
            runtime()?.block_on(crate::demo::run(args))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Verify {
            what: Verify::Token(args),
        } => verify_token(&args),
        Command::Verify {
            what: Verify::Books(args),
        } => Ok(books::verify(&args)),
        Command::Verify {
            what: Verify::Proof(args),
        } => Ok(books::prove(&args)),
        Command::Verify {
            what: Verify::Evidence(args),
        } => Ok(evidence::verify(&args)),
        Command::Export(args) => {
            telemetry::start_logs(telemetry::LogFormat::default(), telemetry::DEMO_LOG_FILTER);
            runtime()?.block_on(books::export(&args))
        }
        Command::Cosign(args) => cosign::run(&args),
        Command::Verify {
            what: Verify::Reconciliation(args),
        } => Ok(reconcile::verify(&args)),
        Command::Reconcile(args) => {
            telemetry::start_logs(telemetry::LogFormat::default(), telemetry::DEMO_LOG_FILTER);
            reconcile::reconcile(&args)
        }
        Command::Close(args) => {
            telemetry::start_logs(telemetry::LogFormat::default(), telemetry::DEMO_LOG_FILTER);
            close::close(&args)
        }
        Command::Keys { what } => keys::command::run(what),
    }
}

pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("Le programme ne peut pas démarrer ses tâches")
}

fn serve(config: Config, services: &[Service]) -> anyhow::Result<ExitCode> {
    telemetry::start_logs(config.log, telemetry::LOG_FILTER);
    runtime()?.block_on(async {
        let mut signals = StopSignals::hear()?;
        let mut running = tokio::select! {
            running = Running::start(config, Clock::System, services) => running?,
            // What was started so far is dropped, and so stopped.
            () = signals.asked() => return Ok(ExitCode::SUCCESS),
        };
        tell(&format!("ccn écoute sur http://{}", running.addr));
        if services.contains(&Service::Issuer) {
            tell(&format!(
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
fn tell(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn migrate(config: &Config) -> anyhow::Result<ExitCode> {
    telemetry::start_logs(config.log, telemetry::LOG_FILTER);
    runtime()?.block_on(async {
        let server = Server::open(config).await?;
        server.migrate().await?;
        println!("La base est à jour.");
        if let Some(folder) = &config.role_passwords {
            let set = store::set_role_passwords(server.options(), folder).await?;
            println!(
                "Mots de passe posés : {}.",
                if set.is_empty() {
                    "aucun".to_owned()
                } else {
                    set.join(", ")
                }
            );
        }
        server.stop().await?;
        Ok(ExitCode::SUCCESS)
    })
}

fn verify_token(args: &VerifyToken) -> anyhow::Result<ExitCode> {
    let read = std::fs::read_to_string(&args.keys).map_err(|error| error.to_string());
    let public = match read.and_then(|json| JwkSet::read(&json).map_err(|error| error.to_string())) {
        Ok(public) => public,
        Err(error) => {
            return Ok(unusable(format!(
                "Les clés de « {} » sont illisibles : {error}",
                args.keys.display()
            )));
        }
    };
    let verifier = Verifier::new(
        public,
        args.host.clone(),
        args.at.unwrap_or_else(|| Clock::System.now()),
    );
    let all_valid = match args.texts.as_slice() {
        [text] if text == "-" => verifier.lines(io::stdin().lock(), io::stdout().lock()),
        texts => verifier.texts(texts, io::stdout().lock()),
    };
    match all_valid {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => Ok(ExitCode::FAILURE),
        // Whoever was reading has read enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::FAILURE),
        Err(error) => Err(error.into()),
    }
}
