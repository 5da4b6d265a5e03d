use std::sync::Arc;
use std::time::Duration;

use access::{Caller, Operator, Role, audit};
use axum::extract::State;
use chrono::{DateTime, Utc};
use ledger::proof::{Close, CloseError, NoteKey, Quiet, check_all_sums, close, closes, cosigned_note, seal};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use standards::Month;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::{Json, Made, Now, Problem, ProblemBody};

use crate::proof::{Log, internal, no_key};

/// Seconds that a close waits for transactions that began before it.
const QUIET_SECONDS_MAX: u64 = 20;

pub(super) fn routes() -> OpenApiRouter<Log> {
    OpenApiRouter::new().routes(routes!(list, close_month))
}

/// A month to be closed.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewClose {
    /// The month after the last closed one, or that of the first entry. It is over.
    #[schema(value_type = String, example = "2026-03")]
    month: Month,
}

/// A closed month. Nothing reopens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CloseView {
    /// Which.
    #[schema(value_type = String, example = "2026-03")]
    pub month: Month,
    /// When it was closed.
    pub at: DateTime<Utc>,
    /// The organisation that closed it.
    pub closed_by: Uuid,
    /// Entries of the journal then: later ones are booked in later months.
    pub size: u64,
    /// Base64 of their root.
    pub root: String,
    /// The signed checkpoint that names the month, with its co-signatures.
    pub checkpoint: String,
    /// The verifier key of its signer.
    pub vkey: String,
}

impl CloseView {
    /// Of a stored close, with the co-signatures that it got.
    pub async fn read(connection: &mut PgConnection, close: Close) -> sqlx::Result<Self> {
        Ok(Self {
            checkpoint: cosigned_note(connection, close.size, &close.note).await?,
            month: close.month,
            at: close.at,
            closed_by: close.by,
            size: close.size,
            root: close.root.to_base64(),
            vkey: close.verifier,
        })
    }
}

fn refused(error: CloseError) -> Problem {
    match error {
        CloseError::NotOver => Problem::refused("month-not-over", "Ce mois n'est pas terminé.")
            .detail("Un mois se clôt à partir du premier jour du mois suivant."),
        CloseError::NotNext(next) => {
            Problem::refused("close-in-order", format!("Le mois {next} n'est pas encore clos."))
                .detail("Les mois se clôturent dans l'ordre, sans en sauter.")
                .with("next", next.to_string())
        }
        CloseError::Nothing => {
            Problem::refused("nothing-to-close", "Il n'y a aucune écriture à clôturer dans ce mois.")
                .detail("Le premier mois à clôturer est celui de la première écriture.")
        }
        CloseError::Busy => Problem::new(
            http::StatusCode::SERVICE_UNAVAILABLE,
            "books-busy",
            "Des opérations sont encore en cours.",
        )
        .detail("Réessayez dans quelques secondes : rien n'a été clos."),
        CloseError::Sums(unequal) => {
            tracing::error!(book = %unequal.book, account = %unequal.number, "an account is not the sum of its transfers");
            Problem::new(
                http::StatusCode::CONFLICT,
                "books-changed",
                format!(
                    "Le compte {} du livre {} n'est pas la somme de ses écritures.",
                    unequal.number, unequal.book
                ),
            )
            .detail("Les livres ont été modifiés autrement que par le système : prévenez l'auditeur.")
            .with("book", unequal.book)
            .with("account", unequal.number.to_string())
        }
        error => Problem::internal(&error),
    }
}

/// The closed months, in order.
#[utoipa::path(get, path = "/v1/closes", tag = "log",
    responses((status = 200, body = Vec<CloseView>), (status = 403, body = ProblemBody, content_type = "application/problem+json")))]
async fn list(who: Caller, State(pool): State<PgPool>) -> Result<Json<Vec<CloseView>>, Problem> {
    let readers = [Role::Operator, Role::Auditor, Role::Funder, Role::Sponsor];
    if !readers.into_iter().any(|role| who.has(role)) {
        return Err(Problem::forbidden(
            "Cette action est réservée aux rôles « opérateur », « auditeur », « financeur » et « commanditaire ».",
        ));
    }
    let mut connection = pool.acquire().await.map_err(internal)?;
    let mut views = Vec::new();
    for close in closes(&mut connection).await.map_err(internal)? {
        views.push(CloseView::read(&mut connection, close).await.map_err(internal)?);
    }
    Ok(Json(views))
}

/// Closes a month: what was posted until now is sealed, the accounts are compared with their entries, and nothing is booked into the
/// month any more. What comes late is booked in the open month, and says so. There is no way back.
#[utoipa::path(post, path = "/v1/closes", tag = "log", request_body = NewClose,
    responses((status = 201, body = CloseView), (status = 200, description = "Closed before", body = CloseView),
        (status = 409, description = "`books-changed`: an account is not the sum of its transfers", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`month-not-over`, `close-in-order`, `nothing-to-close`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`books-busy`, `no-checkpoint-key`", body = ProblemBody, content_type = "application/problem+json")))]
async fn close_month(
    who: Operator,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(key): State<Option<Arc<NoteKey>>>,
    Json(new): Json<NewClose>,
) -> Result<Made<CloseView>, Problem> {
    let key = key.ok_or_else(no_key)?;
    // The long part, while the sealer goes on: its lock is held for the rest only.
    let mut snapshot = ledger::snapshot(&pool).await.map_err(internal)?;
    check_all_sums(&mut snapshot).await.map_err(refused)?;
    snapshot.rollback().await.map_err(internal)?;
    let quiet = Quiet::wait(&pool, Duration::from_secs(QUIET_SECONDS_MAX))
        .await
        .map_err(internal)?
        .ok_or(CloseError::Busy)
        .map_err(refused)?;
    seal(&pool, &key, at).await.map_err(CloseError::from).map_err(refused)?;
    database::transaction(&pool, "close_month", |tx| {
        let (who, key) = (who.clone(), Arc::clone(&key));
        Box::pin(async move {
            let (closed, now) = close(tx, &key, new.month, who.organisation().uuid(), quiet, at).await?;
            if now {
                tracing::info!(month = %new.month, size = closed.size, "month closed");
                let detail = (new.month.to_string(), closed.size, closed.root.to_base64());
                audit(tx, &who, at, "month.close", None, detail).await?;
            }
            let view = CloseView::read(tx, closed).await?;
            Ok::<_, CloseError>(if now { Made::Now(view) } else { Made::Before(view) })
        })
    })
    .await
    .map_err(refused)
}
