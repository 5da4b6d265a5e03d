//! What commands need of the process: its tasks, its logs, its name, its exit statuses.

use std::process::ExitCode;

use anyhow::Context;
use tokio::runtime::{Builder, Runtime};

use crate::server::telemetry::{DEMO_LOG_FILTER, LogFormat, start_logs};

/// What was asked about does not hold: something was changed, forged or falsified. Also when nothing could be done at all.
pub(super) const FALSE: u8 = 1;

/// The question itself was wrong: bad arguments, a file that cannot be read. clap ends with it too.
const UNUSABLE: u8 = 2;

/// Nothing is false, and somebody still has something to do first.
pub(super) const LATER: u8 = 3;

/// Tells on standard error why nothing can be judged.
pub(super) fn unusable(why: impl std::fmt::Display) -> ExitCode {
    eprintln!("{why}");
    ExitCode::from(UNUSABLE)
}

pub(super) fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("Le programme ne peut pas démarrer ses tâches")
}

/// The logs of a command that prints its own results: warnings and errors.
pub(super) fn quiet_logs() {
    start_logs(LogFormat::default(), DEMO_LOG_FILTER);
}

/// How this program was called: « ccn », or the path that scripts/demo built it at. What is proposed can be copied as it is.
pub(super) fn own_name() -> String {
    std::env::args().next().unwrap_or_else(|| "ccn".to_owned())
}
