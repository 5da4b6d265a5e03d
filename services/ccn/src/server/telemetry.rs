//! Logs to standard error, metrics for `/metrics`: each started once a process.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use metrics_exporter_prometheus::PrometheusHandle;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    #[value(help = "Des lignes pour les personnes")]
    Text,
    /// For machines: one JSON object a line.
    #[value(help = "Un objet JSON par ligne, pour les machines")]
    Json,
}

/// What is logged when `RUST_LOG` does not say.
pub const LOG_FILTER: &str = "info,sqlx=warn";

/// What the demo logs when `RUST_LOG` does not say: its own lines tell the rest.
pub const DEMO_LOG_FILTER: &str = "warn,sqlx=error";

/// Sends log lines to standard error from now on: those that `RUST_LOG` names, else those that `filter` names. A process that
/// already logs keeps its way.
pub fn start_logs(format: LogFormat, filter: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(filter));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).finish().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
    };
    if started.is_err() {
        tracing::debug!("logs were started before");
    }
}

static METRICS: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// The metrics of this process. Several servers of one process (the tests') share them.
pub fn metrics() -> Result<PrometheusHandle, metrics_exporter_prometheus::BuildError> {
    let mut handle = METRICS.lock().unwrap_or_else(PoisonError::into_inner);
    match &*handle {
        Some(handle) => Ok(handle.clone()),
        None => Ok(handle.insert(web::install_metrics()?).clone()),
    }
}
