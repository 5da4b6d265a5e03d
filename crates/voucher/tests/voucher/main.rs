//! The voucher from outside: the vectors made with other libraries, and properties over any input.

mod jwks;
mod keyring;
mod properties;
mod qr;
mod short_code;
mod status_list;
mod support;
mod vectors;
