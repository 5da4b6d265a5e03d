use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse;
use http::Request;
use tonic::codegen::Service;
use tonic::server::NamedService;

/// Bytes of the largest message taken: a claim of 50 vouchers has some 10,000.
pub const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// A gRPC service as a router, to be merged with others; whatever stands around it (`web::frame`) serves both.
pub fn mount<S>(service: S) -> Router
where
    S: Service<Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    Router::new().route_service(&format!("/{}/{{method}}", S::NAME), service)
}
