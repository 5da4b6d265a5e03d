use axum::body::Body;
use axum::response::Response;
use chrono::{DateTime, Utc};
use http::request;
use ledger::seal;
use sealed_log::NoteKey;

use crate::fixture::Fixture;

impl Fixture {
    /// Asks as the operator, and keeps the headers of the answer.
    pub async fn respond(&self, request: request::Builder) -> Response {
        self.client(&self.secret).respond(request, Body::empty()).await
    }
}

/// Seals until nothing is left: PostgreSQL's own housekeeping may hold a number in this database for a moment.
pub async fn seals(fixture: &Fixture, key: &NoteKey, at: DateTime<Utc>) {
    testkit::until("nothing left to seal", async || {
        seal::seal(&fixture.admin, key, at).await.unwrap();
        let left = seal::unsealed(&mut fixture.admin.acquire().await.unwrap()).await;
        (left.unwrap() == 0).then_some(())
    })
    .await;
}
