//! Sealing: a small secret as an age file, opened by a passphrase or by an age identity.

use std::io::{Read, Write};

use age::secrecy::SecretString;
use age::{Decryptor, Encryptor};
use zeroize::Zeroizing;

/// Work of scrypt when sealing, as the base-2 logarithm of N: about a second and 256 MiB, what the age tools choose.
pub const SCRYPT_LOG_N: u8 = 18;

/// The most work that is accepted when opening: some four seconds and 1 GiB. A file that asks for more was made to stop us.
pub const SCRYPT_LOG_N_MAX: u8 = 20;

/// The shortest passphrase that may seal a key, in characters.
pub const PASSPHRASE_CHARS_MIN: usize = 16;

/// Bytes of the largest secret that is sealed.
const PLAIN_BYTES_MAX: usize = 1024;

/// How age files begin, binary and armoured.
const BEGINNINGS: [&[u8]; 2] = [b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE-----"];

/// What closes and opens a seal.
#[derive(Clone)]
pub enum Seal {
    /// Words that a person keeps.
    Passphrase(SecretString),
    /// An X25519 identity of age, for machines: no work to open.
    Identity(Box<age::x25519::Identity>),
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Passphrase(_) => "Passphrase(…)",
            Self::Identity(_) => "Identity(…)",
        })
    }
}

/// Why a seal does not close or open. Says nothing of what is inside.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Too easy to guess.
    #[error("Une phrase de passe compte au moins {PASSPHRASE_CHARS_MIN} caractères.")]
    Short,
    /// Neither line of the identity file is an age identity.
    #[error("Ce fichier ne contient pas d'identité age (« AGE-SECRET-KEY-1… »).")]
    NoIdentity,
    /// Wrong passphrase or identity, or the file was altered: nobody can tell which.
    #[error(
        "Le sceau ne s'ouvre pas : la phrase de passe ou l'identité n'est pas la bonne, ou le fichier a été altéré."
    )]
    Refused,
    /// Made with the other means.
    #[error(
        "Ce fichier n'a pas été scellé pour cette identité : il s'ouvre par une phrase de passe ou par une autre identité."
    )]
    OtherMeans,
    /// Opening would take too long.
    #[error("Ce fichier demande 2^{0} calculs pour être ouvert, plus que les 2^{SCRYPT_LOG_N_MAX} acceptés.")]
    TooCostly(u8),
    /// Not an age file that this program reads.
    #[error("Ce fichier scellé est abîmé ou d'un format inconnu.")]
    Form,
    /// The system refuses.
    #[error("Le sceau n'a pas pu être posé")]
    Io(#[from] std::io::Error),
}

impl Seal {
    /// Sealing and opening with these words.
    #[must_use]
    pub fn passphrase(words: &str) -> Self {
        Self::Passphrase(SecretString::from(words.to_owned()))
    }

    /// Sealing and opening with the identity in this text, such as `age-keygen` writes: comments, and one `AGE-SECRET-KEY-1…`.
    pub fn identity(text: &str) -> Result<Self, SealError> {
        let line = text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with('#'));
        let identity = line.and_then(|line| line.parse().ok()).ok_or(SealError::NoIdentity)?;
        Ok(Self::Identity(Box::new(identity)))
    }

    /// Seals `plain` as an armoured age file.
    pub fn close(&self, plain: &[u8]) -> Result<String, SealError> {
        match self {
            Self::Passphrase(words) => {
                let chars = age::secrecy::ExposeSecret::expose_secret(words).chars().count();
                if chars < PASSPHRASE_CHARS_MIN {
                    return Err(SealError::Short);
                }
                let mut recipient = age::scrypt::Recipient::new(words.clone());
                recipient.set_work_factor(SCRYPT_LOG_N);
                armoured(&recipient, plain)
            }
            Self::Identity(identity) => armoured(&identity.to_public(), plain),
        }
    }

    /// Opens an age file, armoured or binary.
    pub fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let decryptor = Decryptor::new_buffered(age::armor::ArmoredReader::new(sealed)).map_err(refused)?;
        if decryptor.is_scrypt() != matches!(self, Self::Passphrase(_)) {
            return Err(SealError::OtherMeans);
        }
        let reader = match self {
            Self::Passphrase(words) => {
                let mut identity = age::scrypt::Identity::new(words.clone());
                identity.set_max_work_factor(SCRYPT_LOG_N_MAX);
                decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity))
            }
            Self::Identity(identity) => decryptor.decrypt(std::iter::once(&**identity as &dyn age::Identity)),
        };
        // Room for all of it from the start: a buffer that grew would leave copies behind.
        let mut plain = Zeroizing::new(Vec::with_capacity(PLAIN_BYTES_MAX + 1));
        let limit = u64::try_from(PLAIN_BYTES_MAX + 1).expect("a thousand");
        // A chunk that was altered is told while reading.
        let read = reader.map_err(refused)?.take(limit).read_to_end(&mut plain);
        if read.map_err(|_| SealError::Refused)? > PLAIN_BYTES_MAX {
            return Err(SealError::Form);
        }
        Ok(plain)
    }
}

/// Whether these are the bytes of an age file.
#[must_use]
pub fn is_sealed(bytes: &[u8]) -> bool {
    BEGINNINGS.iter().any(|beginning| bytes.starts_with(beginning))
}

/// A new age identity, as the line of an identity file.
#[must_use]
pub fn new_identity() -> Zeroizing<String> {
    let identity = age::x25519::Identity::generate();
    let line = identity.to_string();
    Zeroizing::new(age::secrecy::ExposeSecret::expose_secret(&line).to_owned())
}

fn armoured(recipient: &dyn age::Recipient, plain: &[u8]) -> Result<String, SealError> {
    let closing = |error| SealError::Io(std::io::Error::other(error));
    let encryptor =
        Encryptor::with_recipients(std::iter::once(recipient)).map_err(|error| closing(error.to_string()))?;
    let armour = age::armor::ArmoredWriter::wrap_output(Vec::new(), age::armor::Format::AsciiArmor)?;
    let mut writer = encryptor.wrap_output(armour)?;
    writer.write_all(plain)?;
    let bytes = writer.finish()?.finish()?;
    Ok(String::from_utf8(bytes).expect("armour is ASCII"))
}

fn refused(error: age::DecryptError) -> SealError {
    match error {
        age::DecryptError::ExcessiveWork { required, .. } => SealError::TooCostly(required),
        age::DecryptError::NoMatchingKeys => SealError::OtherMeans,
        age::DecryptError::DecryptionFailed
        | age::DecryptError::KeyDecryptionFailed
        | age::DecryptError::InvalidMac => SealError::Refused,
        _ => SealError::Form,
    }
}
