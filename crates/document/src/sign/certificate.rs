//! A first identity for a fund that has no certificate yet: it signs for itself. Readers show such a signature as intact and its
//! signer as unknown until they are told to trust it: the operator publishes the certificate, or buys one.

use chrono::{DateTime, Days, Utc};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::{EncodePrivateKey, LineEnding};
use p256::{SecretKey, elliptic_curve};
use sha2::{Digest, Sha256};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{
    BitString, GeneralizedTime, ObjectIdentifier, OctetString, PrintableStringRef, SetOfVec, UtcTime, Utf8StringRef,
};
use x509_cert::der::{Any, DateTime as DerTime, Encode, EncodePem};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier};
use x509_cert::ext::{AsExtension, Extension};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};
use x509_cert::{Certificate, TbsCertificate, Version};

use super::ECDSA_WITH_SHA_256;

/// As long as the books are kept.
const VALID_DAYS: u64 = 3653;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");

/// A key and the certificate it signed for itself, both PEM. No `Debug`: it holds a private key.
pub struct NewIdentity {
    pub certificate: String,
    /// PKCS#8. To keep.
    pub key: p256::elliptic_curve::zeroize::Zeroizing<String>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// One in 2³²: these 32 bytes are no key. Take others.
    #[error("these bytes are no key of P-256")]
    NoKey(#[from] elliptic_curve::Error),
    /// The key is not written.
    #[error("the key is not written")]
    Key(#[from] p256::pkcs8::Error),
    /// The certificate is not written: a name of more than a few hundred letters, a time beyond the year 9999.
    #[error("the certificate is not written: {0}")]
    Certificate(String),
}

impl From<x509_cert::der::Error> for IdentityError {
    fn from(error: x509_cert::der::Error) -> Self {
        Self::Certificate(error.to_string())
    }
}

/// A new identity for `name` from 32 random bytes, valid from `at` for ten years.
pub fn self_signed(name: &str, random: &[u8; 32], at: DateTime<Utc>) -> Result<NewIdentity, IdentityError> {
    let refused = |error: &dyn std::fmt::Display| IdentityError::Certificate(error.to_string());
    let secret = SecretKey::from_slice(random)?;
    let signer = SigningKey::from(&secret);
    let name = subject(name)?;
    let spki = SubjectPublicKeyInfoOwned::from_key(*signer.verifying_key()).map_err(|error| refused(&error))?;
    let algorithm = AlgorithmIdentifierOwned {
        oid: ECDSA_WITH_SHA_256,
        parameters: None,
    };
    let tbs = TbsCertificate {
        version: Version::V3,
        serial_number: serial(&spki)?,
        signature: algorithm.clone(),
        issuer: name.clone(),
        validity: validity(at)?,
        extensions: Some(extensions(&spki, &name)?),
        subject: name,
        subject_public_key_info: spki,
        issuer_unique_id: None,
        subject_unique_id: None,
    };
    let signature: DerSignature = signer.sign(&tbs.to_der()?);
    let certificate = Certificate {
        tbs_certificate: tbs,
        signature_algorithm: algorithm,
        signature: BitString::from_bytes(signature.as_bytes())?,
    };
    Ok(NewIdentity {
        certificate: certificate.to_pem(LineEnding::LF)?,
        key: secret.to_pkcs8_pem(LineEnding::LF)?,
    })
}

/// It signs documents and nothing else, and vouches for nobody (RFC 5280 §4.2.1).
fn extensions(spki: &SubjectPublicKeyInfoOwned, name: &Name) -> Result<Vec<Extension>, IdentityError> {
    let usage = KeyUsage(KeyUsages::DigitalSignature | KeyUsages::NonRepudiation);
    let basic = BasicConstraints {
        ca: false,
        path_len_constraint: None,
    };
    // RFC 7093 §2, method 1: the first 160 bits of SHA-256.
    let digest = Sha256::digest(spki.subject_public_key.raw_bytes());
    let identifier: Vec<u8> = digest.iter().copied().take(20).collect();
    let identifier = SubjectKeyIdentifier(OctetString::new(identifier)?);
    Ok(vec![
        identifier.to_extension(name, &[])?,
        basic.to_extension(name, &[])?,
        usage.to_extension(name, &[])?,
    ])
}

fn subject(name: &str) -> Result<Name, IdentityError> {
    let part = |oid, value| {
        SetOfVec::try_from(vec![AttributeTypeAndValue { oid, value }]).map(RelativeDistinguishedName::from)
    };
    let country = Any::encode_from(&PrintableStringRef::new("FR")?)?;
    let name = Any::encode_from(&Utf8StringRef::new(name)?)?;
    Ok(RdnSequence(vec![part(COUNTRY, country)?, part(COMMON_NAME, name)?]))
}

/// From the key: unique to it, positive, 16 bytes.
fn serial(spki: &SubjectPublicKeyInfoOwned) -> Result<SerialNumber, IdentityError> {
    let digest = Sha256::digest(spki.subject_public_key.raw_bytes());
    let mut bytes: Vec<u8> = digest.iter().copied().take(16).collect();
    if let Some(first) = bytes.first_mut() {
        *first = *first & 0x3f | 0x40;
    }
    Ok(SerialNumber::new(&bytes)?)
}

fn validity(at: DateTime<Utc>) -> Result<Validity, IdentityError> {
    let end = at.checked_add_days(Days::new(VALID_DAYS)).unwrap_or(at);
    let time = |at: DateTime<Utc>| {
        let seconds = u64::try_from(at.timestamp()).unwrap_or_default();
        let time = DerTime::from_unix_duration(std::time::Duration::from_secs(seconds))?;
        // RFC 5280 §4.1.2.5: two digits of the year through 2049.
        Ok::<_, x509_cert::der::Error>(match UtcTime::from_date_time(time) {
            Ok(time) => Time::UtcTime(time),
            Err(_) => Time::GeneralTime(GeneralizedTime::from_date_time(time)),
        })
    };
    Ok(Validity {
        not_before: time(at)?,
        not_after: time(end)?,
    })
}
