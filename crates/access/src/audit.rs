//! The trail: what was done, by whom. Each line is also a leaf of the books' log, as a salted digest: whoever took a line out, or put one in
//! between, would have to rewrite what funders co-signed; and a line whose salt is erased with it leaves nothing that a name could be guessed
//! from.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgTransaction;
use uuid::Uuid;

use crate::Caller;

/// Bytes of random salt before a line.
const SALT_BYTES: usize = 16;

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
    let (id, digest) = write(tx, who, at, action, object, detail).await?;
    ledger::record_audit_line(tx, id, digest, at).await
}

/// The same, and no leaf: for a co-signature, which is signed itself and is of the log. Its leaf would make another checkpoint of what it
/// signs, so that the newest one never had its co-signatures.
pub async fn audit_beside_log(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    at: DateTime<Utc>,
    action: &'static str,
    object: Option<Uuid>,
    detail: impl Serialize,
) -> Result<(), sqlx::Error> {
    write(tx, who, at, action, object, detail).await.map(drop)
}

/// Writes the line; its id, and its digest for the log.
async fn write(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    at: DateTime<Utc>,
    action: &'static str,
    object: Option<Uuid>,
    detail: impl Serialize,
) -> Result<(Uuid, [u8; 32]), sqlx::Error> {
    let detail = serde_json::to_value(detail).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let mut random = [0; SALT_BYTES + 16];
    getrandom::fill(&mut random).map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))?;
    let (salt, id) = random.split_first_chunk::<SALT_BYTES>().expect("the salt, then the id");
    let id = uuid::Builder::from_random_bytes(id.try_into().expect("16 bytes")).into_uuid();
    let line = json!({
        "action": action,
        "at": at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "detail": detail,
        "id": id,
        "object": object,
        "organisation": who.organisation().uuid(),
        "request": who.request(),
    });
    sqlx::query!(
        "insert into access.audit (line_id, salt, at, organisation_id, request_id, action, object_id, detail)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        salt.as_slice(),
        at,
        who.organisation().uuid(),
        who.request(),
        action,
        object,
        detail,
    )
    .execute(&mut **tx)
    .await?;
    Ok((id, digest(salt, &line)))
}

/// SHA-256 over the salt and the line as JSON without spaces, members in the order of their names (which `serde_json` keeps): docs/PROOF.md.
fn digest(salt: &[u8; SALT_BYTES], line: &Value) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(line.to_string());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_one_spelling_whatever_the_order_in_which_it_was_made() {
        let (one, other) = (
            json!({"b": 1, "a": {"d": 2, "c": 3}}),
            json!({"a": {"c": 3, "d": 2}, "b": 1}),
        );
        assert_eq!(one.to_string(), r#"{"a":{"c":3,"d":2},"b":1}"#);
        assert_eq!(digest(&[1; 16], &one), digest(&[1; 16], &other));
        assert_ne!(digest(&[1; 16], &one), digest(&[2; 16], &one));
    }
}
