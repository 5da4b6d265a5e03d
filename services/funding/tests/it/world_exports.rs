use axum::body::Body;
use axum::response::Response;
use http::request;
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
