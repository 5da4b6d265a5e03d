#![no_main]
//! Any text as a host and as a key identifier: what is accepted is written as it was read.

use libfuzzer_sys::fuzz_target;
use voucher::{HOST_CHARS_MAX, Host, Kid};

fuzz_target!(|text: &str| {
    if let Ok(host) = text.parse::<Host>() {
        assert_eq!(host.as_str(), text);
        assert!(text.len() <= HOST_CHARS_MAX && text.is_ascii());
    }
    if let Ok(kid) = text.parse::<Kid>() {
        assert_eq!(kid.to_string(), text.to_ascii_lowercase());
    }
});
