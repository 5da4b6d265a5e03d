//! An electronic signature on a finished document: `PAdES` baseline B-B (ETSI EN 319 142-1), which PDF readers know.
//!
//! The document's bytes stay as they are; an incremental update adds an invisible field with a detached CMS (RFC 5652) over
//! everything but itself. Whoever alters a byte afterwards, or appends one, is seen. ECDSA on P-256 with SHA-256, made deterministic by
//! RFC 6979: the same document signed at the same time gives the same bytes.
//!
//! The standard puts the time into the signature dictionary (`M`, signed with the rest) and forbids the CMS attribute
//! `signing-time` beside it. It is the operator's clock: a time stamp by a third party (B-T) is not claimed.
//!
//! The key is another one than those of vouchers and of checkpoints: PDF readers know P-256, few know Ed25519.

mod certificate;
mod cms;
mod update;

use chrono::{DateTime, Utc};
use p256::ecdsa::SigningKey;
use p256::pkcs8::DecodePrivateKey;
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{DecodePem, Encode};

pub use certificate::{IdentityError, NewIdentity, self_signed};

/// RFC 5758 §3.2.
const ECDSA_WITH_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// Certificates of a chain: the signer's and those above it.
const CHAIN_MAX: usize = 6;

/// Who signs: a private key with the certificate that says whose it is, and those that vouch for it.
pub struct Signer {
    key: SigningKey,
    chain: Vec<Certificate>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("subject", &self.subject())
            .finish_non_exhaustive()
    }
}

/// Why nobody can sign with these files. Shown to the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// No PEM certificates, or not X.509.
    #[error(
        "les certificats ne se lisent pas ; donnez-les en PEM (« BEGIN CERTIFICATE »), celui du signataire en premier"
    )]
    Certificates,
    /// More than the longest chain.
    #[error("la chaîne de certificats est trop longue ; donnez celui du signataire et ceux qui le garantissent")]
    ChainTooLong,
    /// No PKCS#8 key on the curve P-256.
    #[error("la clé privée ne se lit pas ; donnez une clé P-256 en PEM PKCS#8 (« BEGIN PRIVATE KEY »)")]
    Key,
    /// The first certificate is another key's.
    #[error("la clé privée n'est pas celle du premier certificat")]
    OtherKey,
}

impl Signer {
    /// A chain of certificates, the signer's first, and its private key (PKCS#8), both PEM.
    pub fn from_pem(certificates: &str, key: &str) -> Result<Self, SignerError> {
        let chain = pem_certificates(certificates)?;
        if chain.len() > CHAIN_MAX {
            return Err(SignerError::ChainTooLong);
        }
        let key = SigningKey::from_pkcs8_pem(key).map_err(|_| SignerError::Key)?;
        let first = chain.first().ok_or(SignerError::Certificates)?;
        let certified = &first.tbs_certificate.subject_public_key_info.subject_public_key;
        let point = key.verifying_key().to_encoded_point(false);
        let compressed = key.verifying_key().to_encoded_point(true);
        if ![point.as_bytes(), compressed.as_bytes()].contains(&certified.raw_bytes()) {
            return Err(SignerError::OtherKey);
        }
        Ok(Self { key, chain })
    }

    /// Whose signature it is, as the certificate says (RFC 4514).
    #[must_use]
    pub fn subject(&self) -> String {
        let first = self.chain.first();
        first.map_or_else(String::new, |first| first.tbs_certificate.subject.to_string())
    }

    fn leaf(&self) -> &Certificate {
        self.chain.first().expect("the constructor wants one")
    }
}

/// Each block between its boundaries; tools write remarks between them.
fn pem_certificates(text: &str) -> Result<Vec<Certificate>, SignerError> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    text.split(BEGIN)
        .skip(1)
        .take(CHAIN_MAX + 1)
        .map(|rest| {
            let (block, _) = rest.split_once(END).ok_or(SignerError::Certificates)?;
            Certificate::from_pem(format!("{BEGIN}{block}{END}")).map_err(|_| SignerError::Certificates)
        })
        .collect()
}

/// Why and when a document is signed; PDF readers show it.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// Why, in a few words.
    pub reason: &'a str,
    /// When, whole seconds count.
    pub at: DateTime<Utc>,
}

/// Why a document was not signed. All are mistakes of the program.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Not a PDF, or one without pages.
    #[error("the PDF is not read: {0}")]
    Pdf(String),
    /// It has form fields, perhaps a signature.
    #[error("the PDF has form fields already")]
    Fields,
    /// The signature is not written.
    #[error("the signature is not written: {0}")]
    Cms(#[from] x509_cert::der::Error),
    /// The signature is longer than the place kept for it.
    #[error("the signature takes {needed} bytes of {kept}")]
    TooLong {
        /// Bytes of the CMS.
        needed: usize,
        /// Bytes kept in the file.
        kept: usize,
    },
}

/// The document with a signature over all of it.
pub fn sign(pdf: &[u8], signer: &Signer, signing: Signing<'_>) -> Result<Vec<u8>, SignError> {
    let mut kept = 1024;
    for certificate in &signer.chain {
        kept += usize::try_from(certificate.encoded_len()?).unwrap_or_default();
    }
    let unsigned = update::with_field(pdf, signer, signing, kept)?;
    let [before, after] = unsigned.signed_parts();
    let digest = Sha256::new().chain_update(before).chain_update(after).finalize();
    let signature = cms::detached(signer, &digest.into())?;
    unsigned.fill_in(&signature)
}
