//! The key that signs checkpoints of the books, and the sealer that the funding service runs beside its requests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::keys::{KeyFileError, KeyLoader, OpenError, Pkcs11Uri, Place, create_key_file};
use funding::reconciliation::run_reconciliation_worker;
use sealed_log::{Cosigner, NoteError, NoteKey, SignBytes, SignFailed};
use sqlx::PgPool;
use tokio::task::JoinSet;
use voucher::{Host, Signer};
use web::Clock;

use crate::server::config::Config;

/// Where the key is: where the flag says (a file, or a `pkcs11:` URI), or else in the data folder.
#[must_use]
pub fn key_file(config: &Config) -> PathBuf {
    let own = || config.data_dir.join("secrets/checkpoint.key");
    config.checkpoint_key_file.clone().unwrap_or_else(own)
}

/// The key at `path`, under the name of the log: `host/log`, its origin.
pub fn read_key(path: &Path, host: &Host, loader: &KeyLoader) -> Result<NoteKey, OpenError> {
    let (public, sign) = open(path, loader)?;
    Ok(NoteKey::new(&format!("{host}/log"), public, sign).expect("a host has neither space nor plus, a key is sound"))
}

/// The key that was named, or the one in the data folder if it is there.
pub fn read_key_if_any(config: &Config, loader: &KeyLoader) -> Result<Option<NoteKey>, OpenError> {
    let path = key_file(config);
    if config.checkpoint_key_file.is_some() || path.exists() {
        read_key(&path, &config.public_host, loader).map(Some)
    } else {
        Ok(None)
    }
}

/// The key at `path`, as one that co-signs under `name`.
pub fn read_cosigner(path: &Path, name: &str, loader: &KeyLoader) -> Result<Result<Cosigner, NoteError>, OpenError> {
    let (public, sign) = open(path, loader)?;
    Ok(Cosigner::new(name, public, sign))
}

fn open(path: &Path, loader: &KeyLoader) -> Result<([u8; 32], SignBytes), OpenError> {
    let signer: Arc<dyn Signer> = Place::of(path)?.open(loader)?;
    let public = signer.public_bytes();
    let sign = move |bytes: &[u8]| signer.sign_bytes(bytes).map_err(|error| SignFailed(error.to_string()));
    Ok((public, Box::new(sign)))
}

/// Draws a key into a new file, in clear; an existing one is left alone, and one in a security module is made there.
pub fn create_key(path: &Path) -> Result<(), KeyFileError> {
    if !Pkcs11Uri::is_meant(&path.to_string_lossy()) && !path.exists() {
        create_key_file(path, None)?;
    }
    Ok(())
}

/// The key that signs checkpoints and reconciliations. `own_keys`: a process that is everything makes the key that is missing; a service
/// alone that was given none serves what others seal.
pub(crate) async fn key(config: &Config, own_keys: bool, loader: KeyLoader) -> Result<Option<Arc<NoteKey>>, OpenError> {
    if own_keys {
        create_key(&key_file(config))?;
    }
    let own_config = config.clone();
    // Unsealing takes a second.
    let key = tokio::task::spawn_blocking(move || read_key_if_any(&own_config, &loader));
    Ok(key.await.expect("opening a key does not panic")?.map(Arc::new))
}

/// Starts the sealer and the nightly run beside the requests; both end when the pool is closed or `beside` is dropped.
pub(crate) fn start(
    config: &Config,
    clock: &Clock,
    pool: &PgPool,
    key: Option<&Arc<NoteKey>>,
    beside: &mut JoinSet<()>,
) {
    let Some(key) = key else {
        tracing::warn!("no checkpoint key (--checkpoint-key-file): the books are not sealed by this process");
        return;
    };
    beside.spawn(funding::run_sealer(pool.clone(), clock.clone(), Arc::clone(key)));
    // The same key: who believes the checkpoints believes what they were compared with.
    let nightly = config.reconciliation.nightly();
    beside.spawn(run_reconciliation_worker(
        pool.clone(),
        clock.clone(),
        Arc::clone(key),
        nightly,
    ));
}

#[cfg(test)]
mod tests {
    use ::keys::CleartextPolicy;

    use super::*;

    #[test]
    fn a_checkpoint_key_made_here_is_read_here_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data_dir: folder.path().to_owned(),
            ..Config::default()
        };
        let loader = KeyLoader {
            cleartext: CleartextPolicy::Accept,
            ..KeyLoader::default()
        };
        assert!(read_key_if_any(&config, &loader).unwrap().is_none());
        create_key(&key_file(&config)).unwrap();
        let key = read_key_if_any(&config, &loader).unwrap().unwrap();
        create_key(&key_file(&config)).unwrap();
        assert_eq!(key.name(), "cheque.localhost/log");
        let again = read_key_if_any(&config, &loader).unwrap().unwrap();
        assert_eq!(again.verifier(), key.verifier());
        // A service alone takes no key in clear.
        assert!(read_key_if_any(&config, &KeyLoader::default()).is_err());
    }

    #[test]
    fn a_sealed_checkpoint_key_is_opened_with_the_identity() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        ::keys::secret_file::create(&path("identity"), &::keys::seal::new_identity()).unwrap();
        let loader = KeyLoader {
            identity_file: Some(path("identity")),
            ..KeyLoader::default()
        };
        let seal = loader.new_seal("checkpoint.key").unwrap();
        create_key_file(&path("checkpoint.key"), Some(&seal)).unwrap();
        let config = Config {
            checkpoint_key_file: Some(path("checkpoint.key")),
            ..Config::default()
        };
        let key = read_key_if_any(&config, &loader).unwrap().unwrap();
        assert!(key.sign("cheque.localhost/log\n0\nAAAA\n").is_ok());
        assert!(read_key_if_any(&config, &KeyLoader::default()).is_err());
    }
}
