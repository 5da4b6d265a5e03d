use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use access::Caller;
use http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;
use web::Problem;

/// Files written at a time, each of which holds a connection to the database.
const WRITTEN_AT_ONCE: usize = 2;

/// Files that wait or are fetched at a time: of one organisation, and in all. Each may be some gigabytes.
const OF_ONE_MAX: usize = 2;
const OF_ALL_MAX: usize = 32;

/// Who is fetching how many long files from this process.
#[derive(Debug, Clone)]
pub(crate) struct Downloads {
    open: Arc<Mutex<HashMap<Uuid, usize>>>,
    turns: Arc<Semaphore>,
}

impl Default for Downloads {
    fn default() -> Self {
        Self {
            open: Arc::default(),
            turns: Arc::new(Semaphore::new(WRITTEN_AT_ONCE)),
        }
    }
}

impl Downloads {
    /// A slot for one more file of the caller's organisation; given back when it is dropped.
    pub fn slot(&self, who: &Caller) -> Result<DownloadSlot, Problem> {
        self.slot_of(who.organisation().uuid())
    }

    pub(super) fn slot_of(&self, organisation: Uuid) -> Result<DownloadSlot, Problem> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= OF_ALL_MAX {
            return Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too-many-downloads",
                "Trop de longs fichiers sont en cours de téléchargement.",
            )
            .detail("Recommencez dans quelques minutes."));
        }
        let own = open.entry(organisation).or_default();
        if *own >= OF_ONE_MAX {
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-downloads",
                "Vous téléchargez déjà autant de longs fichiers qu'il est permis à la fois.",
            )
            .detail(format!(
                "Attendez la fin de l'un des {OF_ONE_MAX} téléchargements en cours de votre organisation."
            )));
        }
        *own += 1;
        drop(open);
        Ok(DownloadSlot {
            downloads: self.clone(),
            organisation,
        })
    }
}

/// One file under way.
#[derive(Debug)]
pub(crate) struct DownloadSlot {
    downloads: Downloads,
    organisation: Uuid,
}

impl DownloadSlot {
    /// Waits until one of the few that write has ended.
    pub(super) fn turn(&self) -> impl Future<Output = Option<OwnedSemaphorePermit>> + use<> {
        let turns = Arc::clone(&self.downloads.turns);
        // Never closed.
        async move { turns.acquire_owned().await.ok() }
    }
}

impl Drop for DownloadSlot {
    fn drop(&mut self) {
        let mut open = self.downloads.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.organisation) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.organisation);
            }
        }
    }
}
