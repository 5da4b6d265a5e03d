use std::fmt;
use std::str::FromStr;

use crate::proof::{Hash, Note, NoteError, NoteKey, VerifierKey};

/// What fixes a log: its name, how many leaves it has and their root (C2SP tlog-checkpoint).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name: the name of the key that signs.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree.
    pub root: Hash,
}

/// Why a checkpoint is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note or its signature.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Signed, but not three lines or more of origin, size and root; or the origin is another log's.
    #[error("not a checkpoint of this log")]
    Form,
}

impl Checkpoint {
    /// As a signed note.
    #[must_use]
    pub fn sign(&self, key: &NoteKey) -> String {
        key.sign(&self.to_string())
    }

    /// The checkpoint in `note`, if `key` signed it.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let checkpoint: Self = Note::parse(note)?.verify(key)?.parse()?;
        if checkpoint.origin == key.name() {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Form)
        }
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads the text of a checkpoint; lines after the third are extensions, signed but not understood.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Form);
        };
        let count: u64 = size.parse().map_err(|_| CheckpointError::Form)?;
        let root = Hash::from_base64(root).ok_or(CheckpointError::Form)?;
        if origin.is_empty() || count.to_string() != size {
            return Err(CheckpointError::Form);
        }
        Ok(Self {
            origin: origin.to_owned(),
            size: count,
            root,
        })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root.to_base64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_believed_from_its_own_log_only() {
        let key = NoteKey::from_seed("a.example/log", &[7; 32]).unwrap();
        let checkpoint = |origin: &str| Checkpoint {
            origin: origin.to_owned(),
            size: 12,
            root: Hash::empty(),
        };
        let ours = checkpoint("a.example/log");
        assert_eq!(Checkpoint::open(&ours.sign(&key), &key.verifier()), Ok(ours));
        let others = checkpoint("b.example/log").sign(&key);
        assert_eq!(Checkpoint::open(&others, &key.verifier()), Err(CheckpointError::Form));
        for text in [
            "a\n012\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            "a\n1\n47DE\n",
            "a\n1\n",
        ] {
            assert!(text.parse::<Checkpoint>().is_err());
        }
    }
}
