//! Structures, their accreditation and bank details; claims and their reversals. Owns schema `redemption`.
//!
//! | use case | file |
//! |---|---|
//! | import places, import bank details | `structures/import_structures`, `structures/import_bank_details` over `structures/import` |
//! | list, accredit, suspend structures | `structures/list`, `structures/accredit`, `structures/suspend` |
//! | claim vouchers | `claims/claim`: the heart; its doc is the design |
//! | read claims | `claims/read_claims` |
//! | undo a claim | `claims/reverse` |
//! | publish what a phone without a network knows | [`status_lists`] |
//! | places near you, for everybody | `public/places` |
//! | the page that a QR code opens | `pages` |
//! | claim over gRPC, one or a stream of them | `rpc`: a second door to the same pipeline |
//!
//! A structure's id is also its organisation's (`access`) and its party's in the books (`ledger`).

#![expect(clippy::missing_panics_doc, reason = "each `expect` is a proof that it cannot fail")]

pub mod claims;
mod http;
pub mod public;
pub mod status_lists;
pub mod structures;

mod ids;

pub use crate::claims::secrets::ClaimSecrets;
pub use crate::http::Config;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;

pub use crate::ids::{AccreditationId, ClaimId, ClaimRequestId, ImportId, ReversalId, StructureId, SuspensionId};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What keeps status lists in step, to be spawned beside the routes, if there is a key to sign them with. It never ends; dropped at any
/// point, it leaves nothing half done.
pub fn run_status_list_worker(
    config: &Config,
) -> Result<Option<impl Future<Output = ()> + Send + use<>>, voucher::WeakKey> {
    let Some(signer) = config.status_signer.clone() else {
        tracing::warn!("no status key: no status lists are made here");
        return Ok(None);
    };
    let maker = status_lists::Maker::new(config.pool.clone(), config.host.clone(), signer)?;
    Ok(Some(status_lists::keep(maker, config.clock.clone())))
}

/// The service's routes, REST and gRPC. Starts the pipeline's workers, so call it inside a Tokio runtime; they stop
/// when the last clone of the router is dropped.
#[must_use]
pub fn routes(config: Config) -> OpenApiRouter {
    crate::http::routes(config)
}

/// Brings schema `redemption` up to date.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    database::apply(pool, &MIGRATIONS).await
}
