//! `ccn export`: the books in open formats that others' tools check, without this software.
//!
//! | file | what | checked with |
//! |---|---|---|
//! | `transfers.ndjson` | every sealed transfer and settlement line, in order of `seq`, with the exact bytes of its Merkle leaf | any RFC 9162 implementation |
//! | `leaf-hashes` | the hashes that were sealed, 32 bytes each: they say *where* a line was changed | the same |
//! | `checkpoint`, `checkpoint.vkey` | the signed note that fixes them all, and its verifier key | C2SP signed-note tools |
//! | `closes.ndjson` | one closed month a line, with the signed checkpoint that closed it | the same |
//! | `journal.hledger` | the same entries as a journal | `hledger check` |
//! | `SirenFECAAAA1231.txt` | one a year | the rules of the official checker |
//! | `waterfall.csv`, `.xlsx`, `.pdf` | the report | its sums are those of the transfers |
//!
//! It streams, 4,096 transfers at a time: memory does not grow with the books, but for a balance a funder and structure (the
//! FEC's opening entries) and the names of accounts. Everything is first sealed, if the key is at hand; the report, the
//! checkpoint and the number of what is not sealed yet are read in one snapshot.

mod chart;
mod closes;
mod fec;
mod hledger;
mod line;
mod open;
mod pages;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use funding::Waterfall;
use ledger::seal::{SealError, StoredCheckpoint, cosigned_note, last_checkpoint, seal, unsealed};
use sealed_log::NoteKey;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use standards::{Siren, calendar};

use chart::Chart;
use fec::Fec;
use hledger::Journal;
use line::write_line;
use pages::Pages;

pub use open::open;

/// Rounds of sealing before the export takes what is sealed: a long transaction elsewhere delays what comes after it.
const SEAL_ROUNDS_MAX: u32 = 20;

/// Changed places that are told one by one.
const CHANGED_SHOWN_MAX: usize = 20;

/// What was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Transfers and settlement lines, all under the checkpoint.
    pub transfers: u64,
    /// Those that are too recent to be sealed.
    pub unsealed: u64,
    /// Places where the books no longer say what was sealed.
    pub changed: u64,
    /// The first of them.
    pub changed_first: Vec<u64>,
    /// The files' names.
    pub files: Vec<String>,
}

/// Who exports what, and where to.
#[derive(Debug)]
pub struct Export<'e> {
    /// How to connect; reading is enough, but then nothing is sealed first.
    pub database: PgConnectOptions,
    /// What signs the checkpoint of what is not sealed yet.
    pub key: Option<&'e NoteKey>,
    /// Whose books: the name of the FEC begins with it.
    pub siren: &'e Siren,
    /// The instant of sealing.
    pub at: DateTime<Utc>,
    /// The folder, which exists.
    pub out: &'e Path,
}

/// What the books said at one moment.
struct Moment {
    report: Waterfall,
    checkpoint: StoredCheckpoint,
    /// The signed note, with the lines of those who co-signed it.
    note: String,
    closes: Vec<u8>,
    unsealed: u64,
    chart: Chart,
}

impl Export<'_> {
    /// Writes all files.
    pub async fn write(&self) -> anyhow::Result<Exported> {
        self.write_telling(|_, _| {}).await
    }

    /// Writes all files, and tells after each page how many transfers are written, of how many.
    pub async fn write_telling(&self, tell: impl Fn(u64, u64)) -> anyhow::Result<Exported> {
        let pool = database::connect(self.database.clone(), 2).await?;
        let exported = self.write_from(&pool, tell).await;
        pool.close().await;
        exported
    }

    async fn write_from(&self, pool: &PgPool, tell: impl Fn(u64, u64)) -> anyhow::Result<Exported> {
        if let Some(key) = self.key {
            seal_all(pool, key, self.at).await?;
        }
        let moment = Moment::read(pool).await?;
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
            tell(from, size);
        }
        lines.flush()?;
        hashes.flush()?;
        journal.end(&moment.chart)?;
        exported.files.extend(fec.end()?);
        self.write_report(&moment, &mut exported)?;
        Ok(exported)
    }

    fn write_report(&self, moment: &Moment, exported: &mut Exported) -> anyhow::Result<()> {
        let checkpoint = &moment.checkpoint;
        let vkey = format!("{}\n", checkpoint.verifier);
        let today = calendar::paris_date(self.at);
        let of = format!("Situation au {}", today.format("%d/%m/%Y"));
        for (name, content) in [
            ("checkpoint", moment.note.as_bytes()),
            ("checkpoint.vkey", vkey.as_bytes()),
            ("closes.ndjson", &moment.closes),
            ("waterfall.csv", &funding::waterfall_csv(&moment.report)?),
            ("waterfall.xlsx", &funding::waterfall_xlsx(&moment.report, &of, today)?),
            (
                "waterfall.pdf",
                &funding::waterfall_pdf(&moment.report, &of, today, None)?,
            ),
        ] {
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
    async fn read(pool: &PgPool) -> anyhow::Result<Self> {
        let mut snapshot = ledger::read::snapshot(pool).await?;
        let checkpoint = last_checkpoint(&mut snapshot).await?.context(
            "rien n'est encore scellé : démarrez le service de financement avec sa clé, ou donnez --checkpoint-key-file",
        )?;
        let moment = Self {
            report: funding::report(&mut snapshot).await?,
            note: cosigned_note(&mut snapshot, checkpoint.size, &checkpoint.note).await?,
            checkpoint,
            closes: closes::lines(&mut snapshot).await?,
            unsealed: unsealed(&mut snapshot).await?,
            chart: Chart {
                labels: ledger::read::labels(&mut snapshot).await?,
                names: funding::names(&mut snapshot).await?,
            },
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

/// Seals until nothing is left, or somebody's transaction is too long.
async fn seal_all(pool: &PgPool, key: &NoteKey, at: DateTime<Utc>) -> Result<(), SealError> {
    for _ in 0..SEAL_ROUNDS_MAX {
        match seal(pool, key, at).await {
            Ok(_) => {}
            // A reader's role: what is sealed is exported.
            Err(SealError::Database(sqlx::Error::Database(refused))) if refused.code().as_deref() == Some("42501") => {
                tracing::warn!("this role may not seal: what is sealed already is exported");
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        if unsealed(&mut *pool.acquire().await?).await? == 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(())
}
