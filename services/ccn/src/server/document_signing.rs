//! The identity that signs adversarial statements, and the task that issues them beside the funding service's requests.
//!
//! A key of its own kind (P-256, which PDF readers know) with its certificate, both PEM. Who has a certificate gives it; else a process that
//! is everything makes one that vouches for itself. No other service is given it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::keys::secret_file::{self, SecretError};
use chrono::{DateTime, Utc};
use document::sign::{IdentityError, NewIdentity, Signer, SignerError, self_signed};
use funding::DocumentSigner;
use sqlx::PgPool;
use tokio::task::JoinSet;
use web::Clock;
use zeroize::Zeroizing;

use crate::server::config::Config;

/// How often bytes are drawn that are no key: each time one in four billion.
const DRAWS_MAX: u32 = 4;

/// Why documents cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum DocumentSigningError {
    /// The key's file cannot be read.
    #[error(transparent)]
    Key(#[from] SecretError),
    /// The certificate's file cannot be read or written.
    #[error("Le certificat « {0} » ne peut pas être lu ou écrit")]
    Certificate(PathBuf, #[source] std::io::Error),
    /// One without the other.
    #[error(
        "Pour signer les états contradictoires, donnez la clé et son certificat : --document-key-file et --document-certificate-file"
    )]
    Half,
    /// The key and the certificate are not a pair, or are of another kind.
    #[error("La clé « {key} » et le certificat « {certificate} » ne conviennent pas : {error}")]
    Signer {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
        /// What is wrong with them.
        error: SignerError,
    },
    /// No identity could be drawn.
    #[error("Une première identité n'a pas pu être créée pour signer les documents")]
    Identity(#[from] IdentityError),
}

/// Where the key and the certificate are.
struct Files {
    key: PathBuf,
    certificate: PathBuf,
    /// Named by the operator, so not ours to make.
    given: bool,
}

impl Files {
    fn of(config: &Config) -> Result<Self, DocumentSigningError> {
        let own = config.data_dir.join("secrets");
        match (&config.document_key_file, &config.document_certificate_file) {
            (Some(key), Some(certificate)) => Ok(Self {
                key: key.clone(),
                certificate: certificate.clone(),
                given: true,
            }),
            (None, None) => Ok(Self {
                key: own.join("document.key.pem"),
                certificate: own.join("document.cert.pem"),
                given: false,
            }),
            _ => Err(DocumentSigningError::Half),
        }
    }

    fn read(&self) -> Result<Signer, DocumentSigningError> {
        let bytes = secret_file::read_bytes(&self.key)?;
        let key = std::str::from_utf8(&bytes).unwrap_or_default();
        let certificate = std::fs::read_to_string(&self.certificate)
            .map_err(|error| DocumentSigningError::Certificate(self.certificate.clone(), error))?;
        Signer::from_pem(&certificate, key).map_err(|error| DocumentSigningError::Signer {
            key: self.key.clone(),
            certificate: self.certificate.clone(),
            error,
        })
    }
}

/// The identity that signs documents, with the task that issues statements started beside the requests. `own_keys`: a process that is
/// everything makes the identity that is missing; a service alone that was given none issues no statement, and says so.
pub fn start(
    config: &Config,
    clock: &Clock,
    pool: &PgPool,
    own_keys: bool,
    beside: &mut JoinSet<()>,
) -> Result<Option<Arc<Signer>>, DocumentSigningError> {
    let fund = config.fund().map(|fund| fund.name).unwrap_or_default();
    let files = Files::of(config)?;
    if own_keys && !files.given && !files.key.exists() {
        create(&files.certificate, &files.key, &fund, clock.now())?;
    }
    let signer = if files.given || files.key.exists() {
        Some(Arc::new(files.read()?))
    } else {
        tracing::warn!(
            "no certificate (--document-key-file, --document-certificate-file): this process issues no adversarial statement"
        );
        None
    };
    let documents = DocumentSigner {
        fund,
        signer: signer.clone(),
    };
    beside.spawn(funding::run_statement_worker(pool.clone(), clock.clone(), documents));
    Ok(signer)
}

/// Makes an identity in the fund's name. The certificate first: without its key it is nothing, and is made again.
fn create(certificate: &Path, key: &Path, fund: &str, at: DateTime<Utc>) -> Result<(), DocumentSigningError> {
    let identity = draw(fund, at, key)?;
    let io = |error| DocumentSigningError::Certificate(certificate.to_owned(), error);
    match std::fs::remove_file(certificate) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    secret_file::create(certificate, &identity.certificate)?;
    secret_file::create(key, &identity.key)?;
    Ok(())
}

fn draw(fund: &str, at: DateTime<Utc>, key: &Path) -> Result<NewIdentity, DocumentSigningError> {
    let mut random = Zeroizing::new([0; 32]);
    let mut draws = 0;
    loop {
        getrandom::fill(&mut *random).map_err(|error| SecretError::Io(key.to_owned(), std::io::Error::other(error)))?;
        match self_signed(fund, &random, at) {
            Err(IdentityError::NoKey(_)) if draws < DRAWS_MAX => draws += 1,
            identity => return Ok(identity?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(folder: &Path) -> Config {
        Config {
            data_dir: folder.to_owned(),
            ..Config::default()
        }
    }

    #[test]
    fn an_identity_made_here_signs_here_and_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(&config(folder.path())).unwrap();
        let at = DateTime::UNIX_EPOCH;
        create(&files.certificate, &files.key, "Fonds de soutien", at).unwrap();
        assert!(files.read().unwrap().subject().contains("Fonds de soutien"));
        let certificate = std::fs::read(&files.certificate).unwrap();
        assert!(files.key.exists());
        // As after a start that was cut off between the two files.
        std::fs::remove_file(&files.key).unwrap();
        create(&files.certificate, &files.key, "Fonds de soutien", at).unwrap();
        assert_ne!(std::fs::read(&files.certificate).unwrap(), certificate);
        files.read().unwrap();
    }

    #[test]
    fn an_operators_own_files_are_taken_together_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let half = Config {
            document_key_file: Some("key.pem".into()),
            ..config(folder.path())
        };
        assert!(matches!(Files::of(&half), Err(DocumentSigningError::Half)));
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in [one.path(), other.path()] {
            let files = Files::of(&config(folder)).unwrap();
            create(&files.certificate, &files.key, "Fonds", DateTime::UNIX_EPOCH).unwrap();
        }
        let mixed = Config {
            document_key_file: Some(one.path().join("secrets/document.key.pem")),
            document_certificate_file: Some(other.path().join("secrets/document.cert.pem")),
            ..config(folder.path())
        };
        let refused = Files::of(&mixed).unwrap().read().unwrap_err();
        assert!(
            refused.to_string().contains("n'est pas celle du premier certificat"),
            "{refused}"
        );
    }
}
