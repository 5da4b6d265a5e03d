use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use uuid::Uuid;

/// The id that a name stands for. Every test has its own database, so names need not differ between tests.
#[must_use]
pub fn id(name: &str) -> Uuid {
    ids::derive_uuid(b"test", &[name.as_bytes()])
}

/// Ids for actors that need a new one at each act.
#[derive(Debug, Clone, Default)]
pub struct Ids(Arc<AtomicU32>);

impl Ids {
    /// One that was never given before.
    #[must_use]
    pub fn next(&self, what: &str) -> Uuid {
        id(&format!("{what} {}", self.0.fetch_add(1, Ordering::Relaxed)))
    }
}

/// A made-up SIREN with a true check digit.
#[must_use]
pub fn siren(number: u32) -> String {
    with_luhn(&format!("987{number:05}"))
}

/// A made-up SIRET with a true check digit.
#[must_use]
pub fn siret(number: u32) -> String {
    with_luhn(&format!("{}0001", siren(number)))
}

/// Appends Luhn's check digit.
fn with_luhn(digits: &str) -> String {
    let weighed = digits.bytes().rev().enumerate().map(|(place, byte)| {
        let digit = u32::from(byte - b'0');
        let value = if place % 2 == 0 { digit * 2 } else { digit };
        value / 10 + value % 10
    });
    let check = (10 - weighed.sum::<u32>() % 10) % 10;
    format!("{digits}{check}")
}

/// A made-up French IBAN with true check digits.
#[must_use]
pub fn iban(number: u32) -> String {
    let account = format!("3000600611{number:013}");
    // ISO 13616: the account, then FR00 with letters as numbers (F 15, R 27), modulo 97.
    let whole = format!("{account}152700");
    let remainder = whole
        .bytes()
        .fold(0, |rest, byte| (rest * 10 + u32::from(byte - b'0')) % 97);
    format!("FR{:02}{account}", 98 - remainder)
}
