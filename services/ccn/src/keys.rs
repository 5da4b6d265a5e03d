//! The keys of the process: where their files are, how they are read, how they are made.

use std::path::{Path, PathBuf};

use access::Secret;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use voucher::SigningKey;
use zeroize::Zeroizing;

use crate::secret_file::{self, SecretError};

/// Bytes of the seed of a signing key (RFC 8032 §5.1.5), and of the key that hides people's identities.
pub const KEY_BYTES: usize = 32;

const HEX_EXPECTED: &str = "64 chiffres hexadécimaux (une clé de 32 octets)";
const OPERATOR_EXPECTED: &str = "une clé d'accès (« ccn_ » et 43 caractères)";

/// The voucher signing key in the file at `path`. Whatever holds the key later (an encrypted file, a security
/// module) comes in here and nowhere else.
pub fn signing_key(path: &Path) -> Result<SigningKey, SecretError> {
    Ok(SigningKey::from_seed(&key_bytes(path)?))
}

/// The 32 bytes written in hexadecimal in the file at `path`.
pub fn key_bytes(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, SecretError> {
    let line = secret_file::read(path)?;
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let bytes = HEXLOWER_PERMISSIVE.decode(line.as_bytes()).map(Zeroizing::new);
    match bytes {
        Ok(bytes) if bytes.len() == KEY_BYTES => key.copy_from_slice(&bytes),
        _ => {
            return Err(SecretError::Form {
                path: path.to_owned(),
                expected: HEX_EXPECTED,
            });
        }
    }
    Ok(key)
}

/// The operator's API key in the file at `path`.
pub fn operator_key(path: &Path) -> Result<Secret, SecretError> {
    Secret::parse(&secret_file::read(path)?).ok_or_else(|| SecretError::Form {
        path: path.to_owned(),
        expected: OPERATOR_EXPECTED,
    })
}

/// Draws a key of 32 bytes from the system's CSPRNG into a new file. False when the file exists.
pub fn new_key(path: &Path) -> Result<bool, SecretError> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(&mut *bytes).map_err(|error| random_failed(path, error))?;
    secret_file::create(path, &Zeroizing::new(HEXLOWER.encode(&*bytes)))
}

/// Draws an operator's API key into a new file. False when the file exists.
pub fn new_operator_key(path: &Path) -> Result<bool, SecretError> {
    let secret = Secret::generate().map_err(|error| random_failed(path, error))?;
    secret_file::create(path, secret.reveal())
}

fn random_failed(path: &Path, error: getrandom::Error) -> SecretError {
    SecretError::Io(path.to_owned(), std::io::Error::other(error))
}

/// Where the key files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFiles {
    /// Signs vouchers.
    pub signing: PathBuf,
    /// Hides people's identities in the issuer's tables.
    pub identity: PathBuf,
    /// Opens the operator's door.
    pub operator: PathBuf,
}

impl KeyFiles {
    /// Their places in the data folder.
    #[must_use]
    pub fn in_data_dir(data_dir: &Path) -> Self {
        let folder = data_dir.join("secrets");
        Self {
            signing: folder.join("signing.key"),
            identity: folder.join("identity.key"),
            operator: folder.join("operator.key"),
        }
    }

    /// Makes those that are missing.
    pub fn create_missing(&self) -> Result<(), SecretError> {
        for path in [&self.signing, &self.identity] {
            if !path.exists() {
                new_key(path)?;
            }
        }
        if !self.operator.exists() {
            new_operator_key(&self.operator)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_made_here_is_read_here() {
        let folder = tempfile::tempdir().unwrap();
        let files = KeyFiles::in_data_dir(folder.path());
        files.create_missing().unwrap();
        let kid = signing_key(&files.signing).unwrap().kid();
        files.create_missing().unwrap();
        assert_eq!(signing_key(&files.signing).unwrap().kid(), kid);
        assert_ne!(
            *key_bytes(&files.identity).unwrap(),
            *key_bytes(&files.signing).unwrap()
        );
        operator_key(&files.operator).unwrap();
        assert!(matches!(signing_key(&files.operator), Err(SecretError::Form { .. })));
        assert!(matches!(operator_key(&files.signing), Err(SecretError::Form { .. })));
    }
}
