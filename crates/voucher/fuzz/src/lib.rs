//! What the fuzz targets share: a host, keys anybody can make again, a limit on memory, and signed envelopes around any payload.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use voucher::{Host, KeyPolicy, Keyring, PublicKey, Purpose, Signer, SigningKey};
use zeroize::Zeroizing;

/// An instant inside the dates of the corpus: 2026-06-01.
pub const AT: i64 = 1_780_272_000;

/// Where the list of the corpus is published.
pub const LIST_URI: &str = "https://cheque.example.fr/sl/263/0";

/// More than any reader may hold at once: a shard is 256 KiB, a key set at most 1 MiB.
const LIVE_BYTES_MAX: usize = 32 << 20;

/// The system's allocator, which ends the process when an input makes a reader take too much: libFuzzer's own limit needs a
/// sanitizer, and a sanitizer needs nightly Rust.
struct Limited;

static LIVE_BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE_BYTES.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        if live > LIVE_BYTES_MAX {
            // Nothing that allocates may be called here.
            std::process::abort();
        }
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE_BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Limited = Limited;

/// The host of the corpus.
pub fn host() -> Host {
    "cheque.example.fr".parse().expect("a host")
}

/// The private key number `number`.
pub fn key(number: u8) -> SigningKey {
    let mut seed = [0; 32];
    seed[31] = number;
    SigningKey::from_seed(&Zeroizing::new(seed))
}

/// Its public key, for one purpose and without bounds.
pub fn public(key: &SigningKey, purpose: Purpose) -> PublicKey {
    PublicKey::new(&key.public_bytes(), KeyPolicy::unbounded(purpose)).expect("a key from a seed is strong")
}

/// A ring that believes the keys 1 and 2.
pub fn keyring() -> Keyring {
    Keyring::new(
        host(),
        vec![public(&key(1), Purpose::Voucher), public(&key(2), Purpose::Voucher)],
    )
}

/// `payload` in an envelope of the type `typ` that `signer` really signed: what is behind the signature is reached only so.
pub fn signed(typ: &str, payload: &[u8], signer: &SigningKey) -> Vec<u8> {
    let mut protected = vec![0xa3, 0x01, 0x32, 0x04];
    bytes(&mut protected, 2, &signer.kid().to_bytes());
    protected.push(0x10);
    bytes(&mut protected, 3, typ.as_bytes());
    let mut message = vec![0x84];
    bytes(&mut message, 3, b"Signature1");
    bytes(&mut message, 2, &protected);
    bytes(&mut message, 2, b"");
    bytes(&mut message, 2, payload);
    let signature = signer.sign_bytes(&message).expect("a key in memory signs");
    let mut document = vec![0xd2, 0x84];
    bytes(&mut document, 2, &protected);
    document.push(0xa0);
    bytes(&mut document, 2, payload);
    bytes(&mut document, 2, &signature);
    document
}

/// A CBOR string of a major type, with the shortest head.
fn bytes(out: &mut Vec<u8>, major: u8, content: &[u8]) {
    let major = major << 5;
    match content.len() {
        length @ 0..=23 => out.push(major | length as u8),
        length @ 24..=0xff => out.extend([major | 24, length as u8]),
        length @ 0x100..=0xffff => {
            out.push(major | 25);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(major | 26);
            out.extend((length as u32).to_be_bytes());
        }
    }
    out.extend(content);
}
