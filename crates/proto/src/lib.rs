//! gRPC: the wire types generated from `proto/`, and what every gRPC front door shares.
//!
//! | what | |
//! |---|---|
//! | [`redemption::v1`], [`funding::v1`] | messages, service traits and clients of each service; [`v1`] what they share |
//! | [`FILE_DESCRIPTOR_SET`] | the same, described: for reflection and for tools |
//! | [`enter()`] | who asks, as an argument: axum's extractors on a gRPC call |
//! | [`mount()`] | a service as an axum router, to be merged with the REST routes on the same port |
//! | [`health_routes`] | `grpc.health.v1.Health` |
//!
//! Tokens in requests are worth money to whoever holds them, so [`redemption::v1::ClaimRequest`] does not implement `Debug`.

mod enter;
mod health;
mod mount;
mod problem;

pub use enter::{Entered, enter};
pub use health::health_routes;
pub use mount::{MESSAGE_BYTES_MAX, mount};
pub use problem::status;

/// Package `ccn.v1`: what several services say in the same way.
pub mod v1 {
    tonic::include_proto!("ccn.v1");
}

/// Packages of the redemption service.
pub mod redemption {
    /// Package `ccn.redemption.v1`.
    #[expect(missing_docs, clippy::pedantic, reason = "generated; the documentation is in proto/")]
    pub mod v1 {
        tonic::include_proto!("ccn.redemption.v1");
    }
}

/// Packages of the funding service.
pub mod funding {
    /// Package `ccn.funding.v1`.
    #[expect(
        clippy::pedantic,
        clippy::large_enum_variant,
        reason = "generated; the documentation is in proto/"
    )]
    pub mod v1 {
        tonic::include_proto!("ccn.funding.v1");
    }
}

/// All packages as a serialised `google.protobuf.FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
