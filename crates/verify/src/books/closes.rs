use std::io::{self, BufRead, Read};
use std::path::Path;

use sealed_log::{AnyLeaf, Checkpoint, Frontier, NOTE_BYTES_MAX, VerifierKey};
use serde::Deserialize;
use standards::Month;

use super::{Unreadable, open};

/// Bytes of the longest line read: a note, some of whose characters JSON writes as two, and what stands beside it.
const LINE_BYTES_MAX: u64 = 2 * NOTE_BYTES_MAX as u64;

/// The closed months of an export, and what they promise: the log had this root then, and nothing after is booked in them.
#[derive(Debug, Default)]
pub(super) struct Closes {
    closed: Vec<(Month, Checkpoint)>,
}

#[derive(Debug, Deserialize)]
struct CloseLine {
    checkpoint: String,
    /// What is shown of the note beside it.
    month: Option<String>,
    size: Option<u64>,
    root: Option<String>,
    vkey: Option<String>,
}

impl CloseLine {
    /// The member that says something else than the signed note.
    fn contradiction(&self, month: Month, checkpoint: &Checkpoint, key: &VerifierKey) -> Option<&'static str> {
        let is = |shown: &Option<String>, proven: String| shown.as_ref().is_none_or(|shown| *shown == proven);
        [
            ("month", is(&self.month, month.to_string())),
            ("size", self.size.is_none_or(|size| size == checkpoint.size)),
            ("root", is(&self.root, checkpoint.root.to_base64())),
            ("vkey", is(&self.vkey, key.to_string())),
        ]
        .into_iter()
        .find_map(|(member, same)| (!same).then_some(member))
    }
}

impl Closes {
    /// Reads `closes.ndjson`; an export may come without one. Each line is as good as its signature. The second value says what is
    /// wrong with them.
    pub fn read(path: &Path, key: &VerifierKey) -> Result<(Self, Vec<String>), Unreadable> {
        let (mut closes, mut faults) = (Self::default(), Vec::new());
        let mut file = match open(path) {
            Ok(file) => file,
            Err(Unreadable::File(_, error)) if error.kind() == io::ErrorKind::NotFound => return Ok((closes, faults)),
            Err(error) => return Err(error),
        };
        let mut line = String::new();
        for number in 1.. {
            line.clear();
            let read = file.by_ref().take(LINE_BYTES_MAX).read_line(&mut line);
            if read.map_err(|error| Unreadable::File(path.display().to_string(), error))? == 0 {
                break;
            }
            match signed(&line, key) {
                Ok((month, checkpoint)) => closes.add(month, checkpoint, number, &mut faults),
                Err(fault) => faults.push(format!("« closes.ndjson », ligne {number} : {fault}")),
            }
        }
        Ok((closes, faults))
    }

    fn add(&mut self, month: Month, checkpoint: Checkpoint, line: usize, faults: &mut Vec<String>) {
        if let Some((before, earlier)) = self.closed.last()
            && (before.next() != month || earlier.size > checkpoint.size)
        {
            faults.push(format!(
                "« closes.ndjson », ligne {line} : {month} ne suit pas {before} (une clôture manque, ou l'ordre a changé)"
            ));
        }
        self.closed.push((month, checkpoint));
    }

    /// What a signed checkpoint knows of closes, and this file does not list: its last lines were taken away, or put together anew.
    pub fn missing(&self, checkpoint: &Checkpoint) -> Option<String> {
        let own = checkpoint.closed.map(|month| (month, checkpoint.size));
        let (month, size) = own.max(checkpoint.last_closed)?;
        let listed = self
            .closed
            .iter()
            .any(|(other, close)| *other == month && close.size == size);
        (!listed).then(|| {
            format!(
                "« closes.ndjson » ne dit rien de la clôture de {month} à {size} écritures, que connaît un point de contrôle signé"
            )
        })
    }

    /// What is wrong with the entry that `tree` ends with.
    pub fn faults_of(&self, leaf: &AnyLeaf, tree: &Frontier) -> Vec<String> {
        let mut faults = Vec::new();
        let place = tree.size().saturating_sub(1);
        let closed = self.closed.iter().take_while(|(_, close)| close.size <= place).last();
        if let Some((month, _)) = closed
            && leaf.booked_on() <= month.last_day()
        {
            faults.push(format!(
                "écrite au {} alors que {month} était clos",
                leaf.booked_on().format("%d/%m/%Y")
            ));
        }
        faults.extend(self.faults_at(tree));
        faults
    }

    /// What was signed at a close of this size is the root of these leaves.
    pub fn faults_at(&self, tree: &Frontier) -> Option<String> {
        let at = |close: &&(Month, Checkpoint)| close.1.size == tree.size();
        let (month, _) = self
            .closed
            .iter()
            .find(|close| at(close) && close.1.root != tree.root())?;
        Some(format!(
            "les {} premières écritures ne sont pas celles de la clôture de {month} : les livres ont été réécrits",
            tree.size()
        ))
    }

    /// One line each, for people; and the closes that the leaves do not reach.
    pub fn describe(&self, size: u64) -> (Vec<String>, Vec<String>) {
        let line = |(month, close): &(Month, Checkpoint)| format!("{month} clos à {} écritures", close.size);
        let beyond = self.closed.iter().filter(|(_, close)| close.size > size);
        let beyond = beyond.map(|(month, close)| {
            format!(
                "la clôture de {month} compte {} écritures, il n'y en a que {size}",
                close.size
            )
        });
        (self.closed.iter().map(line).collect(), beyond.collect())
    }
}

fn signed(line: &str, key: &VerifierKey) -> Result<(Month, Checkpoint), String> {
    let line: CloseLine = serde_json::from_str(line).map_err(|error| format!("ce n'est pas une clôture : {error}"))?;
    let checkpoint = Checkpoint::open(&line.checkpoint, key)
        .map_err(|error| format!("elle n'est pas signée par la clé {} : {error}", key.name()))?;
    match checkpoint.closed {
        Some(month) => match line.contradiction(month, &checkpoint, key) {
            Some(member) => Err(format!("« {member} » n'est pas ce que dit son point de contrôle")),
            None => Ok((month, checkpoint)),
        },
        None => Err("son point de contrôle ne clôt aucun mois".to_owned()),
    }
}
