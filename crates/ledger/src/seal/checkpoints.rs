use chrono::{DateTime, Utc};
use sealed_log::Hash;
use sqlx::PgConnection;

use crate::read::TransactionNumber;
use crate::seal::columns::{hash, unsigned};

/// A checkpoint as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// How many leaves it covers.
    pub size: u64,
    /// The root of these leaves.
    pub root: Hash,
    /// The checkpoint as the log signed it, without co-signatures.
    pub note: String,
    /// The verifier key of who signed it: to be compared with the one that was published elsewhere.
    pub verifier: String,
    /// The instant of sealing.
    pub at: DateTime<Utc>,
    /// The PostgreSQL cluster that gave `sealed_below`.
    pub(super) cluster: i64,
    /// Every transaction below it is in the log.
    pub(super) sealed_below: TransactionNumber,
}

/// The latest checkpoint; nothing before the first entry is sealed.
pub async fn last_checkpoint(connection: &mut PgConnection) -> sqlx::Result<Option<StoredCheckpoint>> {
    let row = sqlx::query_as!(
        CheckpointRow,
        "select size, root, note, verifier, at, cluster, sealed_below from ledger.checkpoint order by size desc limit 1"
    )
    .fetch_optional(connection)
    .await?;
    row.map(CheckpointRow::checkpoint).transpose()
}

/// The checkpoint of `size` leaves, if one was made then.
pub async fn checkpoint_of(connection: &mut PgConnection, size: u64) -> sqlx::Result<Option<StoredCheckpoint>> {
    // What nobody could have stored is not there.
    let Ok(size) = i64::try_from(size) else {
        return Ok(None);
    };
    let row = sqlx::query_as!(
        CheckpointRow,
        "select size, root, note, verifier, at, cluster, sealed_below from ledger.checkpoint where size = $1",
        size
    )
    .fetch_optional(connection)
    .await?;
    row.map(CheckpointRow::checkpoint).transpose()
}

struct CheckpointRow {
    size: i64,
    root: Vec<u8>,
    note: String,
    verifier: String,
    at: DateTime<Utc>,
    cluster: i64,
    sealed_below: TransactionNumber,
}

impl CheckpointRow {
    fn checkpoint(self) -> sqlx::Result<StoredCheckpoint> {
        Ok(StoredCheckpoint {
            size: unsigned(self.size)?,
            root: hash(&self.root)?,
            note: self.note,
            verifier: self.verifier,
            at: self.at,
            cluster: self.cluster,
            sealed_below: self.sealed_below,
        })
    }
}

/// Leaves under a checkpoint: what is served and exported.
pub async fn sealed_size(connection: &mut PgConnection) -> sqlx::Result<u64> {
    Ok(last_checkpoint(connection)
        .await?
        .map_or(0, |checkpoint| checkpoint.size))
}
