//! A signed document other than a token: `COSE_Sign1` (RFC 9052 § 4.2) with its type in the header (RFC 9596).
//!
//! ```text
//! 18([ {1: -19, 4: kid, 16: typ}, {}, payload, signature ])
//! ```
//!
//! Only this shape is read: a header parameter that is not known here may change what the document means.

use minicbor::Decoder;
use minicbor::data::{Int, Tag};
use thiserror::Error;

use crate::cose::{self, Cbor};
use crate::{Kid, PublicKey, SignError, Signer};

/// Not a signed document of the expected type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("Ce document signé est mal formé ou d'un autre type.")]
pub struct Malformed;

impl From<minicbor::decode::Error> for Malformed {
    fn from(_: minicbor::decode::Error) -> Self {
        Self
    }
}

/// Signs `payload` as a document of the media type `typ`.
pub(crate) fn sign(typ: &str, payload: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
    let protected = protected(signer.kid(), typ);
    let signature = signer.sign_bytes(&cose::sig_structure(&protected, payload))?;
    Ok(cose::sign1(&protected, payload, &signature))
}

fn protected(kid: Kid, typ: &str) -> Vec<u8> {
    Cbor::new()
        .map(3)
        .uint(cose::ALG)
        .negative(cose::ED25519)
        .uint(cose::KID)
        .bytes(&kid.to_bytes())
        .uint(cose::TYP)
        .text(typ)
        .0
}

/// A document whose signature has not been checked yet.
pub(crate) struct Envelope<'a> {
    pub kid: Kid,
    pub payload: &'a [u8],
    signature: [u8; 64],
    message: Vec<u8>,
}

impl<'a> Envelope<'a> {
    /// Reads one document of the type `typ` and nothing after it.
    pub(crate) fn read(bytes: &'a [u8], typ: &str) -> Result<Self, Malformed> {
        let mut decoder = Decoder::new(bytes);
        if decoder.tag()? != Tag::new(cose::TAG_SIGN1) || decoder.array()? != Some(4) {
            return Err(Malformed);
        }
        let protected = decoder.bytes()?;
        if decoder.map()? != Some(0) {
            return Err(Malformed);
        }
        let payload = decoder.bytes()?;
        let signature = decoder.bytes()?.try_into().map_err(|_| Malformed)?;
        if decoder.position() != bytes.len() {
            return Err(Malformed);
        }
        Ok(Self {
            kid: header(protected, typ)?,
            payload,
            signature,
            message: cose::sig_structure(protected, payload),
        })
    }

    /// Whether `key` signed it.
    pub(crate) fn signed_by(&self, key: &PublicKey) -> bool {
        key.kid() == self.kid && key.verifies(&self.message, &self.signature)
    }
}

/// The key identifier of a header that says what it should.
fn header(protected: &[u8], typ: &str) -> Result<Kid, Malformed> {
    let mut decoder = Decoder::new(protected);
    let pairs = decoder.map()?.ok_or(Malformed)?;
    let (mut alg, mut kid, mut typed) = (false, None, false);
    for _ in 0..pairs {
        let key = decoder.u8()?;
        let known = match key {
            cose::ALG if !alg => {
                alg = decoder.int()? == Int::from(-19_i8);
                alg
            }
            cose::KID if kid.is_none() => {
                kid = decoder.bytes()?.try_into().map(Kid::new).ok();
                kid.is_some()
            }
            cose::TYP if !typed => {
                typed = decoder.str()? == typ;
                typed
            }
            _ => false,
        };
        if !known {
            return Err(Malformed);
        }
    }
    let whole = decoder.position() == protected.len();
    kid.filter(|_| alg && typed && whole).ok_or(Malformed)
}
