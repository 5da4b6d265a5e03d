use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use catalogue::ProgrammeId;
use sqlx::PgPool;
use tokio::sync::RwLock;
use voucher::{Host, Keyring};

/// How long a key ring is believed: a withdrawn key is refused at the latest after this.
const KEYRING_AGE_MAX: Duration = Duration::from_secs(5);

/// How young a key ring may be and still be read again when a token names a key that it lacks; bounds what somebody who
/// invents keys costs the database.
const KEYRING_AGE_UNKNOWN_KEY: Duration = Duration::from_millis(250);

/// The catalogue's keys in memory, so that verifying a voucher asks nobody.
pub(super) struct KeyringCache {
    pool: PgPool,
    host: Host,
    current: RwLock<Option<(Arc<Keyring>, Instant)>>,
}

impl KeyringCache {
    pub(super) fn new(pool: PgPool, host: Host) -> Self {
        Self {
            pool,
            host,
            current: RwLock::new(None),
        }
    }

    /// The key ring, at most a few seconds old.
    pub(super) async fn get(&self) -> Result<Arc<Keyring>, sqlx::Error> {
        self.younger_than(KEYRING_AGE_MAX).await
    }

    /// The key ring after a token named a key that the last one lacked.
    pub(super) async fn get_for_unknown_key(&self) -> Result<Arc<Keyring>, sqlx::Error> {
        self.younger_than(KEYRING_AGE_UNKNOWN_KEY).await
    }

    async fn younger_than(&self, age_max: Duration) -> Result<Arc<Keyring>, sqlx::Error> {
        if let Some((keyring, read_at)) = &*self.current.read().await
            && read_at.elapsed() < age_max
        {
            return Ok(Arc::clone(keyring));
        }
        // One reads for all who wait.
        let mut current = self.current.write().await;
        if let Some((keyring, read_at)) = &*current
            && read_at.elapsed() < age_max
        {
            return Ok(Arc::clone(keyring));
        }
        let keyring = Arc::new(catalogue::keyring(&self.pool, self.host.clone()).await?);
        *current = Some((Arc::clone(&keyring), Instant::now()));
        Ok(keyring)
    }
}

/// Facts of the catalogue that never change once true: the programme of a series, the existence of a service.
pub(super) struct CatalogueCache {
    pool: PgPool,
    programmes: RwLock<HashMap<u16, ProgrammeId>>,
    services: RwLock<HashSet<String>>,
}

impl CatalogueCache {
    pub(super) fn new(pool: PgPool) -> Self {
        Self {
            pool,
            programmes: RwLock::default(),
            services: RwLock::default(),
        }
    }

    /// Whose vouchers carry this series.
    pub(super) async fn programme(&self, series: u16) -> Result<Option<ProgrammeId>, sqlx::Error> {
        if let Some(&known) = self.programmes.read().await.get(&series) {
            return Ok(Some(known));
        }
        let found = catalogue::programme_of_series(&self.pool, series).await?;
        if let Some(found) = found {
            self.programmes.write().await.insert(series, found);
        }
        Ok(found)
    }

    /// Whether the catalogue has this service.
    pub(super) async fn has_service(&self, code: &str) -> Result<bool, sqlx::Error> {
        if self.services.read().await.contains(code) {
            return Ok(true);
        }
        let found = catalogue::service(&self.pool, code).await?.is_some();
        if found {
            self.services.write().await.insert(code.to_owned());
        }
        Ok(found)
    }
}
