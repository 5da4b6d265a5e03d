//! Private keys from outside: what opens, what is refused, and a real security module.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod hsm;
mod sealed;
