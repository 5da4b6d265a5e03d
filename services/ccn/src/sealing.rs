//! The key that signs checkpoints of the books, and the sealer that the funding service runs beside its requests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use funding::reconciliation::keep_reconciled;
use ledger::proof::NoteKey;
use sqlx::PgPool;
use tokio::task::JoinSet;
use utoipa_axum::router::OpenApiRouter;
use voucher::Host;
use web::Clock;
use zeroize::Zeroizing;

use crate::config::Config;
use crate::secret_file::{self, SecretError};

/// Where the key is: as told, or else in the data folder.
#[must_use]
pub fn key_file(config: &Config) -> PathBuf {
    let own = || config.data_dir.join("secrets/checkpoint.key");
    config.checkpoint_key_file.clone().unwrap_or_else(own)
}

/// The key in the file at `path`, under the name of the log: `host/log`, its origin.
pub fn read_key(path: &Path, host: &Host) -> Result<NoteKey, SecretError> {
    let line = secret_file::read(path)?;
    let bytes = HEXLOWER_PERMISSIVE.decode(line.as_bytes()).map(Zeroizing::new);
    let seed = bytes
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok())
        .map(Zeroizing::new);
    let key = seed.and_then(|seed| NoteKey::from_seed(&format!("{host}/log"), &seed).ok());
    key.ok_or_else(|| SecretError::Form {
        path: path.to_owned(),
        expected: "64 chiffres hexadécimaux (une clé de 32 octets)",
    })
}

/// Draws a key into a new file; an existing one is left alone.
pub fn create_key(path: &Path) -> Result<bool, SecretError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|error| SecretError::Io(path.to_owned(), std::io::Error::other(error)))?;
    secret_file::create(path, &Zeroizing::new(HEXLOWER.encode(&*seed)))
}

/// The routes of the log and of reconciliation runs, with the sealer and the nightly run started beside them; both end when the pool is closed or `beside` is dropped. `own_keys`: a process that is
/// everything makes the key that is missing; a service alone that was given none serves what others seal, and says so.
pub fn start(
    config: &Config,
    clock: Clock,
    pool: PgPool,
    own_keys: bool,
    beside: &mut JoinSet<()>,
) -> Result<OpenApiRouter, SecretError> {
    let path = key_file(config);
    if own_keys && !path.exists() {
        create_key(&path)?;
    }
    let key = if config.checkpoint_key_file.is_some() || path.exists() {
        Some(Arc::new(read_key(&path, &config.public_host)?))
    } else {
        tracing::warn!("no checkpoint key (--checkpoint-key-file): the books are not sealed by this process");
        None
    };
    let nightly = config.reconciliation.nightly();
    if let Some(key) = &key {
        beside.spawn(funding::keep_sealed(pool.clone(), clock.clone(), Arc::clone(key)));
        // The same key: who believes the checkpoints believes what they were compared with.
        beside.spawn(keep_reconciled(pool.clone(), clock.clone(), Arc::clone(key), nightly));
    }
    let log = funding::log_routes(pool.clone(), clock.clone(), key.clone());
    Ok(log.merge(funding::reconciliation_routes(pool, clock, key, nightly)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_key_made_here_is_read_here_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data_dir: folder.path().to_owned(),
            ..Config::default()
        };
        let path = key_file(&config);
        assert!(create_key(&path).unwrap());
        let key = read_key(&path, &config.public_host).unwrap();
        assert!(!create_key(&path).unwrap());
        assert_eq!(key.name(), "cheque.localhost/log");
        assert_eq!(read_key(&path, &config.public_host).unwrap().verifier(), key.verifier());
    }
}
