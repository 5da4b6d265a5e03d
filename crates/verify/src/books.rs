//! Exported books, and proofs of the sealed log, proven with a public key alone.
//!
//! One pass over `transfers.ndjson`: each line must say what its leaf says, in its place; the leaves must make the root that the
//! checkpoint's key signed, and be the ones that were sealed (`leaf-hashes`); nothing is booked in a month after its close
//! (`closes.ndjson`); every balance is added up again, and every payment is the sum of the claims that it covers. The files that say
//! the same again (the FEC, the hledger journal, the funders' report) are compared with the entries; the others are named as not looked at.
//!
//! Memory: 16 bytes a voucher, one balance an account, two sums a payment; where there is a `waterfall.csv`, some 40 bytes more for who
//! paid a voucher, as many for its claim and for each line of a payment. Nothing else grows with the books.

mod balances;
mod closes;
mod files;
mod line;
mod proof;
mod records;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use chrono::NaiveDate;
use sealed_log::{AnyLeaf, Checkpoint, CosignerKey, Frontier, Hash, NOTE_BYTES_MAX, Note, VerifierKey};
use serde::Serialize;
use standards::french_errors;

use crate::faults::Faults;
use balances::Balances;
use closes::Closes;
use files::Files;
pub(crate) use line::read_line;
use records::Records;

pub use proof::{ProofRefused, Proven, verify_proof};

/// Bytes of the longest line read: a leaf has some 500, twice in a line.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// Why nothing can be verified.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// A file is missing or cannot be read.
    #[error("« {0} » ne peut pas être lu : {reason}", reason = french_errors::reason(.1))]
    File(String, #[source] io::Error),
    /// The checkpoint that should be older is newer than the books: nothing is wrong with either.
    #[error(
        "Le point de contrôle donné par --older est plus récent que ces livres ({older} écritures contre {own}) : rien n'a été jugé. Donnez \
         un point de contrôle gardé avant cet export, ou demandez un export plus récent."
    )]
    NewerCheckpoint {
        /// Entries of the checkpoint.
        older: u64,
        /// Entries of the books, as their own checkpoint says.
        own: u64,
    },
    /// The verifier key is none.
    #[error("« {0} » n'est pas une clé de vérification (nom+empreinte+base64)")]
    Key(String),
}

/// What was found in an export.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct BooksVerdict {
    /// Lines read, records included.
    pub transfers: u64,
    /// Those that say what a payment covers, and move nothing.
    pub records: u64,
    /// The root that they make, in base64.
    pub root: String,
    /// The name in the key that signed.
    pub signer: String,
    /// What is wrong, and where.
    pub faults: Faults,
    /// The balances added up again, one line each: book, kind, number of accounts, cents.
    pub balances: Vec<String>,
    /// The closed months, one line each.
    pub closes: Vec<String>,
    /// Who co-signed the checkpoint, of those that were asked for, and when; one line each.
    pub cosigned: Vec<String>,
    /// The other files that were compared with the entries, and what of them.
    pub compared: Vec<String>,
    /// Files of the folder that nobody looked at.
    pub not_looked_at: Vec<String>,
}

impl BooksVerdict {
    /// Whether everything is as it was sealed.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.faults.count() == 0
    }

    fn fault(&mut self, what: impl Into<String>) {
        self.faults.add(what);
    }
}

/// What the verifier has from elsewhere than the folder.
#[derive(Debug, Default)]
pub struct Trusted<'t> {
    /// The verifier key; without it, the folder's own, which only proves that its files belong together.
    pub key: Option<&'t str>,
    /// A checkpoint of before: the books must extend it.
    pub older: Option<&'t Path>,
    /// Verifier keys of those who must have co-signed the checkpoint.
    pub cosigners: &'t [String],
}

/// Verifies the export in `folder`.
pub fn verify_books(folder: &Path, trusted: &Trusted<'_>) -> Result<BooksVerdict, Unreadable> {
    let key = match trusted.key {
        Some(text) => text.to_owned(),
        None => read_text(&folder.join("checkpoint.vkey"))?,
    };
    let key: VerifierKey = key.trim().parse().map_err(|_| Unreadable::Key(key.trim().to_owned()))?;
    let mut verdict = BooksVerdict {
        signer: key.name().to_owned(),
        ..BooksVerdict::default()
    };
    let checkpoint = open_checkpoint(&folder.join("checkpoint"), &key, &mut verdict)?;
    check_cosigners(&folder.join("checkpoint"), trusted.cosigners, &mut verdict)?;
    let (closes, faults) = Closes::read(&folder.join("closes.ndjson"), &key)?;
    for fault in faults {
        verdict.fault(fault);
    }
    let older = match trusted.older {
        Some(path) => open_checkpoint(path, &key, &mut verdict)?,
        None => None,
    };
    if let (Some(own), Some(older)) = (&checkpoint, &older)
        && older.size > own.size
    {
        return Err(Unreadable::NewerCheckpoint {
            older: older.size,
            own: own.size,
        });
    }
    for known in [&checkpoint, &older].into_iter().flatten() {
        if let Some(fault) = closes.missing(known) {
            verdict.fault(fault);
        }
    }
    let mut sealed = Sealed::open(&folder.join("leaf-hashes"))?;
    let (mut balances, mut records) = (Balances::default(), Records::default());
    let mut tree = Frontier::new();
    let mut day = None;
    let mut files = Files::of(folder)?;
    let mut lines = open(&folder.join("transfers.ndjson"))?;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let read = lines.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut buffer);
        if read.map_err(|error| Unreadable::File("transfers.ndjson".to_owned(), error))? == 0 {
            break;
        }
        let place = verdict.transfers;
        verdict.transfers += 1;
        let expected = sealed.next();
        let leaf = match read_line(&buffer) {
            Ok(leaf) => leaf,
            Err(fault) => {
                verdict.fault(format!("ligne {} (rang {place}) : {fault}", place + 1));
                // Its place in the tree stays: the other lines are still judged.
                tree.push(expected.unwrap_or_else(Hash::empty));
                continue;
            }
        };
        for fault in misplaced(&leaf, place, day, expected) {
            verdict.fault(fault);
        }
        day = Some(leaf.booked_on());
        tree.push(leaf.hash());
        if let Some(older) = older.as_ref().filter(|older| older.size == tree.size())
            && older.root != tree.root()
        {
            verdict.fault(format!(
                "les {} premières écritures ne sont pas celles du point de contrôle antérieur : les livres ont été réécrits",
                older.size
            ));
        }
        let mut faults = closes.faults_of(&leaf, &tree);
        faults.extend(leaf.transfer().map(|leaf| balances.add(leaf)).unwrap_or_default());
        faults.extend(records.add(&leaf));
        files.add(&leaf)?;
        for fault in faults {
            verdict.fault(format!("ligne {} (rang {place}) : {fault}", place + 1));
        }
    }
    let (told, beyond) = closes.describe(tree.size());
    verdict.closes = told;
    conclude(&mut verdict, &tree, checkpoint, older, &mut sealed);
    for fault in beyond.into_iter().chain(balances.faults()).chain(records.faults()) {
        verdict.fault(fault);
    }
    verdict.records = records.count();
    verdict.balances = balances.lines();
    let compared = files.end()?;
    for fault in compared.faults {
        verdict.fault(fault);
    }
    verdict.compared = compared.files;
    verdict.not_looked_at = compared.not_looked_at;
    Ok(verdict)
}

/// What is wrong with where a line stands: its place, its day after that of the line before, its hash among those sealed.
fn misplaced(leaf: &AnyLeaf, place: u64, day: Option<NaiveDate>, sealed: Option<Hash>) -> Vec<String> {
    let mut faults = Vec::new();
    if leaf.seq() != place {
        faults.push(format!(
            "ligne {} : l'écriture de rang {} est à la place du rang {place} (ligne supprimée, ajoutée ou déplacée)",
            place + 1,
            leaf.seq()
        ));
    }
    if day.is_some_and(|day| leaf.booked_on() < day) {
        faults.push(format!(
            "ligne {} : la date d'écriture {} recule",
            place + 1,
            leaf.booked_on()
        ));
    }
    if sealed.is_some_and(|sealed| sealed != leaf.hash()) {
        faults.push(format!(
            "ligne {} (rang {place}, écriture {}) : ce n'est pas ce qui a été scellé",
            place + 1,
            leaf.id()
        ));
    }
    faults
}

/// Each of the co-signers that are asked for has a good line below the checkpoint.
fn check_cosigners(checkpoint: &Path, keys: &[String], verdict: &mut BooksVerdict) -> Result<(), Unreadable> {
    let note = read_text(checkpoint)?;
    for text in keys {
        let key: CosignerKey = text.trim().parse().map_err(|_| Unreadable::Key(text.clone()))?;
        match Note::parse(&note).and_then(|note| key.verify(&note)) {
            Ok(at) => verdict.cosigned.push(format!(
                "Co-signé par {} le {}.",
                key.name(),
                at.format("%d/%m/%Y à %H:%M:%S UTC")
            )),
            Err(error) => verdict.fault(format!(
                "le point de contrôle n'est pas co-signé par {} : {error}",
                key.name()
            )),
        }
    }
    Ok(())
}

fn conclude(
    verdict: &mut BooksVerdict,
    tree: &Frontier,
    checkpoint: Option<Checkpoint>,
    older: Option<Checkpoint>,
    sealed: &mut Sealed,
) {
    let root = tree.root();
    verdict.root = root.to_base64();
    if let Some(older) = older.filter(|older| older.size > tree.size()) {
        verdict.fault(format!(
            "le point de contrôle antérieur compte {} écritures, il n'y en a que {}",
            older.size,
            tree.size()
        ));
    }
    let Some(checkpoint) = checkpoint else { return };
    if checkpoint.size != tree.size() {
        let missing = checkpoint.size.saturating_sub(tree.size());
        verdict.fault(if missing > 0 {
            format!(
                "il manque {missing} écritures à la fin, à partir du rang {}",
                tree.size()
            )
        } else {
            format!(
                "il y a des écritures après le rang {}, que le point de contrôle ne connaît pas",
                checkpoint.size - 1
            )
        });
    }
    if checkpoint.root != root {
        verdict.fault(format!(
            "la racine des écritures est {}, le point de contrôle a signé {}",
            verdict.root,
            checkpoint.root.to_base64()
        ));
    }
    if sealed.rest() {
        verdict.fault("le fichier « leaf-hashes » a plus d'empreintes qu'il n'y a d'écritures");
    }
    if sealed.present && (sealed.tree.size() != checkpoint.size || sealed.tree.root() != checkpoint.root) {
        verdict.fault(
            "le fichier « leaf-hashes » n'est pas celui du point de contrôle : les places indiquées ne sont pas sûres",
        );
    }
}

/// The hashes that were sealed, read beside the lines; an export may come without them.
struct Sealed {
    file: Option<BufReader<File>>,
    tree: Frontier,
    present: bool,
}

impl Sealed {
    fn open(path: &Path) -> Result<Self, Unreadable> {
        let file = match open(path) {
            Ok(file) => Some(file),
            Err(Unreadable::File(_, error)) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Self {
            present: file.is_some(),
            file,
            tree: Frontier::new(),
        })
    }

    /// Whether something is left of the file.
    fn rest(&mut self) -> bool {
        let file = self.file.as_mut().and_then(|file| file.fill_buf().ok());
        file.is_some_and(|rest| !rest.is_empty())
    }

    fn next(&mut self) -> Option<Hash> {
        let mut bytes = [0; 32];
        self.file.as_mut()?.read_exact(&mut bytes).ok()?;
        let hash = Hash::from_slice(&bytes)?;
        self.tree.push(hash);
        Some(hash)
    }
}

fn open_checkpoint(
    path: &Path,
    key: &VerifierKey,
    verdict: &mut BooksVerdict,
) -> Result<Option<Checkpoint>, Unreadable> {
    match Checkpoint::open(&read_text(path)?, key) {
        Ok(checkpoint) => Ok(Some(checkpoint)),
        Err(error) => {
            verdict.fault(format!(
                "« {} » n'est pas signé par la clé {} : {error}",
                path.display(),
                key.name()
            ));
            Ok(None)
        }
    }
}

fn open(path: &Path) -> Result<BufReader<File>, Unreadable> {
    let file = File::open(path).map_err(|error| Unreadable::File(path.display().to_string(), error))?;
    Ok(BufReader::with_capacity(1 << 16, file))
}

/// A note, or the text of a key. A longer file is cut, and then is no note.
fn read_text(path: &Path) -> Result<String, Unreadable> {
    let mut text = String::new();
    let read = open(path)?.take(NOTE_BYTES_MAX as u64 + 1).read_to_string(&mut text);
    read.map_err(|error| Unreadable::File(path.display().to_string(), error))?;
    Ok(text)
}
