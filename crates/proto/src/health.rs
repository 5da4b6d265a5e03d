use axum::Router;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use web::Ready;

use crate::mount;

/// `grpc.health.v1.Health/Check`: what `/health/ready` says, for probes that speak gRPC. Without a key, as there.
///
/// `services` are the names that it answers for, besides the process as a whole (the empty name). `Watch` is not
/// offered: the protocol lets a server say so, and a probe asks again by itself.
pub fn health_routes(ready: Ready, services: &'static [&'static str]) -> Router {
    mount(HealthServer::new(Probe { ready, services }))
}

#[derive(Debug)]
struct Probe {
    ready: Ready,
    services: &'static [&'static str],
}

#[tonic::async_trait]
impl Health for Probe {
    type WatchStream = BoxStream<HealthCheckResponse>;

    async fn check(&self, call: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        let name = call.into_inner().service;
        if !name.is_empty() && !self.services.contains(&name.as_str()) {
            return Err(Status::not_found("no such service here"));
        }
        let status = if self.ready.check().await {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        Ok(Response::new(HealthCheckResponse { status: status.into() }))
    }

    async fn watch(&self, _: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("ask Check again"))
    }
}
