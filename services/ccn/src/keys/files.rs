use std::path::{Path, PathBuf};

use ::keys::{KeyFileError, create_key_file};

use super::new_operator_key;

/// Where the keys are. Those that sign may also be `pkcs11:` URIs in the place of paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFiles {
    /// Signs vouchers.
    pub signing: PathBuf,
    /// Signs status lists.
    pub status: PathBuf,
    /// Signs key sets.
    pub key_set: PathBuf,
    /// Delegates to the key that signs key sets. In production it is kept offline, and here only its public half.
    pub root: PathBuf,
    /// Further keys that sign, one file each: the next ones, and those still asked for reprints.
    pub folder: PathBuf,
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
            status: folder.join("status.key"),
            key_set: folder.join("key-set.key"),
            root: folder.join("root.key"),
            folder: folder.join("keys"),
            identity: folder.join("identity.key"),
            operator: folder.join("operator.key"),
        }
    }

    /// Makes those that are missing, in clear: for one machine that starts from nothing.
    pub fn create_missing(&self) -> Result<(), KeyFileError> {
        for path in [&self.signing, &self.status, &self.key_set, &self.root, &self.identity] {
            let elsewhere = ::keys::Pkcs11Uri::is_meant(&path.to_string_lossy());
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

#[cfg(test)]
mod tests {
    use ::keys::secret_file::SecretError;

    use super::super::{operator_key, signing_key};
    use super::*;

    #[test]
    fn a_key_file_made_here_is_read_here() {
        let folder = tempfile::tempdir().unwrap();
        let files = KeyFiles::in_data_dir(folder.path());
        files.create_missing().unwrap();
        let kid = signing_key(&files.signing).unwrap().kid();
        files.create_missing().unwrap();
        assert_eq!(signing_key(&files.signing).unwrap().kid(), kid);
        for other in [&files.status, &files.key_set, &files.root, &files.identity] {
            assert_ne!(signing_key(other).unwrap().kid(), kid);
        }
        operator_key(&files.operator).unwrap();
        assert!(signing_key(&files.operator).is_err());
        assert!(matches!(operator_key(&files.signing), Err(SecretError::Form { .. })));
    }
}
