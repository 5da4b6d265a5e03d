//! A database for each test, copied by PostgreSQL from a template that holds all schemas.
//!
//! The template is migrated once per set of migrations and server: its name ends in their digest, and whoever needs it first makes
//! it under an advisory lock. A run, which is one process, holds a lock of its own as long as it lives; so the next one can tell which
//! databases were left by a run that crashed, and drops them.
//!
//! Rejected: migrating each database (four times as long), and truncating one database between tests (they run side by side).

mod server;
mod template;

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::runtime::Builder;

use self::server::Server;

/// Connections of the pool that a test is given.
const CONNECTIONS_MAX: u32 = 5;
/// A test that ended has as long to give its connections back; then they are cut.
const CLOSE: Duration = Duration::from_secs(5);

/// A fresh database with all schemas, dropped with this.
#[derive(Debug)]
pub struct Database {
    name: String,
    options: PgConnectOptions,
}

impl Database {
    /// A copy of the template.
    pub async fn new() -> Self {
        let server = Server::get().await;
        let name = server.create().await;
        let options = server.options().clone().database(&name);
        Self { name, options }
    }

    /// How its owner, a superuser, connects.
    #[must_use]
    pub const fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// A pool of its owner.
    #[must_use]
    pub fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .idle_timeout(Duration::from_secs(1))
            .connect_lazy_with(self.options.clone())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        Server::drop_database(&self.name);
    }
}

/// A pool under a service's role, with what it may do and nothing more.
pub async fn as_role(owner: &PgPool, role: database::Role, connections: u32) -> PgPool {
    let options = owner.connect_options().as_ref().clone().username(role.name());
    database::connect(options, connections)
        .await
        .expect("every role may connect")
}

/// What `#[testkit::test]` makes of an async function.
pub fn run_test<F: Future<Output = ()>>(test: impl FnOnce(PgPool) -> F) {
    let threads = || Builder::new_current_thread().enable_all().build().expect("a runtime");
    let database = threads().block_on(Database::new());
    threads().block_on(async {
        let pool = database.pool();
        test(pool.clone()).await;
        // Whoever still holds a connection loses it.
        let _ = tokio::time::timeout(CLOSE, pool.close()).await;
    });
}
