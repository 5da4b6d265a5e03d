//! The books in open formats that others' tools check, without this software.
//!
//! | file | what | checked with |
//! |---|---|---|
//! | `transfers.ndjson` | every sealed transfer and settlement line, in order of `seq`, with the exact bytes of its Merkle leaf | any RFC 9162 implementation |
//! | `leaf-hashes` | the hashes that were sealed, 32 bytes each: they say *where* a line was changed | the same |
//! | `checkpoint`, `checkpoint.vkey` | the signed note that fixes them all, and its verifier key | C2SP signed-note tools |
//! | `journal.hledger` | the same entries as a journal | `hledger check` |
//! | `SirenFECAAAA1231.txt` | one a year | the rules of the official checker |
//!
//! `ccn verify books` compares all of them with one another, so a folder holds one export.
//!
//! What the services add (closed months, reports) and what organisations are called comes as [`Annexes`], read by the caller in the
//! snapshot of the checkpoint: this crate knows the ledger alone.
//!
//! It streams, 4,096 transfers at a time: memory does not grow with the books, but for a balance a funder and structure (the
//! FEC's opening entries) and the names of accounts. Everything is first sealed, if the key is at hand; the annexes, the
//! checkpoint and the number of what is not sealed yet are read in one snapshot.

mod chart;
mod fec;
mod folder;
mod hledger;
mod line;
mod pages;
mod seal;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use chrono::{DateTime, Utc};
use ledger::seal::{StoredCheckpoint, cosigned_note, last_checkpoint, unsealed};
use sealed_log::NoteKey;
use sqlx::postgres::PgConnectOptions;
use sqlx::{PgConnection, PgPool};
use standards::Siren;
use uuid::Uuid;

use chart::Chart;
use fec::Fec;
use hledger::Journal;
use line::write_line;
use pages::Pages;

pub use folder::{clear_folder, prepare_folder};

/// Changed entries whose place is reported; the others are only counted.
const CHANGED_SHOWN_MAX: usize = 20;

/// What was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Transfers and settlement lines, all under the checkpoint.
    pub transfers: u64,
    /// Those that are too recent to be sealed, and so not written.
    pub unsealed: u64,
    /// Entries that the books no longer say as they were sealed.
    pub changed: u64,
    /// The places of the first of them.
    pub changed_first: Vec<u64>,
    /// Names of the files, in the order in which they were begun.
    pub files: Vec<String>,
}

/// What the services know beside the ledger.
#[derive(Debug, Default)]
pub struct Annexes {
    /// Names of funders, structures and programmes, by their ids.
    pub names: BTreeMap<Uuid, String>,
    /// Further files, by name.
    pub files: Vec<(&'static str, Vec<u8>)>,
}

/// Who exports what, and where to.
#[derive(Debug)]
pub struct Export<'e> {
    /// How to connect; reading is enough, but then nothing is sealed first.
    pub database: PgConnectOptions,
    /// Signs the checkpoint of what is not sealed yet.
    pub key: Option<&'e NoteKey>,
    /// Whose books: the name of the FEC begins with it.
    pub siren: &'e Siren,
    /// The instant of sealing.
    pub at: DateTime<Utc>,
    /// The folder, of [`prepare_folder`].
    pub out: &'e Path,
}

/// What the books said at one moment.
struct Moment {
    checkpoint: StoredCheckpoint,
    /// The signed note, with the lines of those who co-signed it.
    note: String,
    unsealed: u64,
    chart: Chart,
    files: Vec<(&'static str, Vec<u8>)>,
}

impl Export<'_> {
    /// Writes all files, with what `annexes` reads, and calls `progress` after each page with the number of entries written and their
    /// total.
    pub async fn write(
        &self,
        annexes: impl AsyncFnOnce(&mut PgConnection) -> anyhow::Result<Annexes>,
        progress: impl Fn(u64, u64),
    ) -> anyhow::Result<Exported> {
        let pool = database::connect(self.database.clone(), 2).await?;
        let exported = self.write_from(&pool, annexes, progress).await;
        pool.close().await;
        exported
    }

    async fn write_from(
        &self,
        pool: &PgPool,
        annexes: impl AsyncFnOnce(&mut PgConnection) -> anyhow::Result<Annexes>,
        progress: impl Fn(u64, u64),
    ) -> anyhow::Result<Exported> {
        if let Some(key) = self.key {
            seal::seal_all(pool, key, self.at).await?;
        }
        let moment = Moment::read(pool, annexes).await?;
        let size = moment.checkpoint.size;
        let mut exported = Exported {
            transfers: size,
            unsealed: moment.unsealed,
            ..Exported::default()
        };
        let mut lines = self.create("transfers.ndjson", &mut exported)?;
        let mut hashes = self.create("leaf-hashes", &mut exported)?;
        let mut journal = Journal::begin(self.create("journal.hledger", &mut exported)?)?;
        let mut fec = Fec::new(self.out, self.siren, &moment.chart);
        let (mut pages, mut from) = (Pages::read(pool.clone(), size), 0);
        while let Some(page) = pages.next(from, size).await? {
            for entry in &page {
                if !write_line(&mut lines, entry)? {
                    exported.changed += 1;
                    exported.changed_first.push(entry.seq);
                    exported.changed_first.truncate(CHANGED_SHOWN_MAX);
                }
                hashes.write_all(entry.sealed.bytes())?;
                if let Some(leaf) = entry.transfer() {
                    journal.entry(leaf)?;
                    fec.entry(leaf)?;
                }
            }
            from += page.len() as u64;
            progress(from, size);
        }
        lines.flush()?;
        hashes.flush()?;
        journal.end(&moment.chart)?;
        exported.files.extend(fec.end()?);
        self.write_small_files(&moment, &mut exported)?;
        Ok(exported)
    }

    fn write_small_files(&self, moment: &Moment, exported: &mut Exported) -> anyhow::Result<()> {
        let vkey = format!("{}\n", moment.checkpoint.verifier);
        let own = [
            ("checkpoint", moment.note.as_bytes()),
            ("checkpoint.vkey", vkey.as_bytes()),
        ];
        let annexes = moment.files.iter().map(|(name, content)| (*name, content.as_slice()));
        for (name, content) in own.into_iter().chain(annexes) {
            let mut file = self.create(name, exported)?;
            file.write_all(content)?;
            file.flush()?;
        }
        Ok(())
    }

    fn create(&self, name: &str, exported: &mut Exported) -> anyhow::Result<BufWriter<File>> {
        exported.files.push(name.to_owned());
        create(&self.out.join(name))
    }
}

impl Moment {
    async fn read(
        pool: &PgPool,
        annexes: impl AsyncFnOnce(&mut PgConnection) -> anyhow::Result<Annexes>,
    ) -> anyhow::Result<Self> {
        let mut snapshot = ledger::read::snapshot(pool).await?;
        let checkpoint = last_checkpoint(&mut snapshot).await?.context(
            "rien n'est encore scellé : démarrez le service de financement avec sa clé, ou donnez --checkpoint-key-file",
        )?;
        let Annexes { names, files } = annexes(&mut snapshot).await?;
        let moment = Self {
            note: cosigned_note(&mut snapshot, checkpoint.size, &checkpoint.note).await?,
            checkpoint,
            unsealed: unsealed(&mut snapshot).await?,
            chart: Chart {
                labels: ledger::read::labels(&mut snapshot).await?,
                names,
            },
            files,
        };
        snapshot.rollback().await?;
        Ok(moment)
    }
}

/// A file that does not exist yet, or is replaced.
fn create(path: &Path) -> anyhow::Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("{} : écriture impossible", path.display()))?;
    Ok(BufWriter::with_capacity(1 << 16, file))
}
