//! Signed notes (C2SP signed-note): a text, an empty line, and a line a signature. Some lines are the log's, others those of co-signers, and
//! a signature of one type never stands for the other: the type is in the key's hash.

mod cosign;
mod error;
mod key;
mod parsed;

pub use cosign::{Cosigner, CosignerKey};
pub use error::NoteError;
pub use key::{NoteKey, SignBytes, SignFailed, VerifierKey};
pub use parsed::{NOTE_BYTES_MAX, Note};
