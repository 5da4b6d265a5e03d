//! With what sealed keys are opened, as a process was told.

use std::io::IsTerminal;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::seal::{Seal, SealError};
use crate::secret_file::{self, SecretError};

/// Whether a key in clear is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CleartextPolicy {
    /// For the demo and for trying, with a warning in the logs.
    Warn,
    /// Where a public key is all that is wanted, or the file holds no private key.
    Accept,
    #[default]
    Refuse,
}

/// With what sealed keys are opened. The files are read each time, so that nothing stays in memory.
#[derive(Debug, Clone, Default)]
pub struct KeyLoader {
    /// A file that holds the passphrase.
    pub passphrase_file: Option<PathBuf>,
    /// A file that holds an age identity.
    pub identity_file: Option<PathBuf>,
    /// Whether the passphrase may be asked for at the terminal when neither file is named.
    pub ask: bool,
    /// Whether a key in clear is taken.
    pub cleartext: CleartextPolicy,
}

/// Why there is nothing to open a seal with.
#[derive(Debug, thiserror::Error)]
pub enum KeyLoaderError {
    /// No file was named and nobody can be asked.
    #[error(
        "Cette clé est scellée. Dites comment l'ouvrir : --key-passphrase-file FICHIER ou --key-identity-file FICHIER."
    )]
    Nothing,
    /// The same, for a key that is about to be sealed.
    #[error(
        "Dites avec quoi la sceller : --key-identity-file FICHIER, ou --key-passphrase-file FICHIER ; à un terminal, la phrase de passe est demandée."
    )]
    NothingToSealWith,
    #[error(transparent)]
    File(#[from] SecretError),
    /// The file holds no identity.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The two passphrases typed differ.
    #[error("Les deux phrases de passe diffèrent.")]
    Differ,
    /// The terminal does not answer.
    #[error("La phrase de passe n'a pas pu être lue au terminal")]
    Terminal(#[source] std::io::Error),
}

impl KeyLoader {
    /// What opens the seal of `what` (a file's name, for the question at the terminal).
    pub fn seal(&self, what: &str) -> Result<Seal, KeyLoaderError> {
        self.files_seal()?
            .map_or_else(|| self.asked(&format!("Phrase de passe de « {what} » : ")), Ok)
    }

    /// What is to close a new seal: a typed passphrase is asked for twice.
    pub fn new_seal(&self, what: &str) -> Result<Seal, KeyLoaderError> {
        if let Some(seal) = self.files_seal()? {
            return Ok(seal);
        }
        if !self.has_means() {
            return Err(KeyLoaderError::NothingToSealWith);
        }
        let first = self.typed(&format!("Phrase de passe pour sceller « {what} » : "))?;
        if *first != *self.typed("La même, encore une fois : ")? {
            return Err(KeyLoaderError::Differ);
        }
        Ok(Seal::passphrase(&first))
    }

    /// Whether anything is named or may be asked for.
    #[must_use]
    pub fn has_means(&self) -> bool {
        self.passphrase_file.is_some() || self.identity_file.is_some() || (self.ask && std::io::stdin().is_terminal())
    }

    fn files_seal(&self) -> Result<Option<Seal>, KeyLoaderError> {
        if let Some(path) = &self.identity_file {
            let bytes = secret_file::read_bytes(path)?;
            let text = std::str::from_utf8(&bytes).map_err(|_| SealError::NoIdentity)?;
            return Ok(Some(Seal::identity(text)?));
        }
        match &self.passphrase_file {
            Some(path) => Ok(Some(Seal::passphrase(&secret_file::read(path)?))),
            None => Ok(None),
        }
    }

    fn asked(&self, question: &str) -> Result<Seal, KeyLoaderError> {
        Ok(Seal::passphrase(&self.typed(question)?))
    }

    fn typed(&self, question: &str) -> Result<Zeroizing<String>, KeyLoaderError> {
        if !self.ask || !std::io::stdin().is_terminal() {
            return Err(KeyLoaderError::Nothing);
        }
        rpassword::prompt_password(question)
            .map(Zeroizing::new)
            .map_err(KeyLoaderError::Terminal)
    }
}
