//! The COSE and CWT bytes that are signed, in deterministic CBOR (RFC 8949 § 4.2.1).
//!
//! A few fixed shapes need few kinds of CBOR item, so they are written here rather than with a library: the shortest heads
//! and the order of the keys are then visible, and no dependency can change signed bytes. What comes from elsewhere is read
//! with a library, in [`crate::envelope`] and beside each shape.

use crate::{Kid, Terms};

pub(crate) const ALG: u8 = 1; // header parameters, RFC 9052 § 3.1
pub(crate) const KID: u8 = 4;
pub(crate) const TYP: u8 = 16; // RFC 9596
pub(crate) const ED25519: u64 = 19; // RFC 9864; -8, EdDSA, is deprecated
pub(crate) const SUB: u8 = 2; // CWT claims, RFC 8392 § 4
pub(crate) const EXP: u8 = 4;
pub(crate) const IAT: u8 = 6;
const CTI: u8 = 7;
const VALUE: u64 = 65_537; // private use: [cents, series, idx]
pub(crate) const TAG_SIGN1: u64 = 18;

/// The major types of CBOR that are used here, already in their three bits.
pub(crate) mod major {
    pub const UNSIGNED: u8 = 0 << 5;
    pub const NEGATIVE: u8 = 1 << 5;
    pub const BYTES: u8 = 2 << 5;
    pub const TEXT: u8 = 3 << 5;
    pub const ARRAY: u8 = 4 << 5;
    pub const MAP: u8 = 5 << 5;
    pub const TAG: u8 = 6 << 5;
    pub const SIMPLE: u8 = 7 << 5;
}

const FALSE: u64 = 20; // simple values, RFC 8949 § 3.3
const TRUE: u64 = 21;
const NULL: u64 = 22;

/// A growing CBOR item.
pub(crate) struct Cbor(pub Vec<u8>);

impl Cbor {
    pub fn new() -> Self {
        Self(Vec::with_capacity(128))
    }

    /// The head of an item: its major type and its argument in the fewest bytes.
    pub fn head(mut self, major: u8, argument: u64) -> Self {
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

    pub fn uint(self, value: impl Into<u64>) -> Self {
        self.head(major::UNSIGNED, value.into())
    }

    /// The negative integer `-magnitude`; the magnitude is at least 1.
    pub fn negative(self, magnitude: u64) -> Self {
        self.head(major::NEGATIVE, magnitude - 1)
    }

    pub fn bytes(self, bytes: &[u8]) -> Self {
        let mut this = self.head(major::BYTES, bytes.len() as u64);
        this.0.extend(bytes);
        this
    }

    pub fn text(self, text: &str) -> Self {
        let mut this = self.head(major::TEXT, text.len() as u64);
        this.0.extend(text.as_bytes());
        this
    }

    pub fn array(self, items: usize) -> Self {
        self.head(major::ARRAY, items as u64)
    }

    pub fn map(self, pairs: usize) -> Self {
        self.head(major::MAP, pairs as u64)
    }

    /// A whole number of seconds, which may be before 1970.
    pub fn int(self, value: i64) -> Self {
        match u64::try_from(value) {
            Ok(value) => self.head(major::UNSIGNED, value),
            Err(_) => self.negative(value.unsigned_abs()),
        }
    }

    /// An integer, or null.
    pub fn int_or_null(self, value: Option<i64>) -> Self {
        match value {
            Some(value) => self.int(value),
            None => self.head(major::SIMPLE, NULL),
        }
    }

    pub fn bool(self, value: bool) -> Self {
        self.head(major::SIMPLE, if value { TRUE } else { FALSE })
    }
}

/// `{1: -19, 4: kid}`
fn protected(kid: Kid) -> Vec<u8> {
    Cbor::new()
        .map(2)
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
        .map(3)
        .uint(EXP)
        .uint(exp)
        .uint(CTI)
        .bytes(&terms.id.to_bytes())
        .negative(VALUE)
        .array(3)
        .uint(terms.cents)
        .uint(terms.series)
        .uint(terms.idx.get())
        .0
}

/// The bytes that are signed for a token.
pub(crate) fn token_sig_structure(kid: Kid, terms: &Terms) -> Vec<u8> {
    sig_structure(&protected(kid), &payload(terms))
}

/// The bytes that are signed: `["Signature1", protected, h'', payload]` (RFC 9052 § 4.4).
pub(crate) fn sig_structure(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    Cbor::new()
        .array(4)
        .text("Signature1")
        .bytes(protected)
        .bytes(&[])
        .bytes(payload)
        .0
}

/// The token as COSE.
pub(crate) fn token_sign1(kid: Kid, terms: &Terms, signature: &[u8; 64]) -> Vec<u8> {
    sign1(&protected(kid), &payload(terms), signature)
}

/// `18([protected, {}, payload, signature])`
pub(crate) fn sign1(protected: &[u8], payload: &[u8], signature: &[u8; 64]) -> Vec<u8> {
    Cbor::new()
        .head(major::TAG, TAG_SIGN1)
        .array(4)
        .bytes(protected)
        .map(0)
        .bytes(payload)
        .bytes(signature)
        .0
}

/// The `COSE_Key` of an Ed25519 public key: `{1: 1, -1: 6, -2: x}`, kty OKP and curve Ed25519 (RFC 9053 § 7.2).
pub(crate) fn cose_key(x: &[u8; 32]) -> Vec<u8> {
    Cbor::new()
        .map(3)
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
