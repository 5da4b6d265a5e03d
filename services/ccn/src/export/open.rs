use std::path::{Path, PathBuf};

use sqlx::postgres::PgConnectOptions;

use crate::config::Config;
use crate::embedded::{DATABASE, EmbeddedError, SUPERUSER};
use crate::store::{Server, StoreError};

/// The database of a `config`: the one that was named, or the embedded one, running or not. The server is given back, to be stopped.
pub async fn open(config: &Config) -> Result<(PgConnectOptions, Option<Server>), StoreError> {
    // Who reads makes no database: an empty one would only hide that the folder is the wrong one.
    if config.database_url.is_none() && !config.data_dir.join("postgres").exists() {
        return Err(StoreError::Nothing(config.data_dir.clone()));
    }
    match Server::open(config).await {
        Ok(server) => Ok((server.options().clone(), Some(server))),
        // Somebody serves from this folder: its database answers on its socket.
        Err(StoreError::Embedded(EmbeddedError::InUse { folder, process })) => match running(&folder) {
            Some(options) => Ok((options, None)),
            None => Err(EmbeddedError::InUse { folder, process }.into()),
        },
        Err(error) => Err(error),
    }
}

/// How to reach the embedded server that runs on `data_dir`: PostgreSQL writes its port and its socket's folder on the 4th and
/// 5th line of `postmaster.pid`.
fn running(data_dir: &Path) -> Option<PgConnectOptions> {
    let told = std::fs::read_to_string(data_dir.join("postgres/data/postmaster.pid")).ok()?;
    let mut lines = told.lines().skip(3);
    let port = lines.next()?.trim().parse().ok()?;
    let socket = PathBuf::from(lines.next()?.trim());
    let options = PgConnectOptions::new_without_pgpass().socket(socket).port(port);
    Some(options.username(SUPERUSER).database(DATABASE))
}
