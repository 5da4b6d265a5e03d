//! The log over HTTP, and the task that keeps it sealed.
//!
//! | path | who | what |
//! |---|---|---|
//! | `/log/checkpoint` | everybody | the latest signed checkpoint (C2SP tlog-checkpoint) |
//! | `/log/checkpoint.vkey` | everybody | the verifier key of who signs |
//! | `/log/tile/<L>/<N>[.p/<W>]` | everybody | hashes (C2SP tlog-tiles): they tell nothing |
//! | `/log/tile/entries/<N>[.p/<W>]` | operators, auditors | the leaves themselves |
//! | `/v1/proofs/transfers/{id}` | those and whom the transfer concerns | an inclusion proof that is checked alone |
//!
//! Entries are not for everybody although no leaf names a person: who knows the vouchers that somebody was given could read where
//! they were used.

mod routes;
mod task;
mod view;

use std::sync::Arc;

use axum::extract::FromRef;
use ledger::proof::NoteKey;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use web::Clock;

pub use task::{SEAL_SECONDS, keep_sealed};
pub use view::ProofView;

/// What the log's routes need.
#[derive(Debug, Clone, FromRef)]
struct Log {
    pool: PgPool,
    clock: Clock,
    key: Option<Arc<NoteKey>>,
}

/// The log's routes. With the key, a proof that is asked for too early seals at once; without it, what others sealed is served.
#[must_use]
pub fn log_routes(pool: PgPool, clock: Clock, key: Option<Arc<NoteKey>>) -> OpenApiRouter {
    routes::routes().with_state(Log { pool, clock, key })
}
