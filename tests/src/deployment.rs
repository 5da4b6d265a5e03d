use std::net::SocketAddr;
use std::path::Path;

use ccn::server::key_files::KeyFiles;
use ccn::{Config, Running, Service};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use database::Role;
use sqlx::PgPool;
use standards::calendar::paris_start_of_day;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::task::spawn_blocking;
use voucher::SigningKey;
use web::{Clock, ClockHand};

use crate::served::Served;
use crate::{Client, Ids, Operator};

/// The day on which every story begins: a Monday.
pub const DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a day of the calendar");

/// The fund's account holder.
pub const FUND_NAME: &str = "Fonds de soutien";

/// The fund's account.
pub const FUND_IBAN: &str = "FR7630006000011234567890189";

/// Connections of each service: a test must not need the whole server.
const CONNECTIONS: u32 = 6;

/// A database of its own with the real services in front of it. Dropped, it stops them.
#[derive(Debug)]
pub struct Deployment {
    /// Connected as the migration role: looks, and tries what services may not.
    pub pool: PgPool,
    /// Nobody's client.
    pub anyone: Client,
    pub operator: Operator,
    /// The key that signs vouchers, for the tests that play its thief.
    pub signing_key: SigningKey,
    /// New ids.
    pub ids: Ids,
    /// What the services' clock shows.
    pub clock: Clock,
    hand: ClockHand,
    // Dropped in this order: the services stop, then their keys go.
    services: Services,
    folder: TempDir,
}

/// The services, and what keeps them going. Dropped in this order: they stop, then their threads.
#[derive(Debug)]
enum Services {
    Here(
        Box<Running>,
        #[expect(dead_code, reason = "dropped with the services")] Option<Threads>,
    ),
    Elsewhere(Served),
}

/// Threads for the services alone.
#[derive(Debug)]
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        // Not waited for: a test is itself a task, which may not block.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Nine in the morning in Paris.
#[must_use]
pub fn morning(day: NaiveDate) -> DateTime<Utc> {
    paris_start_of_day(day) + TimeDelta::hours(9)
}

/// What the services of a deployment are told.
pub(crate) fn config(pool: &PgPool, data_dir: &Path) -> Config {
    Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data_dir: data_dir.to_owned(),
        database_url: Some(pool.connect_options().as_ref().clone()),
        connections: CONNECTIONS,
        fund_name: Some(FUND_NAME.to_owned()),
        fund_iban: Some(FUND_IBAN.parse().expect("an IBAN")),
        ..Config::default()
    }
}

impl Deployment {
    /// Migrates the empty database behind `pool` and starts all services on it, in the test's own thread.
    pub async fn new(pool: PgPool) -> Self {
        Self::start(pool, None).await
    }

    /// The same, with threads for the services: what they do at once, they really do at once.
    pub async fn on_threads(pool: PgPool, threads: usize) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
            .expect("threads");
        Self::start(pool, Some(runtime)).await
    }

    /// The same, with the services in a process of their own, whose memory can be measured: see [`Served`].
    #[must_use]
    pub fn elsewhere(pool: PgPool) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the keys");
        let files = config(&pool, folder.path()).key_files();
        let (clock, hand) = Clock::set(morning(DAY));
        let served = Served::start(&pool, folder.path(), clock.now());
        let anyone = Client::at(format!("http://{}", served.addr));
        Self::of(pool, anyone, &files, (clock, hand), Services::Elsewhere(served), folder)
    }

    async fn start(pool: PgPool, threads: Option<Runtime>) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the keys");
        let config = config(&pool, folder.path());
        let files = config.key_files();
        let (clock, hand) = Clock::set(morning(DAY));
        let running = match &threads {
            Some(threads) => {
                let (threads, clock) = (threads.handle().clone(), clock.clone());
                let starting = move || threads.block_on(Running::start(config, clock, &Service::ALL));
                spawn_blocking(starting).await.expect("starting does not panic")
            }
            None => Running::start(config, clock.clone(), &Service::ALL).await,
        };
        let running = running.expect("the services start");
        let anyone = Client::at(format!("http://{}", running.addr));
        let threads = threads.map(|runtime| Threads(Some(runtime)));
        Self::of(
            pool,
            anyone,
            &files,
            (clock, hand),
            Services::Here(Box::new(running), threads),
            folder,
        )
    }

    fn of(
        pool: PgPool,
        anyone: Client,
        files: &KeyFiles,
        (clock, hand): (Clock, ClockHand),
        services: Services,
        folder: TempDir,
    ) -> Self {
        let key = ccn::server::key_files::access_key(&files.operator).expect("the operator's key was made");
        let ids = Ids::default();
        Self {
            operator: Operator::new(anyone.with_key(key.reveal()), ids.clone()),
            signing_key: ccn::server::key_files::signing_key(&files.signing).expect("the signing key was made"),
            pool,
            anyone,
            ids,
            clock,
            hand,
            services,
            folder,
        }
    }

    /// Where the services listen.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        match &self.services {
            Services::Here(running, _) => running.addr,
            Services::Elsewhere(served) => served.addr,
        }
    }

    /// The process of the services, where they have one of their own.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        match &self.services {
            Services::Here(..) => None,
            Services::Elsewhere(served) => Some(served.process()),
        }
    }

    /// Where the services keep their keys.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Moves the clock to nine in the morning of a day.
    pub fn go_to(&self, day: NaiveDate) {
        self.go_to_instant(morning(day));
    }

    /// Moves the clock.
    pub fn go_to_instant(&self, at: DateTime<Utc>) {
        self.hand.move_to(at);
        if let Services::Elsewhere(served) = &self.services {
            served.move_to(at);
        }
    }

    /// Some services more behind an address of their own, on the same database. One alone reads no keys that lie about in clear: it gets
    /// an empty folder.
    pub async fn starts(&self, services: &[Service]) -> Running {
        let empty = tempfile::tempdir().expect("a folder");
        let folder = if services.len() > 1 {
            self.data_dir()
        } else {
            empty.path()
        };
        let config = self.with_secrets(config(&self.pool, folder));
        let running = Running::start(config, self.clock.clone(), services).await;
        running.expect("services start")
    }

    /// The same configuration with the secrets that vouchers of this database are made and claimed with.
    #[must_use]
    pub fn with_secrets(&self, config: Config) -> Config {
        let secret = |name: &str| Some(self.data_dir().join("secrets").join(name));
        Config {
            id_keys_file: secret("id.keys"),
            code_keys_file: secret("code.keys"),
            evidence_keys_file: secret("evidence.keys"),
            ..config
        }
    }

    /// A pool under a service's role, with what it may do and nothing more.
    pub async fn as_role(&self, role: Role) -> PgPool {
        testkit::as_role(&self.pool, role, 1).await
    }
}
