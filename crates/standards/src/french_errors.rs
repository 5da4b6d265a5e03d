//! What the operating system and serde say in English, in French: an error ends on a person's screen.

mod io_errors;
mod json_errors;

pub use io_errors::{cause, reason};
pub use json_errors::french as json;
