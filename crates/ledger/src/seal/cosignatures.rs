//! The lines that others put below a checkpoint, as they are kept.

use chrono::{DateTime, Utc};
use sealed_log::{Note, NoteError, PartyId};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgTransaction};

use crate::seal::columns::signed;
use crate::seal::cosigners::{RegisteredCosigner, Retirement, cosigners, wrong};

/// Why a co-signature is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CosignError {
    #[error("no checkpoint has this size")]
    NoCheckpoint,
    /// None of the caller's.
    #[error("no registered key signed this checkpoint with this line")]
    NotSigned,
    #[error("the key is retired")]
    Retired(Retirement),
    #[error("not a signature line")]
    Form(#[from] NoteError),
    #[error("database")]
    Database(#[from] sqlx::Error),
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
