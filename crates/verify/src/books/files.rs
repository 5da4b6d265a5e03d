//! The other files of an export, which say again what the entries say: each is compared with the lines that are recomputed from the
//! leaves, or named as what was not looked at.

mod fec;
mod figures;
mod journal;
mod text;
mod waterfall;

use std::path::Path;

use sealed_log::AnyLeaf;

use super::Unreadable;
use fec::Fec;
use figures::Figures;
use journal::Journal;

/// The files that the leaves are proven with, or that are proven as they are.
const PROVEN: [&str; 5] = [
    "transfers.ndjson",
    "checkpoint",
    "checkpoint.vkey",
    "leaf-hashes",
    "closes.ndjson",
];

const JOURNAL: &str = "journal.hledger";
const WATERFALL: &str = "waterfall.csv";

/// What the files say again, beside what the leaves say.
pub(super) struct Files<'f> {
    folder: &'f Path,
    names: Vec<String>,
    journal: Option<Journal>,
    fec: Fec,
    figures: Option<Figures>,
}

/// What came of the comparison.
#[derive(Default)]
pub(super) struct Compared {
    pub faults: Vec<String>,
    /// Files that say what the entries say, and parts of them that nothing here proves.
    pub files: Vec<String>,
    /// Files that nobody looked at.
    pub not_looked_at: Vec<String>,
}

impl<'f> Files<'f> {
    pub fn of(folder: &'f Path) -> Result<Self, Unreadable> {
        let unreadable = |error| Unreadable::File(folder.display().to_string(), error);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        let has = |name: &str| names.iter().any(|other| other == name);
        Ok(Self {
            folder,
            journal: if has(JOURNAL) {
                Some(Journal::open(&folder.join(JOURNAL))?)
            } else {
                None
            },
            fec: Fec::among(folder, &names),
            figures: has(WATERFALL).then(Figures::default),
            names,
        })
    }

    /// Adds the next entry.
    pub fn add(&mut self, leaf: &AnyLeaf) -> Result<(), Unreadable> {
        if let Some(figures) = &mut self.figures {
            figures.add(leaf);
        }
        if let Some(leaf) = leaf.transfer() {
            if let Some(journal) = &mut self.journal {
                journal.entry(leaf)?;
            }
            self.fec.entry(leaf)?;
        }
        Ok(())
    }

    /// After the last entry.
    pub fn end(self) -> Result<Compared, Unreadable> {
        let mut compared = Compared::default();
        let mut looked_at: Vec<String> = PROVEN.map(str::to_owned).to_vec();
        if let Some(journal) = self.journal {
            compared.faults.extend(journal.end()?);
            compared.files.push(format!("{JOURNAL} (sauf les noms des comptes)"));
            looked_at.push(JOURNAL.to_owned());
        }
        let (faults, names) = self.fec.end()?;
        compared.faults.extend(faults);
        compared
            .files
            .extend(names.iter().map(|name| format!("{name} (sauf les noms et libellés)")));
        looked_at.extend(names);
        if let Some(figures) = self.figures {
            compared
                .faults
                .extend(waterfall::faults(&self.folder.join(WATERFALL), &figures.conclude())?);
            compared.files.push(format!("{WATERFALL} ({})", waterfall::PART));
            looked_at.push(WATERFALL.to_owned());
        }
        compared.not_looked_at = self
            .names
            .into_iter()
            .filter(|name| !looked_at.contains(name))
            .collect();
        Ok(compared)
    }
}
