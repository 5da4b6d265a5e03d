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

/// What the handlers need.
#[derive(Debug, Clone, FromRef)]
struct App {
    pool: PgPool,
    clock: Clock,
    desk: Arc<ClaimDesk>,
}

pub(crate) fn routes(config: Config) -> OpenApiRouter {
    let desk = Arc::new(ClaimDesk::open(&config.pool, config.host));
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
        .with_state(App { pool: config.pool, clock: config.clock, desk })
}

/// Lets a caller pass that has one of two roles.
fn either(who: &Caller, one: Role, other: Role) -> Result<(), Problem> {
    if who.has(one) || who.has(other) {
        return Ok(());
    }
    let detail = format!("Cette action est réservée aux rôles « {} » et « {} ».", one.french(), other.french());
    Err(Problem::forbidden(detail))
}
