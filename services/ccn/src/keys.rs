//! The keys of the process: where they are, how they are opened, how they are made and looked after.
//!
//! Private keys live where [`::keys::Place`] says: a sealed file, a security module, or, for the demo and for trying, a file in clear.
//! `ccn all` makes what is missing in its data folder, in clear and with a warning; a service alone takes no signing key in clear.

pub(crate) mod command;
mod files;
mod first;
mod shelf;

use std::path::Path;

use access::Secret;
use voucher::SigningKey;
use zeroize::Zeroizing;

use ::keys::secret_file::{self, SecretError};
use ::keys::{KEY_BYTES, KeyFileError, Opener, Plain};

pub use files::KeyFiles;
pub use first::{FirstKeysError, publish_first_keys};
pub use shelf::{KEYS_RESCAN_SECONDS, KeyShelf};

const KEY_EXPECTED: &str = "une clé d'accès (« ccn_ » et 43 caractères)";

/// The key in clear in the file at `path`, as the demo and the tests make it.
pub fn signing_key(path: &Path) -> Result<SigningKey, KeyFileError> {
    let opener = Opener {
        plain: Plain::Accepted,
        ..Opener::default()
    };
    Ok(SigningKey::from_seed(&::keys::key_bytes(path, &opener)?))
}

/// The 32 bytes of the key that hides people's identities, sealed or not: it signs nothing.
pub fn key_bytes(path: &Path, opener: &Opener) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyFileError> {
    let opener = Opener {
        plain: Plain::Accepted,
        ..opener.clone()
    };
    ::keys::key_bytes(path, &opener)
}

/// The operator's API key in the file at `path`.
pub fn operator_key(path: &Path) -> Result<Secret, SecretError> {
    access_key(path)
}

/// Somebody's API key in the file at `path`.
pub(crate) fn access_key(path: &Path) -> Result<Secret, SecretError> {
    Secret::parse(&secret_file::read(path)?).ok_or_else(|| SecretError::Form {
        path: path.to_owned(),
        expected: KEY_EXPECTED,
    })
}

/// Draws an operator's API key into a new file. False when the file exists.
pub fn new_operator_key(path: &Path) -> Result<bool, SecretError> {
    let failed = |error| SecretError::Io(path.to_owned(), std::io::Error::other(error));
    let secret = Secret::generate().map_err(failed)?;
    secret_file::create(path, secret.reveal())
}
