//! The voucher: a signed value of 86 bytes, from the key to the paper and back. Pure: no I/O, no clock, no
//! randomness; instants and seeds are arguments.
//!
//! ```text
//! Terms ──SigningKey::sign──► Token ──to_url──► text ──Qr──► paper
//!   │                           └──expand──► COSE_Sign1 over a CWT, for anybody else's library
//!   └── id ── ShortCode: F6GVF-A2SFF-WB1XY, for fingers
//!
//! what a scanner typed ──scanned──► text
//! series, booklet ── CoverCode: COUV-263-1042-59, which finds a booklet and spends nothing
//! text, instant ──Keyring::verify──► Verified, or a VerifyError: a stable word and a French sentence
//!
//! root ──Delegation──► KeySet ──► the keys of a Keyring, for a phone that pins the root and nothing else
//! StatusShard ──StatusList::sign──► what became of a million vouchers, in some 100 kB, with its age
//! ```
//!
//! **The invariant.** A [`Verified`] exists only if [`Keyring`] checked its signature (strictly), its key's
//! purpose, window and bounds, and its last day. A function that takes one cannot be given anything less. That the
//! voucher is active and unspent is not in the token; the ledger knows.
//!
//! **One voucher, one text.** Bytes, digits, address and CWT determine one another: nothing can be respelt, so a
//! token can be compared and counted as it stands. What a scanner changes on the way is put back before, by
//! [`scanned()`] alone. The signature is deterministic, so none is ever stored.
//!
//! | limit | value |
//! |---|---|
//! | a host | [`HOST_CHARS_MAX`] = 22 characters |
//! | a token | [`TOKEN_BYTES`] = 86 bytes, [`TOKEN_DIGITS`] = 209 digits |
//! | a symbol | [`QrLevel`]: version 9-Q or 7-M, never another |
//! | a status list | 2²⁰ vouchers, [`STATUS_LIST_BYTES_MAX`]; inflated only after its signature is checked |
//! | a key set | [`KEY_SET_SECONDS_MAX`] = 7 days, [`KEY_SET_BYTES_MAX`], [`KEY_SET_KEYS_MAX`] |
//! | a series | 2²⁴ vouchers ([`Idx`]), up to 655.35 € each, until 2199 ([`LastDay`]) |
//!
//! **Rejected.** The CWT itself in the QR code: 115 bytes, one or two versions more. An address in capitals, for the
//! denser alphanumeric mode: several phone cameras do not open `HTTPS://`. A general CBOR library: three fixed shapes
//! need few kinds of item, and signed bytes must not change with a dependency.
//!
//! # Sign, then verify
//!
//! ```
//! use voucher::*;
//!
//! let key = SigningKey::from_seed(&[7; 32].into());
//! let terms = Terms {
//!     series: 263,
//!     idx: Idx::new(734_219).ok_or("24 bits")?,
//!     cents: 10_00,
//!     day: LastDay::new(3287), // 31/12/2028
//!     id: VoucherId::new([0xf3, 0x43, 0x6f, 0x50, 0xb2, 0xf7, 0xf1, 0x61]),
//! };
//! let host: Host = "cheque.example.fr".parse()?;
//! let text = key.sign(&terms).to_url(&host);
//!
//! let public = PublicKey::new(&key.public_bytes(), KeyPolicy::unbounded(Purpose::Voucher))?;
//! let keyring = Keyring::new(host, vec![public]);
//! let at_unix_seconds = 1_800_000_000;
//! assert_eq!(keyring.verify(&text, at_unix_seconds)?.terms(), &terms);
//!
//! let altered = text.replace("315344", "315345");
//! assert_eq!(keyring.verify(&altered, at_unix_seconds), Err(VerifyError::Forged));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Know without a network what became of a voucher
//!
//! ```
//! use voucher::*;
//!
//! let key = SigningKey::from_seed(&[8; 32].into());
//! let public = PublicKey::new(&key.public_bytes(), KeyPolicy::unbounded(Purpose::Status))?;
//! let (idx, made_at) = (Idx::new(734_219).ok_or("24 bits")?, 1_800_000_000);
//! let uri = "cheque.example.fr".parse::<Host>()?.status_list_uri(263, idx.shard());
//!
//! let mut shard = StatusShard::new();
//! shard.set(idx.place(), Status::Used);
//! let published = StatusList::new(shard, made_at, made_at + 72 * 3600, 60).sign(&uri, &key)?;
//!
//! let list = StatusList::verify(&published, &uri, &[public], made_at + 600)?;
//! assert_eq!(list.shard().get(idx.place()), Status::Used);
//! assert_eq!(list.age_seconds(made_at + 600), 600);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Print and type the short code
//!
//! ```
//! use voucher::{ShortCode, ShortCodeError, VoucherId};
//!
//! let id = VoucherId::new([0xf3, 0x43, 0x6f, 0x50, 0xb2, 0xf7, 0xf1, 0x61]);
//! assert_eq!(id.short_code().to_string(), "F6GVF-A2SFF-WB1XY");
//! assert_eq!("f6gvf a2sff wblxy".parse::<ShortCode>()?.id(), id);
//! assert_eq!("F6GFV-A2SFF-WB1XY".parse::<ShortCode>(), Err(ShortCodeError::Check));
//! # Ok::<(), ShortCodeError>(())
//! ```

#![expect(clippy::missing_panics_doc, reason = "each `expect` is a proof that it cannot fail")]

mod cose;
mod envelope;
mod keys;
mod qr;
mod scanned;
mod secrets;
mod short_code;
mod status;
mod terms;
mod text;
mod token;
mod verify_error;

pub use keys::cose_key_set::{COSE_KEY_SET_TYPE, cose_key_set};
pub use keys::delegation::{DELEGATION_SECONDS_MAX, DELEGATION_TYPE, Delegation, DelegationError};
pub use keys::jwks::{JwkSet, JwksError};
pub use keys::key::{Bounds, KeyPolicy, PublicKey, Purpose, WeakKey};
pub use keys::key_set::{
    KEY_SET_BYTES_MAX, KEY_SET_KEYS_MAX, KEY_SET_SECONDS_MAX, KEY_SET_TYPE, KeySet, KeySetError,
    PROGRAMME_NAME_CHARS_MAX, SeriesFacts,
};
pub use keys::keyring::{Keyring, SERVER_GRACE_SECONDS, Verified};
pub use keys::kid::{Kid, KidError, thumbprint};
pub use keys::sign::{SignError, Signer, SigningKey, ToBeSigned};
pub use qr::{QUIET_ZONE_MODULES, Qr, QrLevel};
pub use scanned::scanned;
pub use secrets::{
    CODE_DIGEST_BYTES, CodeKeys, EvidenceKeys, EvidenceSealError, IdKeys, KeyCheck, NONCE_BYTES, SEAL_NONCE_BYTES,
    SecretRingError,
};
pub use short_code::{ILLEGIBLE_MAX, SHORT_CODE_SYMBOLS, ShortCode, ShortCodeError, typed_signs};
pub use status::list::{CLOCK_SKEW_SECONDS, STATUS_LIST_BYTES_MAX, STATUS_LIST_TYPE, StatusList, StatusListError};
pub use status::{SHARD_PLACES, Status, StatusShard};
pub use terms::{Idx, LastDay, Terms, VoucherId};
pub use text::cover::{CoverCode, CoverCodeError};
pub use text::{HOST_CHARS_MAX, Host, HostError, TOKEN_DIGITS, TextError};
pub use token::{TERMS_BYTES, TOKEN_BYTES, Token, UnknownFormat};
pub use verify_error::VerifyError;
