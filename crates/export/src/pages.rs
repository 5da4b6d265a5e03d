use anyhow::Context;
use ledger::seal::{Entry, entries};
use sqlx::PgPool;
use tokio::sync::mpsc;

/// Transfers read at a time.
pub(crate) const PAGE_TRANSFERS: u64 = 4096;

/// Pages that wait to be written, beside the one that is read and the one that is written.
const PAGES_WAITING: usize = 1;

/// The sealed log, page by page: the next page is read while one is written.
pub(crate) struct Pages(mpsc::Receiver<sqlx::Result<Vec<Entry>>>);

impl Pages {
    /// The first `size` entries. Dropped, it stops reading.
    pub fn read(pool: PgPool, size: u64) -> Self {
        let (to, pages) = mpsc::channel(PAGES_WAITING);
        tokio::spawn(async move {
            if let Err(error) = read(&pool, size, &to).await {
                // Nobody listens: nobody needs to know.
                let _ = to.send(Err(error)).await;
            }
        });
        Self(pages)
    }

    /// The next page; nothing at the end. `from` is where it must begin.
    pub async fn next(&mut self, from: u64, size: u64) -> anyhow::Result<Option<Vec<Entry>>> {
        if from == size {
            return Ok(None);
        }
        let page = self.0.recv().await.context("la lecture des livres s'est arrêtée")??;
        let expected = (size - from).min(PAGE_TRANSFERS);
        anyhow::ensure!(
            page.len() as u64 == expected,
            "le journal scellé a un trou après le rang {from}"
        );
        Ok(Some(page))
    }
}

async fn read(pool: &PgPool, size: u64, to: &mpsc::Sender<sqlx::Result<Vec<Entry>>>) -> sqlx::Result<()> {
    let mut connection = pool.acquire().await?;
    let mut from = 0;
    while from < size {
        let end = size.min(from + PAGE_TRANSFERS);
        let page = entries(&mut connection, from..end).await?;
        if to.send(Ok(page)).await.is_err() {
            break;
        }
        from = end;
    }
    Ok(())
}
