mod claims;
mod imports;
mod structures;

use std::sync::Arc;

use access::{Caller, Role};
use axum::extract::FromRef;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Clock, Problem};

use crate::Config;
use crate::claim::ClaimDesk;

/// What the handlers need, whatever the door.
#[derive(Debug, Clone, FromRef)]
pub(crate) struct App {
    pub pool: PgPool,
    pub clock: Clock,
    pub desk: Arc<ClaimDesk>,
}

impl App {
    /// Opens the one desk to which every door leads.
    pub(crate) fn open(config: Config) -> Self {
        let desk = Arc::new(ClaimDesk::open(&config.pool, config.host));
        Self {
            pool: config.pool,
            clock: config.clock,
            desk,
        }
    }
}

pub(crate) fn routes(app: App) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(imports::import_structures))
        .routes(routes!(imports::import_bank_details))
        .routes(routes!(structures::list_structures))
        .routes(routes!(structures::accredit_structure))
        .routes(routes!(structures::suspend_structure))
        .routes(routes!(structures::lift_suspension))
        .routes(routes!(claims::create_claim, claims::list_claims))
        .routes(routes!(claims::get_claim))
        .routes(routes!(claims::reverse_claim))
        .with_state(app)
}

/// Lets a caller pass that has one of two roles.
fn either(who: &Caller, one: Role, other: Role) -> Result<(), Problem> {
    if who.has(one) || who.has(other) {
        return Ok(());
    }
    let detail = format!(
        "Cette action est réservée aux rôles « {} » et « {} ».",
        one.french(),
        other.french()
    );
    Err(Problem::forbidden(detail))
}
