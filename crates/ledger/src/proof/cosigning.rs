//! Co-signatures as they are kept: whose keys are believed, and their lines below a checkpoint.

use chrono::{DateTime, SubsecRound, Utc};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

use crate::PartyId;
use crate::proof::store::signed;
use crate::proof::{CosignerKey, Note, NoteError};

/// Keys that one party may register, retired ones among them: each may put a line below every checkpoint, for ever.
pub const COSIGNERS_OF_ONE_MAX: usize = 16;

/// Letters of a key's name at most, for the same reason.
pub const COSIGNER_NAME_CHARS_MAX: usize = 64;

/// A co-signer's key that is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredCosigner {
    /// The key.
    pub key: CosignerKey,
    /// Whose it is.
    pub party: PartyId,
    /// Since when.
    pub registered_at: DateTime<Utc>,
    /// When it ends, if it does.
    pub retirement: Option<Retirement>,
}

/// The end of a co-signer's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retirement {
    /// From this instant on no line of it is taken, whatever time the line bears.
    pub from: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

impl RegisteredCosigner {
    /// The retirement that holds at this instant.
    #[must_use]
    pub fn retired(&self, at: DateTime<Utc>) -> Option<&Retirement> {
        self.retirement.as_ref().filter(|retirement| retirement.from <= at)
    }
}

/// Why a key is not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// It is somebody else's already.
    #[error("the key belongs to another party")]
    Taken,
    /// It was retired, and does not come back.
    #[error("the key is retired")]
    Retired(Retirement),
    /// Its name is longer than [`COSIGNER_NAME_CHARS_MAX`].
    #[error("a long name")]
    Name,
    /// The party has [`COSIGNERS_OF_ONE_MAX`] already.
    #[error("too many keys")]
    Many,
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Why a co-signature is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CosignError {
    /// No checkpoint of that size was made.
    #[error("no checkpoint has this size")]
    NoCheckpoint,
    /// No registered key of the caller made this line, for no checkpoint of this size.
    #[error("no registered key signed this checkpoint with this line")]
    NotSigned,
    /// The key that made the line is retired.
    #[error("the key is retired")]
    Retired(Retirement),
    /// The line is none.
    #[error("not a signature line")]
    Form(#[from] NoteError),
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Believes `key` from now on, as the key of `party`; false when it did before.
pub async fn register_cosigner(
    tx: &mut PgTransaction<'_>,
    key: &CosignerKey,
    party: PartyId,
    by: Uuid,
    at: DateTime<Utc>,
) -> Result<bool, RegisterError> {
    if key.name().chars().count() > COSIGNER_NAME_CHARS_MAX {
        return Err(RegisterError::Name);
    }
    // Two of one party at once would each count without the other.
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))",
        party.to_string()
    )
    .execute(&mut **tx)
    .await?;
    let registered = cosigners(tx).await?;
    let others = registered
        .iter()
        .filter(|known| known.party == party && known.key != *key);
    if others.count() >= COSIGNERS_OF_ONE_MAX {
        return Err(RegisterError::Many);
    }
    let verifier = key.to_string();
    let inserted = sqlx::query!(
        "insert into ledger.cosigner (verifier, party, registered_at, registered_by) values ($1, $2, $3, $4)
         on conflict (verifier) do nothing",
        verifier,
        party.uuid(),
        at,
        by,
    )
    .execute(&mut **tx)
    .await?;
    let known = cosigner(tx, key).await?.ok_or(sqlx::Error::RowNotFound)?;
    if known.party != party {
        return Err(RegisterError::Taken);
    }
    match known.retired(at) {
        Some(retirement) => Err(RegisterError::Retired(retirement.clone())),
        None => Ok(inserted.rows_affected() == 1),
    }
}

/// One key that was registered.
pub async fn cosigner(connection: &mut PgConnection, key: &CosignerKey) -> sqlx::Result<Option<RegisteredCosigner>> {
    Ok(cosigners(connection).await?.into_iter().find(|known| known.key == *key))
}

/// All keys that are believed, the oldest first.
pub async fn cosigners(connection: &mut PgConnection) -> sqlx::Result<Vec<RegisteredCosigner>> {
    let rows = sqlx::query!(
        r#"select c.verifier, c.party as "party: PartyId", c.registered_at, r.from_at as "from?", r.reason as "reason?"
           from ledger.cosigner c left join ledger.cosigner_retirement r on r.verifier = c.verifier
           order by c.registered_at, c.verifier"#
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(RegisteredCosigner {
                key: row
                    .verifier
                    .parse()
                    .map_err(|_| wrong("a stored verifier key is none"))?,
                party: row.party,
                registered_at: row.registered_at,
                retirement: row
                    .from
                    .zip(row.reason)
                    .map(|(from, reason)| Retirement { from, reason }),
            })
        })
        .collect()
}

/// Keeps a co-signature `line` of a checkpoint of `size` leaves, or of the close of that size, made by a registered key (of `party`,
/// when one is given). Says whose it is, and whether it was new.
pub async fn add_cosignature(
    tx: &mut PgTransaction<'_>,
    size: u64,
    line: &str,
    party: Option<PartyId>,
    at: DateTime<Utc>,
) -> Result<(RegisteredCosigner, bool), CosignError> {
    let line = format!("{}\n", line.trim_end());
    if line.lines().count() != 1 {
        return Err(NoteError::Form.into());
    }
    let texts = texts_of(tx, size).await?;
    if texts.is_empty() {
        return Err(CosignError::NoCheckpoint);
    }
    let mut cosigners = cosigners(tx).await?;
    cosigners.retain(|cosigner| party.is_none_or(|party| party == cosigner.party));
    for text in texts {
        let note = format!("{text}\n{line}");
        let note = Note::parse(&note)?;
        let Some(signer) = cosigners.iter().find(|cosigner| cosigner.key.verify(&note).is_ok()) else {
            continue;
        };
        if let Some(retirement) = signer.retired(at) {
            // One that was taken before is answered as it was then.
            let taken = sqlx::query_scalar!(
                r#"select exists (select from ledger.cosignature
                       where size = $1 and text_sha256 = $2 and verifier = $3 and line = $4) as "taken!""#,
                signed(size)?,
                digest(&text),
                signer.key.to_string(),
                line,
            )
            .fetch_one(&mut **tx)
            .await?;
            return if taken {
                Ok((signer.clone(), false))
            } else {
                Err(CosignError::Retired(retirement.clone()))
            };
        }
        let inserted = sqlx::query!(
            "insert into ledger.cosignature (size, text_sha256, verifier, line, at) values ($1, $2, $3, $4, $5)
             on conflict (size, text_sha256, verifier) do nothing",
            signed(size)?,
            digest(&text),
            signer.key.to_string(),
            line,
            at,
        )
        .execute(&mut **tx)
        .await?;
        return Ok((signer.clone(), inserted.rows_affected() == 1));
    }
    Err(CosignError::NotSigned)
}

/// Why a key is not retired.
#[derive(Debug, thiserror::Error)]
pub enum RetireError {
    /// Nobody registered it, or not for this party.
    #[error("no such key")]
    Unknown,
    /// It was said otherwise before, and is not changed.
    #[error("the key is retired already")]
    Otherwise(Retirement),
    /// Before now: nothing that was taken becomes bad afterwards.
    #[error("the retirement would begin in the past")]
    Past,
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Retires a registered key (of `party`, when one is given), from an instant on that is not before `at`; at once, without one. For ever:
/// who comes back brings a new key. Says what holds, and whether it was this call that said it.
pub async fn retire_cosigner(
    tx: &mut PgTransaction<'_>,
    key: &CosignerKey,
    party: Option<PartyId>,
    (from, reason): (Option<DateTime<Utc>>, &str),
    by: Uuid,
    at: DateTime<Utc>,
) -> Result<(RegisteredCosigner, bool), RetireError> {
    // As PostgreSQL keeps it, so that a repeated call says the same.
    let from = from.map(|from| from.trunc_subsecs(6));
    let own = |known: &RegisteredCosigner| party.is_none_or(|party| party == known.party);
    let known = cosigner(tx, key).await?.filter(own).ok_or(RetireError::Unknown)?;
    if known.retirement.is_none() {
        if from.is_some_and(|from| from < at) {
            return Err(RetireError::Past);
        }
        let retired = sqlx::query!(
            "insert into ledger.cosigner_retirement (verifier, from_at, reason, retired_at, retired_by)
             values ($1, $2, $3, $4, $5) on conflict (verifier) do nothing",
            key.to_string(),
            from.unwrap_or(at),
            reason,
            at,
            by,
        )
        .execute(&mut **tx)
        .await?;
        if retired.rows_affected() == 1 {
            return Ok((cosigner(tx, key).await?.ok_or(RetireError::Unknown)?, true));
        }
    }
    let known = cosigner(tx, key).await?.ok_or(RetireError::Unknown)?;
    match &known.retirement {
        Some(said) if said.reason == reason && from.is_none_or(|from| from == said.from) => Ok((known, false)),
        Some(said) => Err(RetireError::Otherwise(said.clone())),
        None => Err(RetireError::Unknown),
    }
}

/// `note` with the co-signatures that its text got.
pub async fn cosigned_note(connection: &mut PgConnection, size: u64, note: &str) -> sqlx::Result<String> {
    let text = Note::parse(note).map_err(|_| wrong("a stored note is none"))?.text();
    let lines = sqlx::query_scalar!(
        "select line from ledger.cosignature where size = $1 and text_sha256 = $2 order by at, verifier",
        signed(size)?,
        digest(text),
    )
    .fetch_all(connection)
    .await?;
    Ok(lines.into_iter().fold(note.to_owned(), |note, line| note + &line))
}

/// The texts that may be co-signed: that of the checkpoint, and those of closes of the same size.
async fn texts_of(connection: &mut PgConnection, size: u64) -> sqlx::Result<Vec<String>> {
    let Ok(size) = i64::try_from(size) else {
        return Ok(Vec::new());
    };
    let notes = sqlx::query_scalar!(
        r#"select note as "note!" from ledger.checkpoint where size = $1
           union all select note from ledger.close where size = $1"#,
        size
    )
    .fetch_all(connection)
    .await?;
    let text = |note: &String| {
        let note = Note::parse(note).map_err(|_| wrong("a stored note is none"))?;
        Ok(note.text().to_owned())
    };
    notes.iter().map(text).collect()
}

fn digest(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

fn wrong(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(what.into())
}
