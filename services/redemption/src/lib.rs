//! Structures, their accreditation and bank details; claims and their reversals. Owns schema `redemption`.
//!
//! | use case | file |
//! |---|---|
//! | import places, import bank details | [`import_structures`], [`import_bank_details`] over [`import`] |
//! | list, accredit, suspend structures | [`structures`], [`accredit`], [`suspend`] |
//! | claim vouchers | [`claim`]: the heart; its doc is the design |
//! | read claims | [`read_claims`] |
//! | undo a claim | [`reverse`] |
//! | publish what a phone without a network knows | [`status_lists`] |
//! | places near you, for everybody | [`places`] |
//! | the page that a QR code opens | `pages` |
//! | claim over gRPC, one or a stream of them | `rpc`: a second door to the same desk |
//!
//! A structure's id is also its organisation's (`access`) and its party's in the books (`ledger`).

#![expect(clippy::missing_panics_doc, reason = "each `expect` is a proof that it cannot fail")]

pub mod accredit;
mod api;
pub mod claim;
mod criteria;
mod ids;
pub mod import;
pub mod import_bank_details;
pub mod import_structures;
mod pages;
pub mod places;
pub mod read_claims;
mod receipt_pdf;
pub mod reverse;
mod rpc;
pub mod status_lists;
pub mod structures;
pub mod suspend;

use std::sync::Arc;

use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;

pub use ids::{AccreditationId, ClaimId, ClaimRequestId, ImportId, ReversalId, StructureId, SuspensionId};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the service needs.
#[derive(Clone)]
pub struct Config {
    /// Connected as `ccn_redemption`.
    pub pool: PgPool,
    /// The process's clock.
    pub clock: web::Clock,
    /// The host printed in the vouchers' QR codes.
    pub host: voucher::Host,
    /// The key of purpose `status` that signs status lists. Without it none are made here ([`keep_status_lists`]), and those of
    /// another process are published all the same.
    pub status_signer: Option<Arc<dyn voucher::Signer>>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status_key = self.status_signer.as_ref().map(|signer| signer.kid());
        f.debug_struct("Config")
            .field("host", &self.host)
            .field("status_key", &status_key)
            .finish_non_exhaustive()
    }
}

/// What keeps status lists in step, to be spawned beside the routes, if there is a key to sign them with. It never ends; dropped at any
/// point, it leaves nothing half done.
pub fn keep_status_lists(config: &Config) -> Result<Option<impl Future<Output = ()> + Send + use<>>, voucher::WeakKey> {
    let Some(signer) = config.status_signer.clone() else {
        tracing::warn!("no status key: no status lists are made here");
        return Ok(None);
    };
    let maker = status_lists::Maker::new(config.pool.clone(), config.host.clone(), signer)?;
    Ok(Some(status_lists::keep(maker, config.clock.clone())))
}

/// The service's routes, REST and gRPC. Starts the claim desk's workers, so call it inside a Tokio runtime; they stop
/// when the last clone of the router is dropped.
#[must_use]
pub fn routes(config: Config) -> OpenApiRouter {
    let app = api::App::open(config);
    api::routes(app.clone())
        .merge(pages::routes(app.pool.clone()))
        .merge(rpc::rpc_routes(app).into())
}

/// Brings schema `redemption` up to date.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    database::apply(pool, &MIGRATIONS).await
}
