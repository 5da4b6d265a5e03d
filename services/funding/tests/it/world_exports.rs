use axum::body::Body;
use axum::response::Response;
use chrono::{DateTime, Utc};
use http::request;
use ledger::seal;
use sealed_log::NoteKey;
use tower::ServiceExt;

use crate::world::World;

impl World {
    /// Asks as the operator, and keeps the headers of the answer.
    pub async fn respond(&self, request: request::Builder) -> Response {
        let request = request.header("authorization", format!("Bearer {}", self.secret));
        self.app
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
    }
}

/// Seals until nothing is left: PostgreSQL's own housekeeping may hold a number in this database for a moment.
pub async fn seals(world: &World, key: &NoteKey, at: DateTime<Utc>) {
    loop {
        seal::seal(&world.admin, key, at).await.unwrap();
        if seal::unsealed(&mut world.admin.acquire().await.unwrap()).await.unwrap() == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
