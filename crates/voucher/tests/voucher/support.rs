//! What the tests share: the vectors and a key ring that believes their keys.

use std::sync::LazyLock;

use data_encoding::HEXLOWER;
use serde::Deserialize;
use voucher::{Host, Idx, KeyPolicy, Keyring, LastDay, PublicKey, Purpose, SigningKey, Terms, VoucherId};
use zeroize::Zeroizing;

/// An instant at which some vectors are expired and some are not: 2026-06-01.
pub const AT: i64 = 1_780_272_000;

#[derive(Deserialize)]
pub struct Vectors {
    pub host: String,
    pub keys: Vec<Key>,
    pub valid: Vec<Valid>,
    pub invalid: Vec<Invalid>,
    pub short_codes: ShortCodes,
}

#[derive(Deserialize)]
pub struct Key {
    pub kid: String,
    pub thumbprint: String,
    pub private_seed: String,
    pub public: String,
    #[serde(rename = "cose_key")]
    pub cose: String,
}

#[derive(Deserialize)]
pub struct Valid {
    pub kid: String,
    pub series: u16,
    pub idx: u32,
    pub cents: u16,
    pub day: u16,
    pub exp: i64,
    pub id: String,
    pub token: String,
    pub digits: String,
    pub url: String,
    pub cwt: String,
    pub short_code: String,
}

#[derive(Deserialize)]
pub struct Invalid {
    pub why: String,
    pub digits: Option<String>,
    pub url: Option<String>,
}

#[derive(Deserialize)]
pub struct ShortCodes {
    pub same: Vec<String>,
    pub refused: Vec<String>,
}

pub static VECTORS: LazyLock<Vectors> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../vectors/tokens.json")).expect("the vectors are well formed")
});

impl Key {
    pub fn signing(&self) -> SigningKey {
        SigningKey::from_seed(&Zeroizing::new(bytes(&self.private_seed)))
    }
}

impl Valid {
    pub fn terms(&self) -> Terms {
        Terms {
            series: self.series,
            idx: Idx::new(self.idx).expect("an index has 24 bits"),
            cents: self.cents,
            day: LastDay::new(self.day),
            id: VoucherId::new(bytes(&self.id)),
        }
    }
}

/// The bytes of a hexadecimal text of the right length.
pub fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    HEXLOWER
        .decode(hex.as_bytes())
        .expect("hexadecimal")
        .try_into()
        .expect("the right length")
}

pub fn host() -> Host {
    VECTORS.host.parse().expect("the vectors' host is printable")
}

pub fn key(seed: &str) -> SigningKey {
    SigningKey::from_seed(&Zeroizing::new(bytes(&format!("{seed:0>64}"))))
}

pub fn public(key: &SigningKey, policy: KeyPolicy) -> PublicKey {
    PublicKey::new(&key.public_bytes(), policy).expect("a key from a seed is strong")
}

pub fn unbounded(key: &SigningKey) -> PublicKey {
    public(key, KeyPolicy::unbounded(Purpose::Voucher))
}

/// A key ring with the keys of the vectors.
pub fn keyring() -> Keyring {
    Keyring::new(
        host(),
        VECTORS.keys.iter().map(|key| unbounded(&key.signing())).collect(),
    )
}

/// A voucher of 10 € that is accepted until the end of 2028.
pub fn terms() -> Terms {
    VECTORS.valid[0].terms()
}

/// A `COSE_Sign1` of any type over any payload, rightly signed, written with another library than the crate's own writer.
pub fn sign1(key: &SigningKey, typ: &str, payload: &[u8]) -> Vec<u8> {
    use minicbor::Encoder;
    use minicbor::data::Tag;
    use voucher::Signer;
    let mut header = Encoder::new(Vec::new());
    header.map(3).unwrap().u8(1).unwrap().i8(-19).unwrap();
    header
        .u8(4)
        .unwrap()
        .bytes(&key.kid().to_bytes())
        .unwrap()
        .u8(16)
        .unwrap()
        .str(typ)
        .unwrap();
    let header = header.into_writer();
    let mut message = Encoder::new(Vec::new());
    message
        .array(4)
        .unwrap()
        .str("Signature1")
        .unwrap()
        .bytes(&header)
        .unwrap();
    message.bytes(&[]).unwrap().bytes(payload).unwrap();
    let signature = key.sign_bytes(&message.into_writer()).unwrap();
    let mut document = Encoder::new(Vec::new());
    document
        .tag(Tag::new(18))
        .unwrap()
        .array(4)
        .unwrap()
        .bytes(&header)
        .unwrap()
        .map(0)
        .unwrap();
    document.bytes(payload).unwrap().bytes(&signature).unwrap();
    document.into_writer()
}
