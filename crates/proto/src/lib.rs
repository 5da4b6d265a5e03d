//! gRPC: the wire types generated from `proto/`, and what every gRPC front door shares.
//!
//! | what | |
//! |---|---|
//! | [`v1`] | messages, service traits and clients of package `ccn.v1` |
//! | [`FILE_DESCRIPTOR_SET`] | the same, described: for reflection and for tools |
//! | [`enter()`] | who asks, as an argument: axum's extractors on a gRPC call |
//! | [`mount()`] | a service as an axum router, to be merged with the REST routes on the same port |
//! | [`health_routes`] | `grpc.health.v1.Health` |
//!
//! Tokens in requests are worth money to whoever holds them, so [`v1::ClaimRequest`] does not implement `Debug`.

mod enter;
mod health;
mod mount;
mod problem;

pub use enter::{Entered, enter};
pub use health::health_routes;
pub use mount::{MESSAGE_BYTES_MAX, mount};
pub use problem::status;

/// Package `ccn.v1`, generated.
#[expect(
    missing_docs,
    clippy::pedantic,
    clippy::large_enum_variant,
    reason = "generated; the documentation is in proto/"
)]
pub mod v1 {
    tonic::include_proto!("ccn.v1");
}

/// Package `ccn.v1` as a serialised `google.protobuf.FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
