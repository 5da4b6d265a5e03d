use std::time::Duration;

use chrono::{DateTime, Utc};
use ledger::seal::{SealError, seal, unsealed};
use sealed_log::NoteKey;
use sqlx::PgPool;

/// Rounds of sealing before the export takes what is sealed: a long transaction elsewhere delays what comes after it.
const SEAL_ROUNDS_MAX: u32 = 20;

/// Seals until nothing is left, or somebody's transaction is too long.
pub(crate) async fn seal_all(pool: &PgPool, key: &NoteKey, at: DateTime<Utc>) -> Result<(), SealError> {
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
