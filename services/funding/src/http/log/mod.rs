//! The log over HTTP.
//!
//! | path | who | what |
//! |---|---|---|
//! | `/funding/log/checkpoint` | everybody | the latest signed checkpoint (C2SP tlog-checkpoint), with its co-signatures |
//! | `/funding/log/checkpoint.vkey` | everybody | the verifier key of who signs |
//! | `/funding/log/tile/<L>/<N>[.p/<W>]` | everybody | hashes (C2SP tlog-tiles): they tell nothing |
//! | `/funding/log/tile/entries/<N>[.p/<W>]` | operators, auditors | the leaves themselves |
//! | `/funding/v1/checkpoints/{size}` | everybody | an earlier checkpoint, with its co-signatures |
//! | `/funding/v1/checkpoints/{size}/cosignatures` | operators, the key's owner | adds one |
//! | `/funding/v1/cosigners`, `/funding/v1/cosigners/retirements` | operators, auditors, funders | whose keys are believed; registers one; retires one |
//! | `/funding/v1/closes` | operators close, their readers read | the closed months |
//! | `/funding/v1/proofs/transfers/{id}`, `/funding/v1/proofs/events/{id}`, `/funding/v1/proofs/vouchers/{series}/{idx}` | operators, auditors and whom it concerns | inclusion proofs, checked alone |
//! | `/funding/v1/proofs/consistency` | everybody | that one checkpoint extends another |
//!
//! Entries are not for everybody although no leaf names a person: who knows the vouchers that somebody was given could read where
//! they were used.

mod checkpoints;
mod closes;
mod cosigners;
mod proofs;
mod tiles;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use ledger::seal::{StoredCheckpoint, last_checkpoint};
use sqlx::PgConnection;
use utoipa_axum::router::OpenApiRouter;
use web::Problem;

use crate::http::App;

/// The checkpoint and the edge of the log grow.
const BRIEFLY: &str = "no-cache";

/// With the key of checkpoints, a proof that is asked for too early seals at once and months can be closed; without it, what others sealed
/// is served.
pub(super) fn routes() -> OpenApiRouter<App> {
    checkpoints::routes()
        .merge(tiles::routes())
        .merge(proofs::routes())
        .merge(cosigners::routes())
        .merge(closes::routes())
}

async fn latest(connection: &mut PgConnection) -> Result<StoredCheckpoint, Problem> {
    let checkpoint = last_checkpoint(connection).await.map_err(internal)?;
    checkpoint.ok_or_else(nothing_sealed)
}

fn nothing_sealed() -> Problem {
    Problem::new(
        http::StatusCode::NOT_FOUND,
        "not-found",
        "Le journal scellé est encore vide.",
    )
    .detail("Il commence avec la première opération du fonds, quelques secondes après elle.")
}

#[expect(clippy::needless_pass_by_value, reason = "map_err gives it away")]
fn internal(error: sqlx::Error) -> Problem {
    Problem::internal(&error)
}

fn text(body: String) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, BRIEFLY)];
    (headers, body).into_response()
}

/// Sealing is the work of the process that holds the key.
fn no_key() -> Problem {
    Problem::new(
        http::StatusCode::SERVICE_UNAVAILABLE,
        "no-checkpoint-key",
        "Ce processus ne scelle pas les livres.",
    )
    .detail("Démarrez le service de financement avec --checkpoint-key-file, ou adressez-vous à celui qui l'a.")
}
