//! Who pays what of a voucher: the published vectors, and an exhaustive proof.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod exhaustive;
mod vectors;
