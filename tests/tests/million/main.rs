//! The books of a long run reconcile: claims by the million through the services' interfaces, two months settled, paid by the bank and
//! closed; then every report, invariant, export and outsider says to the cent what the driver counted by itself.
//!
//! The services run in a process of their own (this executable, started again), so that its memory is theirs; `ccn reconcile`, `ccn export`
//! and `ccn verify books` are the program itself. `scripts/prove-million` builds both optimised, starts a durable PostgreSQL and runs the
//! ignored test; a few hundred claims run with the other tests.

#![expect(clippy::unwrap_used, reason = "tests")]

mod claiming;
mod compare;
mod measure;
mod outside;
mod story;
mod tally;

use sqlx::PgPool;

/// Claims of the run that is part of the ordinary tests.
const FEW: u64 = 600;

#[testkit::test]
async fn the_books_of_some_hundred_claims_reconcile(pool: PgPool) {
    story::run(pool, FEW).await;
}

#[testkit::test]
#[ignore = "long: scripts/prove-million"]
async fn the_books_of_a_million_claims_reconcile(pool: PgPool) {
    let claims = std::env::var("MILLION_CLAIMS").ok();
    let claims = claims.map_or(1_000_000, |text| text.parse().expect("MILLION_CLAIMS is a number"));
    story::run(pool, claims).await;
}

#[test]
#[ignore = "the process of the services, which the other tests start"]
fn the_services_of_another_test() {
    e2e::serve_when_asked();
}
