//! A file that holds 32 secret bytes: 64 hexadecimal digits, sealed or plain.

use std::path::{Path, PathBuf};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use crate::key_loader::{CleartextPolicy, KeyLoader, KeyLoaderError};
use crate::seal::{self, Seal, SealError};
use crate::secret_file::{self, SecretError};

/// Bytes of the seed of an Ed25519 key (RFC 8032 § 5.1.5), and of the key that hides people's identities.
pub const KEY_BYTES: usize = 32;

const HEX_EXPECTED: &str = "64 chiffres hexadécimaux (une clé de 32 octets)";

/// Why a key file cannot be used or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] SecretError),
    /// Nothing to open it with.
    #[error("« {0} » : {1}")]
    Loader(PathBuf, KeyLoaderError),
    #[error("« {0} » : {1}")]
    Seal(PathBuf, SealError),
    /// In clear where only sealed keys are taken.
    #[error(
        "La clé « {0} » est en clair : elle est refusée ici.\nScellez-la : ccn keys seal --in '{0}' --out '{0}.age' --key-passphrase-file FICHIER"
    )]
    Cleartext(PathBuf),
    /// The system gives no randomness.
    #[error("Le système ne donne pas de hasard")]
    Random(#[source] std::io::Error),
}

/// What became of a new key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Made,
    /// There is a file of this name, and it was left as it is.
    Exists,
}

/// The 32 bytes in the file at `path`, unsealed with what `loader` has.
pub fn key_bytes(path: &Path, loader: &KeyLoader) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyFileError> {
    let bytes = secret_file::read_bytes(path)?;
    if let Some(plain) = unsealed(path, &bytes, loader)? {
        return hex(path, &plain);
    }
    let key = hex(path, &bytes)?;
    match loader.cleartext {
        CleartextPolicy::Refuse => return Err(KeyFileError::Cleartext(path.to_owned())),
        CleartextPolicy::Warn => tracing::warn!(
            file = %path.display(),
            "PRIVATE KEY IN CLEAR: good for a demonstration only; seal it with « ccn keys seal »"
        ),
        CleartextPolicy::Accept => {}
    }
    Ok(key)
}

/// The lines of the file of secrets at `path`, sealed or not: secrets that sign nothing are taken in clear too.
pub fn secret_lines(path: &Path, loader: &KeyLoader) -> Result<Zeroizing<String>, KeyFileError> {
    let bytes = secret_file::read_bytes(path)?;
    let plain = unsealed(path, &bytes, loader)?.unwrap_or(bytes);
    let text = std::str::from_utf8(&plain).map_err(|_| SecretError::Content(path.to_owned()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// What is sealed in these bytes of the file at `path`; nothing when they are not sealed.
fn unsealed(path: &Path, bytes: &[u8], loader: &KeyLoader) -> Result<Option<Zeroizing<Vec<u8>>>, KeyFileError> {
    if !seal::is_sealed(bytes) {
        return Ok(None);
    }
    let seal = loader
        .seal(&path.display().to_string())
        .map_err(|error| KeyFileError::Loader(path.to_owned(), error))?;
    seal.open(bytes)
        .map(Some)
        .map_err(|error| KeyFileError::Seal(path.to_owned(), error))
}

/// Draws a key and puts it before those of the file of secrets at `path`, sealed when `seal` is given: it serves from the next start on, and
/// the others for what was made with them. The file is replaced at once, or not at all.
pub fn renew_secret(path: &Path, loader: &KeyLoader, seal: Option<&Seal>) -> Result<(), KeyFileError> {
    let old = secret_lines(path, loader)?;
    let key = draw_key()?;
    let lines = Zeroizing::new(format!("{}\n{}", &*Zeroizing::new(HEXLOWER.encode(&*key)), &*old));
    let text = match seal {
        None => lines,
        Some(seal) => seal
            .close(lines.as_bytes())
            .map(Zeroizing::new)
            .map_err(|error| KeyFileError::Seal(path.to_owned(), error))?,
    };
    Ok(secret_file::replace(path, &text)?)
}

/// 32 bytes from the system's CSPRNG.
pub fn draw_key() -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyFileError> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(&mut *bytes).map_err(|error| KeyFileError::Random(std::io::Error::other(error)))?;
    Ok(bytes)
}

/// Draws a key into a new file, sealed when `seal` is given.
pub fn create_key_file(path: &Path, seal: Option<&Seal>) -> Result<Written, KeyFileError> {
    write_key_file(path, &draw_key()?, seal)
}

/// Writes these 32 bytes into a new file, sealed when `seal` is given.
pub fn write_key_file(
    path: &Path,
    bytes: &Zeroizing<[u8; KEY_BYTES]>,
    seal: Option<&Seal>,
) -> Result<Written, KeyFileError> {
    let line = Zeroizing::new(HEXLOWER.encode(&**bytes));
    let made = match seal {
        None => secret_file::create(path, &line)?,
        Some(seal) => {
            let sealed = seal
                .close(line.as_bytes())
                .map_err(|error| KeyFileError::Seal(path.to_owned(), error))?;
            secret_file::create(path, &sealed)?
        }
    };
    Ok(if made { Written::Made } else { Written::Exists })
}

/// Whether the file at `path` is sealed.
pub fn is_sealed(path: &Path) -> Result<bool, SecretError> {
    Ok(seal::is_sealed(&secret_file::read_bytes(path)?))
}

fn hex(path: &Path, text: &[u8]) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyFileError> {
    let line = text.strip_suffix(b"\n").unwrap_or(text);
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    match HEXLOWER_PERMISSIVE.decode(line).map(Zeroizing::new) {
        Ok(bytes) if bytes.len() == KEY_BYTES => key.copy_from_slice(&bytes),
        _ => {
            return Err(SecretError::Form {
                path: path.to_owned(),
                expected: HEX_EXPECTED,
            }
            .into());
        }
    }
    Ok(key)
}
