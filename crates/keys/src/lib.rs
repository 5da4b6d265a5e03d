//! Private keys: where they live, how they are read, how they are made. Nothing here knows vouchers, programmes or tables.
//!
//! | place | at rest | opened by |
//! |---|---|---|
//! | a [sealed file](seal) | an age file (age-encryption.org/v1), armoured or binary | a passphrase or an age identity, each in a file or typed |
//! | a PKCS#11 token ([`Module`]) | inside the security module, not extractable | the PIN, in a file |
//! | a plain file | 64 hexadecimal digits | anybody who may read it: for the demo and for trying, never alone in production |
//!
//! A [`KeyStore`] is a folder of such keys, opened. A [`Place`] names one of them in one word, a path or a `pkcs11:` URI (RFC 7512), so one flag takes either.
//!
//! **The invariant.** A private key is never in a database, a log, an error, an argument or a variable. What passes through this
//! process's memory is wiped; what is in a security module never does.
//!
//! | limit | value |
//! |---|---|
//! | a secret file | [`secret_file::SECRET_BYTES_MAX`] bytes, owner only |
//! | a passphrase that seals | at least [`seal::PASSPHRASE_CHARS_MIN`] characters |
//! | scrypt work | 2^[`seal::SCRYPT_LOG_N`] when sealing, at most 2^[`seal::SCRYPT_LOG_N_MAX`] when opening |
//!
//! **Rejected.** PKCS#8 with a password: PBES2 files open with anything from one round of PBKDF2 upwards, and every tool reads another
//! subset. An envelope of our own: age is specified, has test vectors and several independent tools (`age`, `rage`), so that a key can
//! be opened without this program. A PIN in the URI (`pin-value`): it would show in `ps`.

mod hsm;
mod key_file;
mod key_loader;
mod key_store;
mod place;
pub mod seal;
pub mod secret_file;
mod uri;

pub use hsm::{HsmError, HsmKey, Module};
pub use key_file::{
    KEY_BYTES, KeyFileError, Written, create_key_file, draw_key, is_sealed, key_bytes, renew_secret, secret_lines,
    write_key_file,
};
pub use key_loader::{CleartextPolicy, KeyLoader, KeyLoaderError};
pub use key_store::KeyStore;
pub use place::{OpenError, Place, PlaceError};
pub use uri::{Pkcs11Uri, UriError};
