//! From the configuration to a service's routes: opens its keys and publishes the first ones.

use std::path::Path;
use std::sync::Arc;

use ::keys::{KeyLoader, KeyStore, OpenError, Place};
use sqlx::PgPool;
use tokio::task::JoinSet;
use utoipa_axum::router::OpenApiRouter;
use voucher::{JwkSet, KeyPolicy, PublicKey, Purpose, Signer};
use web::Clock;

use crate::server::config::Config;
use crate::server::first_keys::{FirstKeysError, publish_first_keys};
use crate::server::installation::Installation;
use crate::server::key_files::{access_key, identity_key};
use crate::server::key_watch::watch_keys;
use crate::server::service::Service;
use crate::server::start_error::StartError;
use crate::server::{document_signing, sealing, voucher_secrets};

/// Connections as one service.
pub(crate) struct Pools {
    /// For the answers.
    pub requests: PgPool,
    /// For the sealer and the nightly run: whoever takes all connections of the requests does not stop the log.
    pub beside: Option<PgPool>,
}

/// What every service is started with.
pub(crate) struct Start<'a> {
    pub config: &'a Config,
    pub clock: &'a Clock,
    pub key_loader: KeyLoader,
    /// Whether this process is all of them.
    pub all: bool,
}

impl Start<'_> {
    /// The routes of a service; what runs beside them goes into `beside`, on connections of its own where it has some.
    pub(crate) async fn service(
        &self,
        service: Service,
        pools: Pools,
        beside: &mut JoinSet<()>,
    ) -> Result<OpenApiRouter, StartError> {
        let pool = pools.requests;
        let clock = self.clock.clone();
        let installation = Installation {
            config: self.config,
            pool: &pool,
            at: clock.now(),
        };
        installation.public_host().await?;
        Ok(match service {
            Service::Issuer => self.issuer(pool.clone(), &installation, beside).await?,
            Service::Redemption => {
                let status_signer = self.status_signer().await?;
                if let Some(key) = &status_signer {
                    installation.status_key(&**key).await?;
                }
                let files = self.config.key_files();
                let config = redemption::Config {
                    claim_secrets: voucher_secrets::of_redemption(&files, &self.key_loader, &pool).await?,
                    pool: pool.clone(),
                    clock,
                    host: self.config.public_host.clone(),
                    status_signer,
                };
                if let Some(keeping) = redemption::run_status_list_worker(&config)
                    .map_err(|weak| FirstKeysError::Key(catalogue::KeyRejection::Weak(weak).into()))?
                {
                    beside.spawn(keeping);
                }
                redemption::routes(config)
            }
            Service::Funding => {
                let fund = self.config.fund().ok_or(StartError::NoFund)?;
                installation.fund_iban(&fund.iban).await?;
                beside.spawn(funding::run_reminder_worker(pool.clone(), clock.clone()));
                let own = pools.beside.unwrap_or_else(|| pool.clone());
                let loader = self.key_loader.clone();
                let evidence_keys = Arc::new(voucher_secrets::evidence_keys(
                    &self.config.key_files(),
                    &self.key_loader,
                )?);
                let checkpoint_key = sealing::key(self.config, self.all, loader).await?;
                if let Some(key) = &checkpoint_key {
                    installation.log_key(key.verifier().public_bytes()).await?;
                }
                sealing::start(self.config, &clock, &own, checkpoint_key.as_ref(), beside);
                funding::routes(funding::Config {
                    checkpoint_key,
                    document_key: document_signing::start(self.config, &clock, &pool, self.all, beside)?,
                    ..funding::Config::new(
                        pool.clone(),
                        clock,
                        fund,
                        evidence_keys,
                        self.config.reconciliation.nightly(),
                    )
                })
            }
        })
    }

    /// The home of organisations and keys too: no other service may make a key.
    async fn issuer(
        &self,
        pool: PgPool,
        installation: &Installation<'_>,
        beside: &mut JoinSet<()>,
    ) -> Result<OpenApiRouter, StartError> {
        let (files, at) = (self.config.key_files(), self.clock.now());
        let operator = access_key(&files.operator)?;
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
        let roots = match (&self.config.root_keys, &own_root) {
            (Some(path), _) => read_roots(path)?,
            (None, Some(root)) => PublicKey::new(&root.public_bytes(), KeyPolicy::unbounded(Purpose::Root))
                .into_iter()
                .collect(),
            (None, None) => Vec::new(),
        };
        // Before anything is signed under them.
        installation.root_keys(&roots).await?;
        publish_first_keys(&pool, &first, own_root.as_deref(), at).await?;

        let named: Vec<Arc<dyn Signer>> = key_set.into_iter().chain([Arc::clone(&signing)]).collect();
        let signers = issuer::Signers::new(signing, named.clone());
        let mut key_store = KeyStore::new(named, files.folder.clone(), self.key_loader.clone());
        // Once before the first request, then beside them.
        let (key_store, loaded) = in_background(move || {
            let loaded = key_store.look();
            (key_store, loaded)
        })
        .await;
        signers.replace(loaded);
        beside.spawn(watch_keys(key_store, signers.clone()));
        beside.spawn(issuer::run_calendar_worker(pool.clone(), self.clock.clone()));
        let access = access::routes(pool.clone(), self.clock.clone());
        let identity_key = identity_key(&files.identity, &self.key_loader).map_err(OpenError::from)?;
        let voucher_secrets = voucher_secrets::of_issuer(&files, &self.key_loader, &pool).await?;
        Ok(issuer::routes(issuer::Config {
            pool,
            clock: self.clock.clone(),
            host: self.config.public_host.clone(),
            signers,
            key_sets: issuer::KeySets::under(roots),
            identity_key: issuer::IdentityKey::new(identity_key),
            voucher_secrets,
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
        let (place, loader) = (Place::of(path).map_err(OpenError::from)?, self.key_loader.clone());
        Ok(in_background(move || place.open(&loader)).await?)
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
