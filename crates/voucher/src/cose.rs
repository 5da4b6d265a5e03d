//! The COSE and CWT bytes that a token determines, in deterministic CBOR (RFC 8949 § 4.2.1).
//!
//! Three fixed shapes need few kinds of CBOR item, so they are written here rather than with a library:
//! the shortest heads and the order of the keys are then visible, and no dependency can change signed bytes.

use crate::{Kid, Terms};

const ALG: u8 = 1; // header parameters, RFC 9052 § 3.1
const KID: u8 = 4;
const ED25519: u64 = 19; // RFC 9864; -8, EdDSA, is deprecated
const EXP: u8 = 4; // CWT claims, RFC 8392 § 4
const CTI: u8 = 7;
const VALUE: u64 = 65_537; // private use: [cents, series, idx]
const TAG_SIGN1: u64 = 18;

/// The major types of CBOR that are used here, already in their three bits.
mod major {
    pub const UNSIGNED: u8 = 0 << 5;
    pub const NEGATIVE: u8 = 1 << 5;
    pub const BYTES: u8 = 2 << 5;
    pub const TEXT: u8 = 3 << 5;
    pub const ARRAY: u8 = 4 << 5;
    pub const MAP: u8 = 5 << 5;
    pub const TAG: u8 = 6 << 5;
}

/// A growing CBOR item.
struct Cbor(Vec<u8>);

impl Cbor {
    fn new() -> Self {
        Self(Vec::with_capacity(128))
    }

    /// The head of an item: its major type and its argument in the fewest bytes.
    fn head(mut self, major: u8, argument: u64) -> Self {
        let [.., b4, b5, b6, b7] = argument.to_be_bytes();
        match argument {
            0..=23 => self.0.push(major | b7),
            24..=0xFF => self.0.extend([major | 0x18, b7]),
            0x100..=0xFFFF => self.0.extend([major | 0x19, b6, b7]),
            0x1_0000..=0xFFFF_FFFF => self.0.extend([major | 0x1a, b4, b5, b6, b7]),
            _ => {
                self.0.push(major | 0x1b);
                self.0.extend(argument.to_be_bytes());
            }
        }
        self
    }

    fn uint(self, value: impl Into<u64>) -> Self {
        self.head(major::UNSIGNED, value.into())
    }

    /// The negative integer `-magnitude`; the magnitude is at least 1.
    fn negative(self, magnitude: u64) -> Self {
        self.head(major::NEGATIVE, magnitude - 1)
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let mut this = self.head(major::BYTES, bytes.len() as u64);
        this.0.extend(bytes);
        this
    }

    fn text(self, text: &str) -> Self {
        let mut this = self.head(major::TEXT, text.len() as u64);
        this.0.extend(text.as_bytes());
        this
    }
}

/// `{1: -19, 4: kid}`
fn protected(kid: Kid) -> Vec<u8> {
    Cbor::new()
        .head(major::MAP, 2)
        .uint(ALG)
        .negative(ED25519)
        .uint(KID)
        .bytes(&kid.to_bytes())
        .0
}

/// `{4: exp, 7: id, -65537: [cents, series, idx]}`
fn payload(terms: &Terms) -> Vec<u8> {
    let exp = u64::try_from(terms.day.exp_unix_seconds()).expect("no day is before 1970");
    Cbor::new()
        .head(major::MAP, 3)
        .uint(EXP)
        .uint(exp)
        .uint(CTI)
        .bytes(&terms.id.to_bytes())
        .negative(VALUE)
        .head(major::ARRAY, 3)
        .uint(terms.cents)
        .uint(terms.series)
        .uint(terms.idx.get())
        .0
}

/// The bytes that are signed: `["Signature1", protected, h'', payload]` (RFC 9052 § 4.4).
pub(crate) fn sig_structure(kid: Kid, terms: &Terms) -> Vec<u8> {
    Cbor::new()
        .head(major::ARRAY, 4)
        .text("Signature1")
        .bytes(&protected(kid))
        .bytes(&[])
        .bytes(&payload(terms))
        .0
}

/// `18([protected, {}, payload, signature])`
pub(crate) fn sign1(kid: Kid, terms: &Terms, signature: &[u8; 64]) -> Vec<u8> {
    Cbor::new()
        .head(major::TAG, TAG_SIGN1)
        .head(major::ARRAY, 4)
        .bytes(&protected(kid))
        .head(major::MAP, 0)
        .bytes(&payload(terms))
        .bytes(signature)
        .0
}

/// The `COSE_Key` of an Ed25519 public key: `{1: 1, -1: 6, -2: x}`, kty OKP and curve Ed25519 (RFC 9053 § 7.2).
pub(crate) fn cose_key(x: &[u8; 32]) -> Vec<u8> {
    Cbor::new()
        .head(major::MAP, 3)
        .uint(1u8)
        .uint(1u8)
        .negative(1)
        .uint(6u8)
        .negative(2)
        .bytes(x)
        .0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_takes_its_shortest_head() {
        for (value, hex) in [
            (0u64, "00"),
            (23, "17"),
            (24, "1818"),
            (255, "18ff"),
            (256, "190100"),
            (65_535, "19ffff"),
            (65_536, "1a00010000"),
            (4_294_967_295, "1affffffff"),
            (4_294_967_296, "1b0000000100000000"),
        ] {
            assert_eq!(data_encoding::HEXLOWER.encode(&Cbor::new().uint(value).0), hex);
        }
    }
}
