use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgTransaction;
use uuid::Uuid;

use crate::Caller;

/// Adds to the trail, in the transaction of the act itself: no act without its trace, no trace without its act.
///
/// `action` is `noun.verb`; `detail` names nobody: things are named by id.
pub async fn audit(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    at: DateTime<Utc>,
    action: &'static str,
    object: Option<Uuid>,
    detail: impl Serialize,
) -> Result<(), sqlx::Error> {
    let detail = serde_json::to_value(detail).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query!(
        "insert into access.audit (at, organisation_id, request_id, action, object_id, detail)
         values ($1, $2, $3, $4, $5, $6)",
        at,
        who.organisation().uuid(),
        who.request(),
        action,
        object,
        detail,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
