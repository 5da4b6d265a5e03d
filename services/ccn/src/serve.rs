//! Starts the services of one process behind one address, and stops them without cutting anybody off.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ::keys::{OpenError, Opener, Place, Plain};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use utoipa_axum::router::OpenApiRouter;
use voucher::{JwkSet, KeyPolicy, PublicKey, Purpose, Signer};
use web::{Clock, Ready};

use crate::config::Config;
use crate::keys::{self, FirstKeysError, KeyShelf};
use crate::secret_file::SecretError;
use crate::service::Service;
use crate::store::{Server, StoreError};
use crate::{openapi, status, telemetry};

/// Seconds that requests under way are given to end before the process stops all the same.
pub const STOP_SECONDS_MAX: u64 = 25;

/// Why the services do not run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No service was asked for.
    #[error("Aucun service à démarrer.")]
    NoService,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key file.
    #[error("{0}\nPour créer une clé : ccn keys new --out FICHIER ; pour tout créer d'un coup : ccn all")]
    Secret(#[from] SecretError),
    /// A key file.
    #[error("{0}\nPour créer une clé : ccn keys new --out FICHIER ; pour tout créer d'un coup : ccn all")]
    Key(#[from] OpenError),
    /// The file of the roots.
    #[error("Les clés racines de « {0} » sont illisibles : {1}")]
    Roots(PathBuf, String),
    /// The funding service does not know its account.
    #[error(
        "Le service « funding » doit connaître le compte du fonds : --fund-name TITULAIRE --fund-iban IBAN [--fund-bic BIC]"
    )]
    NoFund,
    /// The address is taken or not ours.
    #[error("L'adresse {0} ne peut pas être écoutée ; une autre se choisit avec --listen")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// The first keys cannot be published.
    #[error(transparent)]
    FirstKeys(#[from] FirstKeysError),
    /// The operator cannot be created.
    #[error("Le compte de l'opérateur n'a pas pu être créé")]
    Operator(#[from] access::CreateError),
    /// Metrics cannot be recorded.
    #[error("Les mesures n'ont pas pu être mises en route")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// Services that answer; [`stop`](Self::stop) ends them. Dropped without it, requests under way are cut and the
/// embedded database is stopped.
#[derive(Debug)]
pub struct Running {
    /// Where they listen: the real port.
    pub addr: SocketAddr,
    /// The file of the operator's API key; only the issuer reads it.
    pub operator_key_file: PathBuf,
    pools: Vec<PgPool>,
    /// What runs beside the requests; aborted when dropped.
    _beside: JoinSet<()>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
    server: Server,
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
        let server = Server::open(&config).await?;
        let files = config.key_files();
        if services.len() > 1 {
            server.migrate().await?;
            files.create_missing().map_err(OpenError::from)?;
        }
        let pools = server.pools(&config, services).await?;
        let first = pools.first().ok_or(StartError::NoService)?;

        let mut routes = OpenApiRouter::with_openapi(openapi::document()).merge(catalogue::routes(first.clone()));
        let mut beside = JoinSet::new();
        let start = Start {
            config: &config,
            clock: &clock,
            // Where one process is everything, so is whoever reads its disk.
            opener: config.opener(if services.len() > 1 {
                Plain::Warned
            } else {
                Plain::Refused
            }),
            all: services.len() > 1,
        };
        for (service, pool) in services.iter().zip(&pools) {
            routes = routes.merge(start.service(*service, pool.clone(), &mut beside).await?);
        }
        let (api, document) = routes.split_for_parts();
        let api = api
            .merge(openapi::routes(document))
            .merge(status::routes(services))
            .merge(proto::health_routes(Ready(pools.clone()), grpc_services(services)))
            .merge(web::health_routes(Ready(pools.clone()), metrics));
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
            _beside: beside,
            stop,
            served: answering,
            server,
        })
    }

    /// Takes no new request, lets those under way end, for [`STOP_SECONDS_MAX`] at most, and stops the embedded database.
    pub async fn stop(self) -> Result<(), StoreError> {
        let Self {
            pools,
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
    if services.contains(&Service::Redemption) {
        &[proto::v1::claims_server::SERVICE_NAME]
    } else {
        &[]
    }
}

/// What every service is started with.
struct Start<'a> {
    config: &'a Config,
    clock: &'a Clock,
    opener: Opener,
    all: bool,
}

impl Start<'_> {
    async fn service(
        &self,
        service: Service,
        pool: PgPool,
        beside: &mut JoinSet<()>,
    ) -> Result<OpenApiRouter, StartError> {
        let clock = self.clock.clone();
        Ok(match service {
            Service::Issuer => self.issuer(pool, beside).await?,
            Service::Redemption => {
                let config = redemption::Config {
                    pool,
                    clock,
                    host: self.config.public_host.clone(),
                    status_signer: self.status_signer().await?,
                };
                if let Some(keeping) = redemption::keep_status_lists(&config).map_err(catalogue::KeyError::from).map_err(FirstKeysError::from)? {
                    beside.spawn(keeping);
                }
                redemption::routes(config)
            }
            Service::Funding => funding::routes(funding::Config {
                pool,
                clock,
                fund: self.config.fund().ok_or(StartError::NoFund)?,
            }),
        })
    }

    /// The home of organisations and keys too: no other service may make a key.
    async fn issuer(&self, pool: PgPool, beside: &mut JoinSet<()>) -> Result<OpenApiRouter, StartError> {
        let (files, at) = (self.config.key_files(), self.clock.now());
        let operator = keys::operator_key(&files.operator)?;
        access::ensure_operator(&pool, &operator, at).await?;
        let signing = self.open(&files.signing).await?;
        let key_set = self
            .open_if_any(&files.key_set, self.config.key_set_key_file.is_some())
            .await?;
        let mut first: Vec<(Purpose, &dyn Signer)> = vec![(Purpose::Voucher, &*signing)];
        first.extend(key_set.iter().map(|key| (Purpose::KeySet, &**key)));
        // Alone, the issuer never holds the key of the status lists: its public half is published by who does.
        let status = if self.all { self.status_signer().await? } else { None };
        first.extend(status.iter().map(|key| (Purpose::Status, &**key)));
        let own_root = if self.config.root_keys.is_none() && self.all {
            Some(self.open(&files.root).await?)
        } else {
            None
        };
        keys::publish_first_keys(&pool, &first, own_root.as_deref(), at).await?;

        let roots = match (&self.config.root_keys, &own_root) {
            (Some(path), _) => read_roots(path)?,
            (None, Some(root)) => PublicKey::new(&root.public_bytes(), KeyPolicy::unbounded(Purpose::Root))
                .into_iter()
                .collect(),
            (None, None) => Vec::new(),
        };
        let named: Vec<Arc<dyn Signer>> = key_set.into_iter().chain([Arc::clone(&signing)]).collect();
        let signers = issuer::Signers::new(signing, named.clone());
        let mut shelf = KeyShelf::new(named, files.folder, self.opener.clone());
        // Once before the first request, then beside them.
        let (shelf, loaded) = in_background(move || {
            let loaded = shelf.look();
            (shelf, loaded)
        })
        .await;
        signers.replace(loaded);
        beside.spawn(shelf.watch(signers.clone()));
        let access = access::routes(pool.clone(), self.clock.clone());
        let identity_key = keys::key_bytes(&files.identity, &self.opener).map_err(OpenError::from)?;
        Ok(issuer::routes(issuer::Config {
            pool,
            clock: self.clock.clone(),
            host: self.config.public_host.clone(),
            signers,
            key_sets: issuer::KeySets::under(roots),
            identity_key: issuer::IdentityKey::new(identity_key),
        })
        .merge(access))
    }

    /// The key that signs status lists, if this process was given it.
    async fn status_signer(&self) -> Result<Option<Arc<dyn Signer>>, StartError> {
        let files = self.config.key_files();
        self.open_if_any(&files.status, self.config.status_key_file.is_some())
            .await
    }

    /// The key at `path` when it was named or is there.
    async fn open_if_any(&self, path: &Path, named: bool) -> Result<Option<Arc<dyn Signer>>, StartError> {
        if named || path.exists() {
            Ok(Some(self.open(path).await?))
        } else {
            Ok(None)
        }
    }

    /// Opens a key where it may take a second.
    async fn open(&self, path: &Path) -> Result<Arc<dyn Signer>, StartError> {
        let (place, opener) = (Place::of(path).map_err(OpenError::from)?, self.opener.clone());
        Ok(in_background(move || place.open(&opener)).await?)
    }
}

async fn in_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work)
        .await
        .expect("opening a key does not panic")
}

fn read_roots(path: &Path) -> Result<Vec<PublicKey>, StartError> {
    let unreadable = |error: String| StartError::Roots(path.to_owned(), error);
    let json = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    let keys = JwkSet::read(&json).map_err(|error| unreadable(error.to_string()))?;
    if keys.iter().all(|key| key.policy().purpose == Purpose::Root) {
        Ok(keys)
    } else {
        Err(unreadable(
            "toutes doivent être des clés racines, exportées par « ccn keys export --for root »".to_owned(),
        ))
    }
}
