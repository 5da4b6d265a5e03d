//! Audit lines: what somebody did, as far as the log says it.

use chrono::{DateTime, Utc};
use sealed_log::BookId;
use sqlx::PgTransaction;
use uuid::Uuid;

/// Has the log bear witness that an audit line was written, and what it said. `digest` is SHA-256 over its salt and the line, which stand in
/// the trail: whoever keeps the trail can erase both, and the log stays whole.
pub async fn record_audit_line(
    tx: &mut PgTransaction<'_>,
    id: Uuid,
    digest: [u8; 32],
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into ledger.audit_digest (book_id, id, digest, at) values ($1, $2, $3, $4)",
        BookId::fund().uuid(),
        id,
        digest.as_slice(),
        at,
    )
    .execute(&mut **tx)
    .await
    .map(drop)
}
