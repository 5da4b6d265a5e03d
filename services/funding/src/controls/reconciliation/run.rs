use access::{Caller, audit};
use chrono::{DateTime, NaiveDate, Utc};
use data_encoding::HEXLOWER;
use database::{NamedLock, UseCaseError};
use http::StatusCode;
use sealed_log::NoteKey;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use verify::canonical_json;
use verify::reconciliation::FORMAT;
use web::{Created, Problem};

use crate::controls::reconciliation::document::{Document, PreviousRun, RunTrigger};
use crate::controls::reconciliation::gather::gather;
use crate::controls::reconciliation::store::{Stored, insert, last, read};
use crate::controls::reconciliation::{alerts, signed};
use crate::support::ids::ReconciliationId;

/// What is run, when and why.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// Made by the caller.
    pub id: ReconciliationId,
    pub at: DateTime<Utc>,
    pub occasion: RunTrigger,
    /// The night that it is the run of.
    pub night: Option<NaiveDate>,
    /// Days that a break may take.
    pub break_days_max: u32,
}

/// Why nothing was run.
#[derive(Debug)]
pub enum RunRejection {
    /// Another run is.
    InProgress,
    /// The night was run by somebody else meanwhile.
    NightRun,
}

impl database::Rejection for RunRejection {}

impl From<RunRejection> for Problem {
    fn from(rejection: RunRejection) -> Self {
        match rejection {
            RunRejection::InProgress | RunRejection::NightRun => Self::new(
                StatusCode::CONFLICT,
                "reconciliation-under-way",
                "Un rapprochement est déjà en cours.",
            )
            .detail("Attendez qu'il se termine, puis réessayez avec le même identifiant."),
        }
    }
}

/// Compares everything, signs what came of it and keeps it; or finds that the run of this id was made before. `who` asked, if
/// somebody did.
pub async fn run(
    pool: &PgPool,
    key: &NoteKey,
    request: &RunRequest,
    who: Option<&Caller>,
) -> Result<Created<Stored>, UseCaseError<RunRejection>> {
    let mut tx = pool.begin().await?;
    // Never waited for: who waits would hold a connection that the run under way may need.
    if !NamedLock::ReconciliationRuns.try_take(&mut tx).await? {
        return Err(RunRejection::InProgress.into());
    }
    // This transaction only waits while the books are read on another connection, which takes minutes where they are large.
    sqlx::query!("set local idle_in_transaction_session_timeout = 0")
        .execute(&mut *tx)
        .await?;
    if let Some(known) = read(&mut tx, request.id).await? {
        // Before the answer: a transaction that is only dropped keeps its lock until its connection is looked at again.
        tx.rollback().await?;
        return Ok(Created::Existing(known));
    }
    let previous = last(&mut tx).await?;
    let known = previous.as_ref().map_or(0, |previous| previous.statements);
    let gathered = gather(pool, request, known).await?;
    let document = Document {
        format: FORMAT.to_owned(),
        id: request.id,
        number: previous.as_ref().map_or(0, |previous| previous.number) + 1,
        at: request.at,
        occasion: request.occasion,
        organisation_id: who.map(Caller::organisation),
        night: request.night,
        previous: previous.map(|previous| PreviousRun {
            number: previous.number,
            sha256: HEXLOWER.encode(&previous.sha256),
        }),
        signer: key.verifier().to_string(),
        verdict: gathered.verdict,
        tolerance: gathered.tolerance,
        invariants: gathered.invariants,
        breaks: gathered.breaks,
        open_points: gathered.open_points,
        statements: gathered.statements,
        ledger: gathered.ledger,
    };
    let bytes = canonical_json(&document).map_err(UseCaseError::failed)?;
    let stored = Stored {
        sha256: Sha256::digest(bytes.as_bytes()).into(),
        signature: signed::sign(key, &bytes).map_err(UseCaseError::failed)?,
        bytes,
        document,
    };
    insert(&mut tx, &stored).await.map_err(|error| {
        if database::is_constraint(&error, "reconciliation_night_once") {
            UseCaseError::Rejected(RunRejection::NightRun)
        } else {
            error.into()
        }
    })?;
    if let Some(who) = who {
        let verdict = stored.document.verdict;
        audit(
            &mut tx,
            who,
            request.at,
            "reconciliation.run",
            Some(request.id.uuid()),
            verdict,
        )
        .await?;
    }
    tx.commit().await?;
    alerts::tell(&stored.document);
    Ok(Created::New(stored))
}
