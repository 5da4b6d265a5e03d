//! Where the keys of a process are, and those that are made, in clear, where one machine starts from nothing.

use std::path::{Path, PathBuf};

use access::Secret;
use voucher::SigningKey;
use zeroize::Zeroizing;

use ::keys::secret_file::{self, SecretError};
use ::keys::{CleartextPolicy, KEY_BYTES, KeyFileError, KeyLoader, Pkcs11Uri, create_key_file};

const KEY_EXPECTED: &str = "une clé d'accès (« ccn_ » et 43 caractères)";

/// Where the keys are. Those that sign may also be `pkcs11:` URIs in the place of paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFiles {
    /// The key that signs vouchers.
    pub signing: PathBuf,
    /// The key that signs status lists.
    pub status: PathBuf,
    /// The key that signs key sets.
    pub key_set: PathBuf,
    /// The key that delegates to the key that signs key sets. In production it is kept offline, and here only its public half.
    pub root: PathBuf,
    /// Further keys that sign, one file each: the next ones, and those still asked for reprints.
    pub folder: PathBuf,
    /// The key that hides people's identities in the issuer's tables.
    pub identity: PathBuf,
    /// Make the ids of vouchers: one a line, the first for new ones.
    pub ids: PathBuf,
    /// Find the vouchers of typed codes: one a line, the first for new ones.
    pub codes: PathBuf,
    /// Seal the evidence of claims: one a line, the first for new ones.
    pub evidence: PathBuf,
    /// The operator's API key.
    pub operator: PathBuf,
}

impl KeyFiles {
    /// Their places in the data folder.
    #[must_use]
    pub fn in_data_dir(data_dir: &Path) -> Self {
        let folder = data_dir.join("secrets");
        Self {
            signing: folder.join("signing.key"),
            status: folder.join("status.key"),
            key_set: folder.join("key-set.key"),
            root: folder.join("root.key"),
            folder: folder.join("keys"),
            identity: folder.join("identity.key"),
            ids: folder.join("id.keys"),
            codes: folder.join("code.keys"),
            evidence: folder.join("evidence.keys"),
            operator: folder.join("operator.key"),
        }
    }

    /// Makes those that are missing, in clear: for one machine that starts from nothing.
    pub(crate) fn create_missing(&self) -> Result<(), KeyFileError> {
        let signing = [&self.signing, &self.status, &self.key_set, &self.root];
        for path in signing
            .into_iter()
            .chain([&self.identity, &self.ids, &self.codes, &self.evidence])
        {
            let elsewhere = Pkcs11Uri::is_meant(&path.to_string_lossy());
            if !elsewhere && !path.exists() {
                create_key_file(path, None)?;
            }
        }
        if !self.operator.exists() {
            new_operator_key(&self.operator)?;
        }
        Ok(())
    }
}

/// The signing key in the file at `path`, in clear, as the demo and the tests make it.
pub fn signing_key(path: &Path) -> Result<SigningKey, KeyFileError> {
    Ok(SigningKey::from_seed(&identity_key(path, &KeyLoader::default())?))
}

/// The 32 bytes of the key that hides people's identities, sealed or not: it signs nothing.
pub(crate) fn identity_key(path: &Path, loader: &KeyLoader) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyFileError> {
    let loader = KeyLoader {
        cleartext: CleartextPolicy::Accept,
        ..loader.clone()
    };
    ::keys::key_bytes(path, &loader)
}

/// The API key in the file at `path`.
pub fn access_key(path: &Path) -> Result<Secret, SecretError> {
    Secret::parse(&secret_file::read(path)?).ok_or_else(|| SecretError::Form {
        path: path.to_owned(),
        expected: KEY_EXPECTED,
    })
}

/// Draws an operator's API key into a new file. False when the file exists.
pub(crate) fn new_operator_key(path: &Path) -> Result<bool, SecretError> {
    let failed = |error| SecretError::Io(path.to_owned(), std::io::Error::other(error));
    let secret = Secret::generate().map_err(failed)?;
    secret_file::create(path, secret.reveal())
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
        for other in [&files.status, &files.key_set, &files.root, &files.identity, &files.ids] {
            assert_ne!(signing_key(other).unwrap().kid(), kid);
        }
        access_key(&files.operator).unwrap();
        assert!(signing_key(&files.operator).is_err());
        assert!(matches!(access_key(&files.signing), Err(SecretError::Form { .. })));
    }
}
