//! Closing a month, whoever asks for it: the service or `ccn close`.

use database::{NamedLock, UseCaseError};
use std::sync::Arc;
use std::time::Duration;

use access::{Caller, audit};
use chrono::{DateTime, Utc};
use http::StatusCode;
use ledger::read::{InFlightTransaction, oldest_in_flight};
use ledger::seal::{CloseError, Quiescence, UnequalSums, check_all_sums, close, seal, turn};
use sealed_log::NoteKey;
use sqlx::{PgPool, PgTransaction};
use standards::Month;
use web::{Created, Problem};

use crate::log::view::CloseView;

/// Seconds that a close waits for transactions that began before it.
pub const QUIET_SECONDS_MAX: u64 = 20;

/// Seconds that one close waits for another before it says so.
const TURN_SECONDS_MAX: u32 = 10;

/// Why a month was not closed. Its words are those of the [`Problem`] that it becomes, for the service and for the command.
#[derive(Debug)]
pub enum CloseRejection {
    NotOver,
    /// This month comes first.
    NotNext(Month),
    /// The month whose turn it is; none before the first entry.
    Nothing(Option<Month>),
    /// Somebody's transaction did not end within [`QUIET_SECONDS_MAX`]; the oldest one, if it is still there.
    Busy(Option<InFlightTransaction>),
    /// Another close, or this one.
    InProgress,
    /// The books were changed past the ledger.
    Sums(UnequalSums),
}

impl database::Rejection for CloseRejection {}

impl CloseRejection {
    /// What the ledger rejects, apart from what failed.
    fn of(error: CloseError) -> UseCaseError<Self> {
        UseCaseError::Rejected(match error {
            CloseError::NotOver => Self::NotOver,
            CloseError::NotNext(next) => Self::NotNext(next),
            CloseError::Nothing(next) => Self::Nothing(next),
            CloseError::Busy => Self::Busy(None),
            CloseError::Sums(unequal) => Self::Sums(unequal),
            CloseError::Seal(_) | CloseError::Sign(_) | CloseError::Database(_) => return UseCaseError::failed(error),
        })
    }
}

/// Closes `month` in the name of `who`: what was posted until now is sealed, every account is compared with its transfers, and nothing is
/// booked into the month any more. Audited. A month that was closed before is given again.
pub async fn close_month(
    pool: &PgPool,
    key: &Arc<NoteKey>,
    month: Month,
    who: &Caller,
    at: DateTime<Utc>,
) -> Result<Created<CloseView>, UseCaseError<CloseRejection>> {
    let turn = take_turn(pool).await?;
    let closed = alone(pool, key, month, who, at).await;
    // Before the answer: a transaction that is only dropped keeps its lock until its connection is looked at again.
    turn.rollback().await?;
    closed
}

/// Waits for the turn, not for as long as a close may take: whoever waits holds a connection.
async fn take_turn(pool: &PgPool) -> Result<PgTransaction<'static>, UseCaseError<CloseRejection>> {
    let mut tx = pool.begin().await?;
    // The turn is kept, idle, while the books are read on other connections.
    sqlx::query!("set local idle_in_transaction_session_timeout = 0")
        .execute(&mut *tx)
        .await?;
    if NamedLock::MonthCloses.take_within(&mut tx, TURN_SECONDS_MAX).await? {
        Ok(tx)
    } else {
        tx.rollback().await?;
        Err(CloseRejection::InProgress.into())
    }
}

async fn alone(
    pool: &PgPool,
    key: &Arc<NoteKey>,
    month: Month,
    who: &Caller,
    at: DateTime<Utc>,
) -> Result<Created<CloseView>, UseCaseError<CloseRejection>> {
    let mut connection = pool.acquire().await?;
    if let Some(known) = turn(&mut connection, month, at).await.map_err(CloseRejection::of)? {
        return Ok(Created::Existing(CloseView::read(&mut connection, known).await?));
    }
    // The long part, while the sealer goes on: its lock is held for the rest only.
    drop(connection);
    let mut snapshot = ledger::read::snapshot(pool).await?;
    check_all_sums(&mut snapshot).await.map_err(CloseRejection::of)?;
    snapshot.rollback().await?;
    let Ok(quiescence) = Quiescence::wait(pool, Duration::from_secs(QUIET_SECONDS_MAX)).await? else {
        return Err(busy(pool).await?.into());
    };
    seal(pool, key, at).await.map_err(UseCaseError::failed)?;
    let closed = database::transaction(pool, "close_month", |tx| {
        let (who, key) = (who.clone(), Arc::clone(key));
        Box::pin(async move {
            let (closed, now) = close(tx, &key, month, who.organisation().uuid(), quiescence, at).await?;
            if now {
                tracing::info!(%month, size = closed.size, "month closed");
                let detail = (month.to_string(), closed.size, closed.root.to_base64());
                audit(tx, &who, at, "month.close", None, detail).await?;
            }
            let view = CloseView::read(tx, closed).await?;
            Ok::<_, CloseError>(if now {
                Created::New(view)
            } else {
                Created::Existing(view)
            })
        })
    })
    .await;
    match closed {
        Err(CloseError::Busy) => Err(busy(pool).await?.into()),
        closed => closed.map_err(CloseRejection::of),
    }
}

async fn busy(pool: &PgPool) -> sqlx::Result<CloseRejection> {
    let oldest = oldest_in_flight(&mut *pool.acquire().await?).await?;
    Ok(CloseRejection::Busy(oldest))
}

impl From<CloseRejection> for Problem {
    fn from(rejection: CloseRejection) -> Self {
        match rejection {
            CloseRejection::NotOver => Self::refused("month-not-over", "Ce mois n'est pas terminé.")
                .detail("Un mois se clôt à partir du premier jour du mois suivant."),
            CloseRejection::NotNext(next) => {
                Self::refused("close-in-order", format!("Le mois {next} n'est pas encore clos."))
                    .detail(format!(
                        "Les mois se clôturent dans l'ordre, sans en sauter : clôturez d'abord {next}."
                    ))
                    .with("next", next.to_string())
            }
            CloseRejection::Nothing(next) => nothing(next),
            CloseRejection::Busy(oldest) => under_way(oldest),
            CloseRejection::InProgress => Self::new(StatusCode::CONFLICT, "close-under-way", "Une clôture est en cours.")
                .detail("De grands livres prennent plusieurs minutes. Réessayez dans quelques instants : rien n'est clos deux fois."),
            CloseRejection::Sums(unequal) => falsified(&unequal),
        }
    }
}

fn nothing(next: Option<Month>) -> Problem {
    let problem = Problem::refused("nothing-to-close", "Il n'y a aucune écriture à clôturer dans ce mois.");
    match next {
        Some(next) => problem
            .detail(format!(
                "Le premier mois à clôturer est celui de la première écriture ; le prochain est {next}."
            ))
            .with("next", next.to_string()),
        None => {
            problem.detail("Le premier mois à clôturer est celui de la première écriture : il n'y en a encore aucune.")
        }
    }
}

fn under_way(oldest: Option<InFlightTransaction>) -> Problem {
    let problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "books-busy",
        "Des opérations sont encore en cours.",
    );
    let retry = "Rien n'a été clos : réessayez dans quelques secondes.";
    match oldest.map(|oldest| (oldest.process, oldest.seconds)) {
        Some((Some(process), seconds)) => {
            let since = seconds.map_or_else(String::new, |seconds| format!(", commencée il y a {seconds} s,"));
            problem
                .detail(format!(
                    "{retry} Si cela dure : l'opération la plus ancienne{since} est celle du processus {process} de PostgreSQL."
                ))
                .with("process", process)
                .with("seconds", seconds)
        }
        Some((None, _)) => problem.detail(format!(
            "{retry} Si cela dure : une transaction préparée n'a jamais été achevée (vue pg_prepared_xacts de PostgreSQL)."
        )),
        None => problem.detail(retry),
    }
}

fn falsified(unequal: &UnequalSums) -> Problem {
    tracing::error!(book = %unequal.book, account = %unequal.number, "an account is not the sum of its transfers");
    Problem::new(
        StatusCode::CONFLICT,
        "books-changed",
        format!(
            "Le compte {} du livre {} n'est pas la somme de ses écritures.",
            unequal.number, unequal.book
        ),
    )
    .detail("Rien n'a été clos. Les livres ont été modifiés autrement que par le système : prévenez l'auditeur.")
    .with("book", unequal.book)
    .with("account", unequal.number.to_string())
}
