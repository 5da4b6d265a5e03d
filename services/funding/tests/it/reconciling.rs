//! The fixture with reconciliation runs.

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

pub use crate::fixture::NIGHTLY;
use crate::fixture::{Fixture, fund_account, id};

pub fn key() -> NoteKey {
    NoteKey::from_seed("fonds.example/log", &[7; 32]).unwrap()
}

pub fn vkey() -> String {
    key().verifier().to_string()
}

pub struct Reconciling {
    pub fixture: Fixture,
    /// As role `ccn_funding`.
    pub pool: PgPool,
}

impl Reconciling {
    /// Adds the routes of runs to a fixture.
    pub async fn of(mut fixture: Fixture, at: &str) -> Self {
        let pool = testkit::as_role(&fixture.admin, database::Role::Funding, 4).await;
        let (clock, hand) = Clock::set(crate::fixture::instant(at));
        fixture.hand.move_to(crate::fixture::instant(at));
        fixture.hand = hand;
        let routes = funding::routes(Config {
            checkpoint_key: Some(Arc::new(key())),
            ..Config::new(
                pool.clone(),
                clock,
                fund_account("Fonds de soutien"),
                testkit::evidence_keys().into(),
                NIGHTLY,
            )
        });
        let runs = web::frame(routes.split_for_parts().0);
        let rest = fixture.app;
        // Both are framed, as in two processes: the address says whose it is.
        fixture.app = Router::new().fallback(async move |request: Request| {
            let of_runs = request.uri().path().starts_with("/funding/v1/reconciliations");
            let app = if of_runs { runs } else { rest };
            app.oneshot(request).await.unwrap()
        });
        Self { fixture, pool }
    }

    /// Runs, twice: the second time finds the first.
    pub async fn runs(&self, n: u128) -> Value {
        self.fixture
            .created("/funding/v1/reconciliations", json!({"id": id(n)}))
            .await
    }

    pub async fn night(&self, at: DateTime<Utc>) -> Option<Stored> {
        run_night(&self.pool, &key(), NIGHTLY, at).await.unwrap()
    }

    pub async fn signed(&self, n: u128) -> String {
        let file = self
            .fixture
            .get(&format!("/funding/v1/reconciliations/{}/signed", id(n)))
            .await;
        String::from_utf8(file).unwrap()
    }
}
