use std::sync::{Arc, Mutex, PoisonError};

use ccn::{Config, Running, Service};
use client::{Exchange, Watcher};
use demo::{Demo, FUND_BIC, FUND_IBAN, FUND_NAME, Inputs, first_instant};
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use web::Clock;

use crate::Client;

/// The demonstration, told on services that go on running, with every request of its clients and the answer to it.
#[derive(Debug)]
pub struct RecordedDemo {
    /// In the order in which they came.
    pub exchanges: Vec<Exchange>,
    /// `/openapi.json`.
    pub document: Value,
    /// Nobody's client.
    pub anyone: Client,
    /// The operator's API key.
    pub operator_key: String,
    // Dropped in this order: the services stop, then their keys go.
    running: Running,
    _folder: TempDir,
}

impl RecordedDemo {
    /// Tells it on the empty database behind `pool`.
    pub async fn tell(pool: &PgPool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config {
            fund_name: Some(FUND_NAME.to_owned()),
            fund_iban: Some(FUND_IBAN.parse().expect("an IBAN")),
            fund_bic: Some(FUND_BIC.parse().expect("a BIC")),
            ..crate::deployment::config(pool, &folder.path().join("keys"))
        };
        // The story says itself when the books are compared.
        config.reconciliation.reconcile_at = ccn::server::reconcile_settings::TimeOfDay(None);
        let files = config.key_files();
        let today = Clock::System.now();
        let (clock, hand) = Clock::set(first_instant(today));
        let running = Running::start(config, clock, &Service::ALL).await.expect("it starts");
        let operator = ccn::server::key_files::access_key(&files.operator).expect("the operator's key was made");
        let signing_key = ccn::server::key_files::signing_key(&files.signing).expect("the signing key was made");
        let base = format!("http://{}", running.addr);
        let exchanges = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&exchanges);
        let watcher: Watcher = Arc::new(move |exchange| {
            record.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
        });
        let out = folder.path().join("out");
        std::fs::create_dir(&out).expect("a folder");
        let inputs = Inputs::read(None, None, &[]).expect("the project's own data");
        let demo = Demo::new(
            base.clone(),
            operator.reveal(),
            Box::new(move |at| hand.move_to(at)),
            today,
            1,
        );
        let mut demo = demo.expect("a client").watched(&watcher);
        demo.play(&inputs, &signing_key, &out).await.expect("the story is told");
        drop((demo, watcher));
        let exchanges = std::mem::take(&mut *exchanges.lock().unwrap_or_else(PoisonError::into_inner));
        let anyone = Client::at(base);
        Self {
            exchanges,
            document: anyone.get("/openapi.json").await.accepted(),
            anyone,
            operator_key: operator.reveal().to_owned(),
            running,
            _folder: folder,
        }
    }

    /// Stops the services.
    pub async fn end(self) {
        self.running.stop().await.expect("it stops");
    }
}
