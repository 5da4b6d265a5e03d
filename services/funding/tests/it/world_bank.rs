//! The world with reconciliation runs.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use chrono::{DateTime, Utc};
use funding::Config;
use funding::reconciliation::{Stored, run_night};
use sealed_log::NoteKey;
use serde_json::{Value, json};
use sqlx::PgPool;
use tower::ServiceExt;
use web::Clock;

pub use crate::world::NIGHTLY;
use crate::world::{World, fund_account, id};

pub fn key() -> NoteKey {
    NoteKey::from_seed("fonds.example/log", &[7; 32]).unwrap()
}

pub fn vkey() -> String {
    key().verifier().to_string()
}

pub struct Reconciling {
    pub world: World,
    /// As role `ccn_funding`.
    pub pool: PgPool,
}

impl Reconciling {
    /// Adds the routes of runs to a world.
    pub async fn of(mut world: World, at: &str) -> Self {
        let pool = testkit::as_role(&world.admin, database::Role::Funding, 4).await;
        let (clock, hand) = Clock::set(crate::world::instant(at));
        world.hand.move_to(crate::world::instant(at));
        world.hand = hand;
        let routes = funding::routes(Config {
            checkpoint_key: Some(Arc::new(key())),
            ..Config::new(pool.clone(), clock, fund_account("Fonds de soutien"), NIGHTLY)
        });
        let runs = web::frame(routes.split_for_parts().0);
        let rest = world.app;
        // Both are framed, as in two processes: the address says whose it is.
        world.app = Router::new().fallback(async move |request: Request| {
            let of_runs = request.uri().path().starts_with("/funding/v1/reconciliations");
            let app = if of_runs { runs } else { rest };
            app.oneshot(request).await.unwrap()
        });
        Self { world, pool }
    }

    /// Runs, twice: the second time finds the first.
    pub async fn runs(&self, n: u128) -> Value {
        self.world
            .created("/funding/v1/reconciliations", json!({"id": id(n)}))
            .await
    }

    pub async fn night(&self, at: DateTime<Utc>) -> Option<Stored> {
        run_night(&self.pool, &key(), NIGHTLY, at).await.unwrap()
    }

    pub async fn signed(&self, n: u128) -> String {
        let file = self
            .world
            .get(&format!("/funding/v1/reconciliations/{}/signed", id(n)))
            .await;
        String::from_utf8(file).unwrap()
    }
}
