//! Where a private key lives: one word for a file and for a security module.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use voucher::{Signer, SigningKey};

use crate::hsm::{HsmError, HsmKey};
use crate::key_file::{KeyFileError, key_bytes};
use crate::key_loader::KeyLoader;
use crate::uri::{Pkcs11Uri, UriError};

/// Where a private key lives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// In a file, sealed or plain.
    File(PathBuf),
    /// In a token of a security module.
    Hsm(Pkcs11Uri),
}

/// What was given is no place.
pub type PlaceError = UriError;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// The security module.
    #[error(transparent)]
    Hsm(#[from] HsmError),
}

impl Place {
    /// What a flag that takes a path was given: a path, or a `pkcs11:` URI in its place.
    pub fn of(path: &Path) -> Result<Self, PlaceError> {
        match path.to_str() {
            Some(text) if Pkcs11Uri::is_meant(text) => Ok(Self::Hsm(text.parse()?)),
            _ => Ok(Self::File(path.to_owned())),
        }
    }

    /// Opens the key for signing.
    pub fn open(&self, loader: &KeyLoader) -> Result<Arc<dyn Signer>, OpenError> {
        Ok(match self {
            Self::File(path) => Arc::new(SigningKey::from_seed(&key_bytes(path, loader)?)),
            Self::Hsm(uri) => Arc::new(HsmKey::open(uri.clone())?),
        })
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        Self::of(Path::new(text))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Hsm(uri) => uri.fmt(f),
        }
    }
}
