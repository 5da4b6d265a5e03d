//! The services' REST interface from outside: for the demo, the commands that ask a server, tests, and whoever integrates.
//!
//! [`Client`] speaks as one organisation, or as nobody. An answer is read as the type that the caller names, and every way not to
//! get one is a [`ClientError`]: a [`Refusal`] carries the server's problem (RFC 9457) with the stable word of its type. Nothing is
//! repeated by itself: operations are idempotent by the caller's id, so a caller may.
//!
//! The library speaks HTTP without TLS and uses no proxy; where a key may be sent is the caller's rule.

mod client;
mod error;
mod import;
mod page;

pub use client::{Client, Exchange, Limits, Watcher};
pub use error::{ClientError, Refusal};
pub use import::{ImportCell, ImportReport};
