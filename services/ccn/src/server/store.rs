//! The database: embedded or given, migrated, and one pool a service, each under its own role.

use std::path::{Path, PathBuf};

use ::keys::secret_file::{self, SecretError};
use embedded_postgres::{Embedded, EmbeddedError};
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};

use crate::server::config::Config;
use crate::server::service::Service;

/// Connections of what a service does beside its requests: the sealer has one or two, the nightly run two, for minutes.
const CONNECTIONS_BESIDE: u32 = 5;

/// Why there is no database to work with.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The embedded server does not run.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// A password file cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A service alone has no embedded database: the others could not share it.
    #[error("« ccn {0} » demande une base partagée avec les autres services : --database-url postgresql://{role}@machine/ccn", role = .0.role().name())]
    NoUrl(Service),
    /// Nobody ever served from this folder: there is nothing to read.
    #[error(
        "Il n'y a pas de base de données dans « {} ».\nAllez dans le dossier où « ccn all » a été démarré, ou donnez --data-dir DOSSIER, ou --database-url URL.",
        .0.display()
    )]
    Nothing(PathBuf),
    /// PostgreSQL refuses or cannot be reached.
    #[error("La base de données ne répond pas ou refuse la connexion")]
    Database(#[from] sqlx::Error),
    /// The schemas cannot be brought up to date.
    #[error("Les schémas de la base n'ont pas pu être mis à jour")]
    Migrate(#[from] MigrateError),
}

/// A PostgreSQL server: embedded and started here, or given.
#[derive(Debug)]
pub struct DatabaseServer {
    options: PgConnectOptions,
    embedded: Option<Embedded>,
}

impl DatabaseServer {
    /// The one of `--database-url`, or else the embedded one, started.
    pub async fn open(config: &Config) -> Result<Self, StoreError> {
        if let Some(options) = &config.database_url {
            let mut options = options.clone();
            if let Some(file) = &config.database_password_file {
                options = options.password(&secret_file::read(file)?);
            }
            // A pool asks again and again, and then only knows that time is up: one connection says why there is none.
            PgConnection::connect_with(&options).await?.close().await?;
            return Ok(Self {
                options,
                embedded: None,
            });
        }
        let embedded = Embedded::start(config.data_dir.clone(), std::env::var_os("PATH")).await?;
        Ok(Self {
            options: embedded.options(),
            embedded: Some(embedded),
        })
    }

    /// The database of a `config`, which exists: the one that was named, or the embedded one, running or not. The server is given back,
    /// to be stopped, if it was started here.
    pub async fn open_existing(config: &Config) -> Result<(PgConnectOptions, Option<Self>), StoreError> {
        // Who reads makes no database: an empty one would only hide that the folder is the wrong one.
        if config.database_url.is_none() && !embedded_postgres::exists_in(&config.data_dir) {
            return Err(StoreError::Nothing(config.data_dir.clone()));
        }
        match Self::open(config).await {
            Ok(server) => Ok((server.options().clone(), Some(server))),
            // Somebody serves from this folder: its database answers on its socket.
            Err(StoreError::Embedded(EmbeddedError::InUse { folder, process })) => {
                match embedded_postgres::running_in(&folder) {
                    Some(options) => Ok((options, None)),
                    None => Err(EmbeddedError::InUse { folder, process }.into()),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// How to connect, as whoever the URL names (the embedded server's superuser).
    #[must_use]
    pub const fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// Creates what is missing: roles, schemas, tables. The user must own the database.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(self.options.clone())
            .await?;
        let migrated = migrate(&pool).await;
        pool.close().await;
        Ok(migrated?)
    }

    /// A pool for each of `services`: under its own role when there are several, as the URL says when it is alone.
    pub async fn pools(&self, config: &Config, services: &[Service]) -> Result<Vec<PgPool>, StoreError> {
        let mut pools = Vec::with_capacity(services.len());
        for service in services {
            let options = self.as_service(config, *service, services.len() > 1)?;
            pools.push(database::connect(options, config.connections).await?);
        }
        Ok(pools)
    }

    /// A pool for what `service` does beside its requests, which has to go on when requests take every connection of theirs.
    pub async fn pool_beside(&self, config: &Config, service: Service, several: bool) -> Result<PgPool, StoreError> {
        let options = self.as_service(config, service, several)?;
        Ok(database::connect(options, CONNECTIONS_BESIDE).await?)
    }

    fn as_service(&self, config: &Config, service: Service, several: bool) -> Result<PgConnectOptions, StoreError> {
        let mut options = self.options.clone();
        if several {
            options = options.username(service.role().name());
            if let Some(folder) = &config.role_passwords {
                options = options.password(&secret_file::read(&folder.join(service.role().name()))?);
            }
        }
        Ok(options)
    }

    /// Stops the embedded server; one that was given is left alone.
    pub async fn stop(self) -> Result<(), StoreError> {
        match self.embedded {
            Some(embedded) => Ok(embedded.stop().await?),
            None => Ok(()),
        }
    }
}

/// All schemas, in the order of the packages' arrows.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    database::apply_roles(pool).await?;
    access::migrate(pool).await?;
    catalogue::migrate(pool).await?;
    ledger::migrate(pool).await?;
    issuer::migrate(pool).await?;
    redemption::migrate(pool).await?;
    funding::migrate(pool).await
}

/// Gives each role the password in the file of its name in `folder`; a role without a file keeps what it has.
pub async fn set_role_passwords(options: &PgConnectOptions, folder: &Path) -> Result<Vec<&'static str>, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await?;
    let mut set = Vec::new();
    for role in database::Role::ALL {
        let path = folder.join(role.name());
        if !path.exists() {
            continue;
        }
        let password = secret_file::read(&path)?;
        // A function of ours, for a password cannot be a parameter of ALTER ROLE; as a parameter it is not logged.
        sqlx::query("select roles.set_password($1, $2)")
            .bind(role.name())
            .bind(password.as_str())
            .execute(&pool)
            .await?;
        set.push(role.name());
    }
    pool.close().await;
    Ok(set)
}
