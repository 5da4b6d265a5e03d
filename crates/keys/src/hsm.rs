//! Keys inside a security module, through PKCS#11.
//!
//! [`Module`] is a loaded library, one for the process, since `C_Initialize` is. [`HsmKey`] is one Ed25519 key in one token: a
//! [`voucher::Signer`] whose private half this process never sees.
//!
//! **Sessions.** PKCS#11 wants one thread a session. Signing takes a session from a shelf, or opens one, and puts it back; so there
//! are as many as there were signatures at once, [`SESSIONS_MAX`](key) kept. A module that was restarted or pulled out answers with one
//! of a dozen codes: then the shelf is emptied, the token is looked for again by its label, and the signature is tried once more.
//!
//! **The PIN** is read from its file for each log-in and wiped after it.

mod key;
mod module;
mod point;

pub use key::HsmKey;
pub use module::Module;

use std::path::PathBuf;

use crate::secret_file::SecretError;

/// Why a key in a security module cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HsmError {
    /// The library cannot be loaded.
    #[error("La bibliothèque PKCS#11 « {0} » ne peut pas être chargée")]
    Library(PathBuf, #[source] cryptoki::error::Error),
    /// No token of this label.
    #[error("Le module de sécurité n'a pas de jeton « {0} ».")]
    NoToken(String),
    /// Two tokens of this label.
    #[error("Le module de sécurité a plusieurs jetons « {0} » : donnez-leur des noms différents.")]
    TwoTokens(String),
    /// No key of this label in the token.
    #[error("Le jeton « {token} » n'a pas de clé Ed25519 « {object} » ; ccn keys new --hsm en crée une.")]
    NoKey {
        /// The token's label.
        token: String,
        /// The key's label.
        object: String,
    },
    /// Two keys of this label in the token.
    #[error("Le jeton « {token} » a plusieurs clés « {object} » : donnez-leur des noms différents.")]
    TwoKeys {
        /// The token's label.
        token: String,
        /// The key's label.
        object: String,
    },
    /// A key of this label exists already.
    #[error("Le jeton « {token} » a déjà une clé « {object} » : elle n'est pas remplacée.")]
    Exists {
        /// The token's label.
        token: String,
        /// The key's label.
        object: String,
    },
    /// The two halves do not belong together, or the module signs something else than Ed25519.
    #[error("La clé « {0} » du module de sécurité ne signe pas comme sa moitié publique le promet.")]
    Mismatch(String),
    /// The public half is no Ed25519 point.
    #[error("La clé « {0} » du module de sécurité n'est pas une clé Ed25519 utilisable.")]
    NotEd25519(String),
    /// The file of the PIN.
    #[error(transparent)]
    Pin(#[from] SecretError),
    /// The PIN is wrong: not tried again, since modules lock after a few.
    #[error("Le module de sécurité refuse le code PIN de « {0} ».")]
    WrongPin(PathBuf),
    /// Anything else that the module says.
    #[error("Le module de sécurité refuse ou ne répond pas")]
    Module(#[source] cryptoki::error::Error),
}

impl From<cryptoki::error::Error> for HsmError {
    fn from(error: cryptoki::error::Error) -> Self {
        Self::Module(error)
    }
}
