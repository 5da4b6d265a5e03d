#![no_main]
//! Any text as each of the small values: what is accepted is written in one way, which is read as the same value.

use std::fmt::Display;
use std::str::FromStr;

use libfuzzer_sys::fuzz_target;
use standards::{Bic, Cents, CommuneCode, DepartementCode, Iban, Month, RegionCode, Siren, Siret, Territory};

/// Reads, writes and reads again.
fn round<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert!(value.to_string().parse::<T>().is_ok_and(|again| again == value));
    }
}

fuzz_target!(|text: &str| {
    round::<Cents>(text);
    round::<Month>(text);
    round::<Siren>(text);
    round::<Siret>(text);
    round::<Bic>(text);
    round::<CommuneCode>(text);
    round::<DepartementCode>(text);
    round::<RegionCode>(text);
    round::<Territory>(text);
    // `Display` masks it: it is written whole for its holder only.
    if let Ok(iban) = text.parse::<Iban>() {
        assert_eq!(iban.grouped().parse::<Iban>().as_ref(), Ok(&iban));
    }
});
