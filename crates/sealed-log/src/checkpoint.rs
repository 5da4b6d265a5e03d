use std::fmt;
use std::str::FromStr;

use standards::Month;

use crate::note::{Note, NoteError, NoteKey, SignFailed, VerifierKey};
use crate::tree::Hash;

/// The extension line of a checkpoint that closes a month: this word and the month.
const CLOSED: &str = "closed ";

/// The extension line of every later checkpoint: this word, the last closed month and how many leaves there were at its close.
const LAST_CLOSED: &str = "last-closed ";

/// What fixes a log: its name, how many leaves it has and their root (C2SP tlog-checkpoint).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name: the name of the key that signs.
    pub origin: String,
    /// How many leaves the checkpoint covers.
    pub size: u64,
    /// The root of these leaves.
    pub root: Hash,
    /// The month that it closes, said in an extension line: no leaf from `size` on is booked in it or before it.
    pub closed: Option<Month>,
    /// The last close before it, and its number of leaves: who leaves out the last closes of an export is found out.
    pub last_closed: Option<(Month, u64)>,
}

/// Why a checkpoint is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is no signed note, or not signed by the key.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Signed, but not three lines or more of origin, size and root; or the origin is another log's.
    #[error("ce n'est pas un point de contrôle de ce journal")]
    Form,
}

impl Checkpoint {
    /// That the log `origin` has `size` leaves under `root`.
    #[must_use]
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self {
            origin: origin.to_owned(),
            size,
            root,
            closed: None,
            last_closed: None,
        }
    }

    /// A checkpoint that says that `month` was closed with it.
    #[must_use]
    pub fn of_close(origin: &str, size: u64, root: Hash, month: Month) -> Self {
        Self {
            closed: Some(month),
            ..Self::new(origin, size, root)
        }
    }

    /// The same checkpoint, which also names the close before it.
    #[must_use]
    pub fn after_close(self, last: Option<(Month, u64)>) -> Self {
        Self {
            last_closed: last,
            ..self
        }
    }

    /// Its text as a note that `key` signed.
    pub fn sign(&self, key: &NoteKey) -> Result<String, SignFailed> {
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

    /// Reads the text of a checkpoint; lines after the third are extensions: those of closes, or not understood.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Form);
        };
        let count: u64 = size.parse().map_err(|_| CheckpointError::Form)?;
        let root = Hash::from_base64(root).ok_or(CheckpointError::Form)?;
        let extension = |word| lines.clone().find_map(|line| line.strip_prefix(word));
        let closed = extension(CLOSED)
            .map(str::parse)
            .transpose()
            .map_err(|_| CheckpointError::Form)?;
        let last_closed = extension(LAST_CLOSED)
            .map(|told| last_closed(told).ok_or(CheckpointError::Form))
            .transpose()?;
        if origin.is_empty() || count.to_string() != size {
            return Err(CheckpointError::Form);
        }
        Ok(Self {
            origin: origin.to_owned(),
            size: count,
            root,
            closed,
            last_closed,
        })
    }
}

fn last_closed(told: &str) -> Option<(Month, u64)> {
    let (month, size) = told.split_once(' ')?;
    Some((month.parse().ok()?, size.parse().ok()?))
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root.to_base64())?;
        if let Some(month) = self.closed {
            writeln!(f, "{CLOSED}{month}")?;
        }
        if let Some((month, size)) = self.last_closed {
            writeln!(f, "{LAST_CLOSED}{month} {size}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_believed_from_its_own_log_only() {
        let key = NoteKey::from_seed("a.example/log", &[7; 32]).unwrap();
        let checkpoint = |origin: &str| Checkpoint::new(origin, 12, Hash::empty());
        let ours = checkpoint("a.example/log");
        assert_eq!(Checkpoint::open(&ours.sign(&key).unwrap(), &key.verifier()), Ok(ours));
        let others = checkpoint("b.example/log").sign(&key).unwrap();
        assert_eq!(Checkpoint::open(&others, &key.verifier()), Err(CheckpointError::Form));
        let close = Checkpoint::of_close("a.example/log", 12, Hash::empty(), "2026-03".parse().unwrap());
        assert!(close.to_string().ends_with("\nclosed 2026-03\n"));
        assert_eq!(Checkpoint::open(&close.sign(&key).unwrap(), &key.verifier()), Ok(close));
        let later =
            Checkpoint::new("a.example/log", 15, Hash::empty()).after_close(Some(("2026-03".parse().unwrap(), 12)));
        assert!(later.to_string().ends_with("\nlast-closed 2026-03 12\n"));
        assert_eq!(Checkpoint::open(&later.sign(&key).unwrap(), &key.verifier()), Ok(later));
        for text in [
            "a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nlast-closed 2026-03\n",
            "a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nclosed March\n",
            "a\n012\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            "a\n1\n47DE\n",
            "a\n1\n",
        ] {
            assert!(text.parse::<Checkpoint>().is_err());
        }
    }
}
