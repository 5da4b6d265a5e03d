//! The voucher from outside: the vectors made with other libraries, and properties over any input.

#![expect(clippy::unwrap_used, reason = "what the tests share is test code too")]

mod jwks;
mod key_set;
mod keyring;
mod properties;
mod qr;
mod short_code;
mod status_list;
mod support;
mod vectors;
