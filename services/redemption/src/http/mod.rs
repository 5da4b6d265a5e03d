mod claims;
mod imports;
mod pages;
mod rpc;
mod status_lists;
mod structures;

use std::sync::Arc;

use axum::extract::FromRef;
use axum::routing::options;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Clock;

use crate::claims::claim::ClaimPipeline;
use crate::claims::secrets::ClaimSecrets;

/// What the service needs.
#[derive(Clone)]
pub struct Config {
    /// Connected as `ccn_redemption`.
    pub pool: PgPool,
    /// The process's clock.
    pub clock: web::Clock,
    /// The host printed in the vouchers' QR codes.
    pub host: voucher::Host,
    /// The key of purpose `status` that signs status lists. Without it none are made here ([`crate::run_status_list_worker`]), and those of
    /// another process are published all the same.
    pub status_signer: Option<Arc<dyn voucher::Signer>>,
    /// Find typed codes, and seal the evidence of claims.
    pub claim_secrets: ClaimSecrets,
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

/// What the handlers need, whatever the door.
#[derive(Debug, Clone, FromRef)]
pub(crate) struct App {
    pub pool: PgPool,
    pub clock: Clock,
    pub pipeline: Arc<ClaimPipeline>,
    pub makes_status_lists: MakesStatusLists,
}

/// Whether this process was given a status key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MakesStatusLists(bool);

impl App {
    /// Starts the one pipeline that every front door uses.
    pub(crate) fn open(config: Config) -> Self {
        let pipeline = Arc::new(ClaimPipeline::start(&config.pool, config.host, config.claim_secrets));
        Self {
            pool: config.pool,
            clock: config.clock,
            pipeline,
            makes_status_lists: MakesStatusLists(config.status_signer.is_some()),
        }
    }
}

pub(crate) fn routes(config: Config) -> OpenApiRouter {
    let app = App::open(config);
    OpenApiRouter::new()
        .routes(routes!(imports::import_structures))
        .routes(routes!(imports::import_bank_details))
        .routes(routes!(structures::list_structures))
        .routes(routes!(structures::accredit_structure))
        .routes(routes!(structures::suspend_structure))
        .routes(routes!(structures::lift_suspension))
        .routes(routes!(claims::create_claim, claims::list_claims))
        .routes(routes!(claims::get_claim))
        .routes(routes!(claims::get_receipt))
        .routes(routes!(claims::reverse_claim))
        .routes(routes!(status_lists::status_list))
        .routes(routes!(status_lists::status_list_index))
        .route(
            "/redemption/sl/{series}/{shard}",
            options(status_lists::status_list_options),
        )
        .with_state(app.clone())
        .merge(pages::routes(app.pool.clone()))
        .merge(rpc::rpc_routes(app).into())
}
