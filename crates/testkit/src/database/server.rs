use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::runtime::{Builder, Runtime};

use super::template::{self, execute};

/// What the run's lock is taken under; the second half is the run's number.
const RUNS: i32 = 0x6363_6e01;
/// Databases made or dropped at once.
const CONNECTIONS_MAX: u32 = 4;

/// The server of `DATABASE_URL`, as this process uses it. What it does runs on a thread of its own, which outlives the tests' runtimes.
pub(super) struct Server {
    runtime: Runtime,
    options: PgConnectOptions,
    pool: PgPool,
    template: String,
    run: i32,
    made: AtomicU32,
    /// Holds the locks of this run as long as the process lives.
    #[expect(dead_code, reason = "held, never used")]
    holds: PgConnection,
}

static SERVER: OnceLock<Server> = OnceLock::new();

impl Server {
    /// The first caller prepares it, the others wait.
    pub(super) async fn get() -> &'static Self {
        let started = tokio::task::spawn_blocking(|| {
            // Nobody's runtime is entered on this thread.
            SERVER.get_or_init(Self::start)
        });
        started.await.expect("PostgreSQL is ready")
    }

    fn start() -> Self {
        let url = std::env::var("DATABASE_URL").expect("DATABASE_URL names a PostgreSQL server: run scripts/test");
        let options: PgConnectOptions = url.parse().expect("DATABASE_URL is a URL");
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("databases")
            .enable_all()
            .build()
            .expect("a runtime");
        let mut number = [0; 4];
        getrandom::fill(&mut number).expect("randomness of the system");
        let run = i32::from_be_bytes(number);
        let (pool, template, holds) = runtime.block_on(prepare(&options, run));
        Self {
            runtime,
            options,
            pool,
            template,
            run,
            made: AtomicU32::new(0),
            holds,
        }
    }

    pub(super) const fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// Copies the template; the copy's name.
    pub(super) async fn create(&'static self) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{:08x}_{number}", self.run);
        let sql = format!("create database {name} template {}", self.template);
        let created = self.runtime.spawn(async move {
            let mut connection = self.pool.acquire().await.expect("a connection");
            execute(&mut connection, sql).await;
        });
        created.await.expect("the template can be copied");
        name
    }

    /// From anywhere: a test that ends, or panics.
    pub(super) fn drop_database(name: &str) {
        let Some(server) = SERVER.get() else { return };
        let sql = format!("drop database if exists {name} with (force)");
        let (done, wait) = channel();
        server.runtime.spawn(async move {
            let mut connection = server.pool.acquire().await.expect("a connection");
            execute(&mut connection, sql).await;
            let _ = done.send(());
        });
        // A failure shows on the other thread; the next run tries again.
        let _ = wait.recv();
    }
}

async fn prepare(options: &PgConnectOptions, run: i32) -> (PgPool, String, PgConnection) {
    let mut holds = PgConnection::connect_with(options).await.expect("PostgreSQL runs");
    sqlx::query("select pg_advisory_lock($1, $2)")
        .bind(RUNS)
        .bind(run)
        .execute(&mut holds)
        .await
        .expect("nobody has this number");
    let template = template::ensure(&mut holds, options).await;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .connect_with(options.clone())
        .await
        .expect("PostgreSQL runs");
    let mut connection = pool.acquire().await.expect("PostgreSQL runs");
    drop_crashed(&mut connection).await;
    drop(connection);
    (pool, template, holds)
}

/// Databases of runs whose lock is free: their process is gone.
async fn drop_crashed(connection: &mut PgConnection) {
    let left: Vec<String> =
        sqlx::query_scalar("select datname::text from pg_database where datname ~ '^test_[0-9a-f]{8}_'")
            .fetch_all(&mut *connection)
            .await
            .expect("a list");
    for name in left {
        let number = u32::from_str_radix(&name[5..13], 16).expect("eight digits");
        let run = number.cast_signed();
        let crashed: bool = sqlx::query_scalar("select pg_try_advisory_lock($1, $2)")
            .bind(RUNS)
            .bind(run)
            .fetch_one(&mut *connection)
            .await
            .expect("a lock");
        if crashed {
            execute(connection, format!("drop database if exists {name} with (force)")).await;
            sqlx::query("select pg_advisory_unlock($1, $2)")
                .bind(RUNS)
                .bind(run)
                .execute(&mut *connection)
                .await
                .expect("our lock");
        }
    }
}
