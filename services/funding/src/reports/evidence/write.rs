use std::collections::HashMap;
use std::io;

use chrono::{DateTime, Utc};
use ledger::seal::{Prover, cosigned_note};
use ledger::{BookId, PartyId};
use sqlx::{PgConnection, PgPool};
use standards::calendar::paris_date;
use uuid::Uuid;
use voucher::JwkSet;

use crate::reports::evidence::archive::Archive;
use crate::reports::evidence::claims::{self, Claim, ClaimCursor};
use crate::reports::evidence::csv::{self as lines, ClaimContext};
use crate::reports::evidence::entries::{self, Proven};
use crate::reports::evidence::readme::readme;
use crate::support::chunks::{ChunkError, ChunkWriter};

/// Why the archive is not whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BundleWriteError {
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    #[error("zip")]
    Zip(#[from] zip::result::ZipError),
    #[error("zip")]
    Io(#[from] io::Error),
    #[error("csv")]
    Csv(#[from] csv::Error),
    #[error("json")]
    Json(#[from] serde_json::Error),
    #[error("nothing is sealed any more")]
    NotSealed,
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Whose evidence, of when.
pub(crate) struct Bundle {
    pub structure: PartyId,
    pub name: String,
    pub at: DateTime<Utc>,
}

/// Payments proven at a time.
const PAGE_PAYMENTS: usize = 100;

/// What could not be proven, and why.
type Unproven = HashMap<Uuid, String>;

impl Bundle {
    pub async fn write(self, pool: &PgPool, chunks: &ChunkWriter) -> Result<(), BundleWriteError> {
        // Of point reads: unlike a report's, it keeps its nested loops, whatever the statistics say of a log that grew today.
        let mut snapshot = pool
            .begin_with("begin isolation level repeatable read read only")
            .await?;
        sqlx::query!("select set_config('enable_hashjoin', 'off', true) as hash, set_config('enable_mergejoin', 'off', true) as merge")
            .fetch_one(&mut *snapshot)
            .await?;
        let mut archive = Archive::new(chunks);
        let day = paris_date(self.at).format("%d/%m/%Y").to_string();
        archive
            .file("LISEZMOI.txt", readme(&self.name, &day).as_bytes())
            .await?;
        let mut prover = Prover::latest(&mut snapshot)
            .await?
            .ok_or(BundleWriteError::NotSealed)?;
        let checkpoint = prover.checkpoint();
        let note = cosigned_note(&mut snapshot, checkpoint.size, &checkpoint.note).await?;
        archive.file("checkpoint", note.as_bytes()).await?;
        let vkey = format!("{}\n", checkpoint.verifier);
        archive.file("checkpoint.vkey", vkey.as_bytes()).await?;
        let published = catalogue::published_keys(&mut *snapshot).await?;
        let keys: Vec<_> = published.into_iter().map(|published| published.key).collect();
        archive
            .file("cles.json", &serde_json::to_vec_pretty(&JwkSet::of(&keys))?)
            .await?;
        let books = claims::books(&mut snapshot, self.structure).await?;
        let unproven = self.entries(&mut snapshot, &mut archive, &mut prover, &books).await?;
        self.table(&mut snapshot, &mut archive, &books, &unproven).await?;
        Box::pin(archive.end()).await
    }

    /// `ecritures.ndjson`; gives what could not be proven.
    async fn entries(
        &self,
        connection: &mut PgConnection,
        archive: &mut Archive<'_>,
        prover: &mut Prover,
        books: &[(BookId, Option<String>)],
    ) -> Result<Unproven, BundleWriteError> {
        archive.member("ecritures.ndjson")?;
        let mut unproven = Unproven::new();
        for &(book, _) in books {
            let mut after = ClaimCursor::NOTHING;
            loop {
                let page = claims::page(connection, book, self.structure, after).await?;
                let Some(last) = page.last() else { break };
                after = ClaimCursor::claim(last);
                let reversals = claims::reversals(connection, book, &ids(&page)).await?;
                let named: Vec<_> = page
                    .iter()
                    .map(|claim| (claim.id, reversals.get(&claim.id).copied()))
                    .collect();
                let answers = entries::of_claims(connection, prover, self.structure, book, &named).await?;
                for (claim, answer) in page.iter().zip(answers) {
                    match answer {
                        Proven::Lines(lines) => archive.add(&lines).await?,
                        Proven::NotSealed => drop(unproven.insert(claim.id, "non : trop récent".to_owned())),
                        Proven::Changed(seq) => {
                            let told = format!("NON : l'écriture de rang {seq} a été modifiée après avoir été scellée");
                            drop(unproven.insert(claim.id, told));
                        }
                    }
                }
            }
        }
        let all: Vec<BookId> = books.iter().map(|(book, _)| *book).chain([BookId::fund()]).collect();
        let payments = claims::payments_to(connection, self.structure).await?;
        for payments in payments.chunks(PAGE_PAYMENTS) {
            for answer in entries::of_payments(connection, prover, self.structure, &all, payments).await? {
                if let Proven::Lines(lines) = answer {
                    archive.add(&lines).await?;
                }
            }
        }
        Ok(unproven)
    }

    /// `encaissements.csv`.
    async fn table(
        &self,
        connection: &mut PgConnection,
        archive: &mut Archive<'_>,
        books: &[(BookId, Option<String>)],
        unproven: &Unproven,
    ) -> Result<(), BundleWriteError> {
        archive.member("encaissements.csv")?;
        archive.add(&lines::record(&lines::COLUMNS)?).await?;
        for (book, programme) in books {
            let mut after = ClaimCursor::NOTHING;
            loop {
                let page = claims::page(connection, *book, self.structure, after).await?;
                let Some(last) = page.last() else { break };
                after = ClaimCursor::claim(last);
                let vouchers = claims::vouchers(connection, *book, &ids(&page)).await?;
                let payments = claims::payments(connection, *book, &ids(&page)).await?;
                for claim in &page {
                    let context = ClaimContext {
                        programme: programme.as_deref().unwrap_or_default(),
                        vouchers: vouchers.get(&claim.id).map_or(&[], Vec::as_slice),
                        payment: payments.get(&claim.id).copied(),
                        proof: unproven.get(&claim.id).map_or("oui", String::as_str),
                    };
                    archive.add(&lines::line(claim, &context)?).await?;
                }
            }
        }
        Ok(())
    }
}

fn ids(page: &[Claim]) -> Vec<Uuid> {
    page.iter().map(|claim| claim.id).collect()
}
