//! Starts the services of one process behind one address, and stops them without cutting anybody off.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ::keys::{CleartextPolicy, OpenError};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use utoipa_axum::router::OpenApiRouter;
use web::{Clock, Ready};

use crate::server::config::Config;
use crate::server::service::Service;
use crate::server::start::{Pools, Start};
use crate::server::start_error::StartError;
use crate::server::store::{DatabaseServer, StoreError};
use crate::server::{openapi, status, telemetry};

/// Seconds that requests under way are given to end before the process stops all the same.
pub const STOP_SECONDS_MAX: u64 = 25;

/// Services that answer; [`stop`](Self::stop) ends them. Dropped without it, requests under way are cut and the
/// embedded database is stopped.
#[derive(Debug)]
pub struct Running {
    /// Where they listen, with the port that was bound.
    pub addr: SocketAddr,
    /// The file of the operator's API key, which only the issuer reads.
    pub operator_key_file: PathBuf,
    pools: Vec<PgPool>,
    /// What runs beside the requests; aborted when dropped.
    beside: JoinSet<()>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
    server: DatabaseServer,
}

impl Running {
    /// Starts `services` with the one `clock`.
    ///
    /// All of them together need nothing but a place on the disk: the schemas are migrated and the missing keys are
    /// made. A service alone is one of several processes: it takes the database and the keys as they are.
    pub async fn start(config: Config, clock: Clock, services: &[Service]) -> Result<Self, StartError> {
        if services.contains(&Service::Funding) && config.fund().is_none() {
            return Err(StartError::NoFund);
        }
        if let ([service], None) = (services, &config.database_url) {
            return Err(StoreError::NoUrl(*service).into());
        }
        let metrics = telemetry::metrics()?;
        // Before anything long: a taken address is told at once.
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|error| StartError::Listen(config.listen, error))?;
        let addr = listener
            .local_addr()
            .map_err(|error| StartError::Listen(config.listen, error))?;
        let server = DatabaseServer::open(&config).await?;
        let files = config.key_files();
        if services.len() > 1 {
            server.migrate().await?;
            files.create_missing().map_err(OpenError::from)?;
        }
        let mut pools = server.pools(&config, services).await?;
        let first = pools.first().ok_or(StartError::NoService)?;

        let mut routes = OpenApiRouter::with_openapi(openapi::document()).merge(catalogue::routes(first.clone()));
        let mut beside = JoinSet::new();
        let start = Start {
            config: &config,
            clock: &clock,
            // Where one process is everything, so is whoever reads its disk.
            key_loader: config.key_loader(if services.len() > 1 {
                CleartextPolicy::Warn
            } else {
                CleartextPolicy::Refuse
            }),
            all: services.len() > 1,
        };
        let ready = Ready(pools.clone());
        for (at, service) in services.iter().enumerate() {
            let own = match service {
                Service::Funding => Some(server.pool_beside(&config, Service::Funding, start.all).await?),
                Service::Issuer | Service::Redemption => None,
            };
            pools.extend(own.clone());
            let pools = Pools {
                requests: pools[at].clone(),
                beside: own,
            };
            routes = routes.merge(start.service(*service, pools, &mut beside).await?);
        }
        let (api, document) = routes.split_for_parts();
        let api = api
            .merge(openapi::routes(document))
            .merge(status::routes(services))
            .merge(proto::health_routes(ready.clone(), grpc_services(services)))
            .merge(web::health_routes(ready, metrics));
        let (stop, stopped) = oneshot::channel::<()>();
        let answering = tokio::spawn(
            axum::serve(listener, web::frame(api))
                .with_graceful_shutdown(async {
                    // A dropped sender stops too.
                    let _ = stopped.await;
                })
                .into_future(),
        );
        tracing::info!(%addr, services = ?services.iter().map(|service| service.word()).collect::<Vec<_>>(), "listening");
        Ok(Self {
            addr,
            operator_key_file: files.operator,
            pools,
            beside,
            stop,
            served: answering,
            server,
        })
    }

    /// How to reach the database, as whoever the URL names.
    #[must_use]
    pub const fn database(&self) -> &PgConnectOptions {
        self.server.options()
    }

    /// Waits until something that runs beside the requests (the sealer, the nightly run, the calendars) has ended although nobody
    /// stopped it: it panicked, and its work is not done any more. Logged and counted; whoever runs the process lets it end, so
    /// that it is started anew. Never returns when all is well.
    pub async fn broken(&mut self) {
        match self.beside.join_next().await {
            None => std::future::pending().await,
            Some(ended) => {
                metrics::counter!("ccn_background_tasks_ended_total").increment(1);
                let error = ended.err().map(|error| error.to_string());
                tracing::error!(error, "a background task has ended");
            }
        }
    }

    /// Takes no new request, lets those under way end, for [`STOP_SECONDS_MAX`] at most, and stops the embedded database.
    pub async fn stop(self) -> Result<(), StoreError> {
        let Self {
            pools,
            beside,
            stop,
            mut served,
            server,
            ..
        } = self;
        // The receiver is gone only if the server has ended by itself.
        let _ = stop.send(());
        if tokio::time::timeout(Duration::from_secs(STOP_SECONDS_MAX), &mut served)
            .await
            .is_err()
        {
            tracing::warn!(seconds = STOP_SECONDS_MAX, "requests still under way are cut");
            served.abort();
        }
        // Before the connections that it uses.
        drop(beside);
        for pool in pools {
            // Not awaited for ever: a cut request's connection may take a while to be told.
            let _ = tokio::time::timeout(Duration::from_secs(1), pool.close()).await;
        }
        server.stop().await?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// The gRPC services that answer here, by their full names.
fn grpc_services(services: &[Service]) -> &'static [&'static str] {
    use proto::funding::v1::exports_server;
    use proto::redemption::v1::claims_server;
    let has = |service| services.contains(&service);
    match (has(Service::Redemption), has(Service::Funding)) {
        (true, true) => &[claims_server::SERVICE_NAME, exports_server::SERVICE_NAME],
        (true, false) => &[claims_server::SERVICE_NAME],
        (false, true) => &[exports_server::SERVICE_NAME],
        (false, false) => &[],
    }
}
