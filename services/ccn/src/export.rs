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
//! | `waterfall.csv` | the report | its sums are those of the transfers |
//!
//! It streams, 4,096 transfers at a time: memory does not grow with the books, but for a balance a funder and structure (the
//! FEC's opening entries) and the names of accounts. Everything is first sealed, if the key is at hand.

mod chart;
mod closes;
mod fec;
mod hledger;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use ledger::proof::{Entry, NoteKey, SealError, cosigned_note, entries, last_checkpoint, seal, unsealed};
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use standards::Siren;

use crate::embedded::{DATABASE, EmbeddedError, SUPERUSER};
use crate::store::{Server, StoreError};

use chart::Chart;
use fec::Fec;
use hledger::Journal;

/// Transfers read at a time.
const PAGE_TRANSFERS: u64 = 4096;

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

impl Export<'_> {
    /// Writes all files.
    pub async fn write(&self) -> anyhow::Result<Exported> {
        let pool = database::connect(self.database.clone(), 2).await?;
        let exported = self.write_from(&pool).await;
        pool.close().await;
        exported
    }

    async fn write_from(&self, pool: &PgPool) -> anyhow::Result<Exported> {
        if let Some(key) = self.key {
            seal_all(pool, key, self.at).await?;
        }
        let waterfall = funding::waterfall_csv(pool).await?;
        let mut connection = pool.acquire().await?;
        let checkpoint = last_checkpoint(&mut connection)
            .await?
            .context("rien n'est encore scellé : démarrez le service de financement avec sa clé, ou donnez --checkpoint-key-file")?;
        let mut exported = Exported {
            unsealed: unsealed(&mut connection).await?,
            ..Exported::default()
        };
        let chart = Chart {
            labels: ledger::labels(&mut connection).await?,
            names: funding::names(&mut connection).await?,
        };
        let mut lines = self.create("transfers.ndjson", &mut exported)?;
        let mut hashes = self.create("leaf-hashes", &mut exported)?;
        let mut journal = Journal::begin(self.create("journal.hledger", &mut exported)?)?;
        let mut fec = Fec::new(self.out, self.siren, &chart);
        let mut from = 0;
        while from < checkpoint.size {
            let to = checkpoint.size.min(from + PAGE_TRANSFERS);
            let page = entries(&mut connection, from..to).await?;
            anyhow::ensure!(
                page.len() as u64 == to - from,
                "le journal scellé a un trou après le rang {from}"
            );
            for entry in &page {
                write_line(&mut lines, entry)?;
                hashes.write_all(entry.sealed.bytes())?;
                if !entry.holds() {
                    exported.changed += 1;
                    exported.changed_first.push(entry.seq);
                    exported.changed_first.truncate(CHANGED_SHOWN_MAX);
                }
                if let Some(leaf) = entry.transfer() {
                    journal.entry(leaf)?;
                    fec.entry(leaf)?;
                }
            }
            from = to;
        }
        exported.transfers = checkpoint.size;
        lines.flush()?;
        hashes.flush()?;
        journal.end()?;
        exported.files.extend(fec.end()?);
        let note = cosigned_note(&mut connection, checkpoint.size, &checkpoint.note).await?;
        for (name, content) in [
            ("checkpoint", note.into_bytes()),
            ("closes.ndjson", closes::lines(&mut connection).await?),
            ("checkpoint.vkey", format!("{}\n", checkpoint.verifier).into_bytes()),
            ("waterfall.csv", waterfall),
        ] {
            self.create(name, &mut exported)?.write_all(&content)?;
        }
        Ok(exported)
    }

    fn create(&self, name: &str, exported: &mut Exported) -> anyhow::Result<BufWriter<File>> {
        exported.files.push(name.to_owned());
        create(&self.out.join(name))
    }
}

/// A file that does not exist yet, or is replaced.
fn create(path: &Path) -> anyhow::Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("{} : écriture impossible", path.display()))?;
    Ok(BufWriter::with_capacity(1 << 16, file))
}

/// A transfer that is gone has a line too: what is missing must show.
fn write_line(out: &mut impl Write, entry: &Entry) -> anyhow::Result<()> {
    let line = match &entry.leaf {
        Some(leaf) => leaf.to_json(),
        None => json!({ "seq": entry.seq, "id": entry.id, "missing": true }),
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")?;
    Ok(())
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

/// The database of a `config`: the one that was named, or the embedded one, running or not. The server is given back, to be stopped.
pub async fn open(config: &crate::config::Config) -> Result<(PgConnectOptions, Option<Server>), StoreError> {
    match Server::open(config).await {
        Ok(server) => Ok((server.options().clone(), Some(server))),
        // Somebody serves from this folder: its database answers on its socket.
        Err(StoreError::Embedded(EmbeddedError::InUse { folder, process })) => match running(&folder) {
            Some(options) => Ok((options, None)),
            None => Err(EmbeddedError::InUse { folder, process }.into()),
        },
        Err(error) => Err(error),
    }
}

/// How to reach the embedded server that runs on `data_dir`: PostgreSQL writes its port and its socket's folder on the 4th and
/// 5th line of `postmaster.pid`.
fn running(data_dir: &Path) -> Option<PgConnectOptions> {
    let told = std::fs::read_to_string(data_dir.join("postgres/data/postmaster.pid")).ok()?;
    let mut lines = told.lines().skip(3);
    let port = lines.next()?.trim().parse().ok()?;
    let socket = PathBuf::from(lines.next()?.trim());
    let options = PgConnectOptions::new_without_pgpass().socket(socket).port(port);
    Some(options.username(SUPERUSER).database(DATABASE))
}
