//! A private PostgreSQL, from the machine's own programs, in the data folder, on a Unix socket that only its owner
//! may use: a newcomer has nothing to set up, and nothing listens on the network.
//!
//! ```text
//! DATA/lock            held while we run: a second ccn on the same folder is refused
//! DATA/postgres/data   the server's files (a link when root's folder is closed to the server's user, see `home`)
//! DATA/postgres/log    what the server says
//! DATA/postgres/socket where it listens (in /tmp when the path would be longer than a socket's may be)
//! ```
//!
//! Settings stay durable. The server is stopped when [`Embedded`] is dropped, panics included; one that a killed
//! process left behind is stopped before the next start.

mod binaries;
mod cluster;
mod home;
mod owner;

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, PgConnection};

pub use binaries::{Binaries, MAJOR_MIN};
pub use owner::Owner;

use cluster::Cluster;

/// The database of the embedded server.
pub const DATABASE: &str = "ccn";

/// The superuser of the embedded server, who migrates.
pub const SUPERUSER: &str = "postgres";

/// Why the embedded server does not run.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No PostgreSQL on this machine, or too old a one.
    #[error(
        "PostgreSQL {MAJOR_MIN} ou plus récent est introuvable sur cette machine.\n\
         Pour l'installer, tapez : sudo apt-get install postgresql\n\
         Pour en utiliser un autre : ccn … --database-url postgresql://…"
    )]
    NotInstalled,
    /// The data was made by a version that is not there any more.
    #[error(
        "Les données ont été créées par PostgreSQL {0}, qui n'est plus installé.\n\
         Tapez : sudo apt-get install postgresql-{0}"
    )]
    OtherVersion(u32),
    /// Started as root on a machine that has no other user.
    #[error(
        "PostgreSQL refuse de fonctionner en tant que root, et il n'y a ni utilisateur « postgres » ni « nobody »."
    )]
    OnlyRoot,
    /// Another process has the folder.
    #[error(
        "Un autre ccn utilise déjà le dossier « {folder} » (processus {process}).\nArrêtez-le, ou choisissez un autre dossier : --data-dir DOSSIER"
    )]
    InUse {
        /// The data folder.
        folder: PathBuf,
        /// The other process's id, as it wrote it into the lock file.
        process: String,
    },
    /// `initdb` or `pg_ctl` ended with an error.
    #[error("« {program} » a échoué :\n{stderr}")]
    Program {
        /// The program's name.
        program: &'static str,
        /// What it wrote, and the last lines of the server's log.
        stderr: String,
    },
    /// The system refuses.
    #[error("« {0} » ne peut pas être lu ou écrit")]
    Io(PathBuf, #[source] io::Error),
    /// The server runs but does not answer.
    #[error("La base de données embarquée ne répond pas")]
    Database(#[from] sqlx::Error),
}

/// A running embedded server; dropping it stops it.
#[derive(Debug)]
pub struct Embedded {
    cluster: Cluster,
    // After the cluster: the folder is given back once the server has stopped.
    _lock: File,
}

impl Embedded {
    /// Initialises the server in `data_dir` when there is none, starts it, and waits until it answers.
    pub async fn start(data_dir: PathBuf, path: Option<std::ffi::OsString>) -> Result<Self, EmbeddedError> {
        // On a thread of its own, and whole: if we are asked to stop meanwhile, what was started is dropped, so stopped.
        let started = tokio::task::spawn_blocking(move || Self::start_blocking(&data_dir, path.as_deref()));
        let embedded = started
            .await
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        embedded.create_database().await?;
        Ok(embedded)
    }

    fn start_blocking(data_dir: &Path, path: Option<&std::ffi::OsStr>) -> Result<Self, EmbeddedError> {
        let io = |error| EmbeddedError::Io(data_dir.to_owned(), error);
        // The server's user must be able to go through it to its own folder; what is secret in it is closed by itself.
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(data_dir)
            .map_err(io)?;
        let data_dir = data_dir.canonicalize().map_err(io)?;
        let lock = lock(&data_dir)?;
        let (home, owner) = home::open(&data_dir)?;
        let cluster = Cluster::start(&home, owner, path)?;
        Ok(Self { cluster, _lock: lock })
    }

    /// How to connect, as the superuser.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        as_superuser(self.cluster.socket(), cluster::PORT)
    }

    /// Stops the server and says whether it went well.
    pub async fn stop(mut self) -> Result<(), EmbeddedError> {
        let stopped = tokio::task::spawn_blocking(move || self.cluster.stop());
        stopped
            .await
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    async fn create_database(&self) -> Result<(), EmbeddedError> {
        let mut connection = PgConnection::connect_with(&self.options().database("postgres")).await?;
        let exists = sqlx::query("select from pg_database where datname = $1")
            .bind(DATABASE)
            .fetch_optional(&mut connection)
            .await?
            .is_some();
        if !exists {
            sqlx::query("create database ccn").execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }
}

/// How to connect, as the superuser, to the server that another process runs in `data_dir`; nothing when none runs. PostgreSQL
/// writes its port and its socket's folder on the 4th and 5th line of `postmaster.pid`.
#[must_use]
pub fn running_in(data_dir: &Path) -> Option<PgConnectOptions> {
    let content = std::fs::read_to_string(data_dir.join("postgres/data/postmaster.pid")).ok()?;
    let mut lines = content.lines().skip(3);
    let port = lines.next()?.trim().parse().ok()?;
    Some(as_superuser(Path::new(lines.next()?.trim()), port))
}

/// Whether a server was ever initialised in `data_dir`.
#[must_use]
pub fn exists_in(data_dir: &Path) -> bool {
    data_dir.join("postgres").exists()
}

fn as_superuser(socket: &Path, port: u16) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .port(port)
        .username(SUPERUSER)
        .database(DATABASE)
        .ssl_mode(PgSslMode::Disable)
}

/// Takes the folder for ourselves until the file is closed, however we end.
fn lock(data_dir: &Path) -> Result<File, EmbeddedError> {
    let path = data_dir.join("lock");
    let io = |error| EmbeddedError::Io(path.clone(), error);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut process = String::new();
            file.read_to_string(&mut process).map_err(io)?;
            return Err(EmbeddedError::InUse {
                folder: data_dir.to_owned(),
                process: process.trim().to_owned(),
            });
        }
        Err(TryLockError::Error(error)) => return Err(io(error)),
    }
    file.set_len(0).map_err(io)?;
    file.rewind().map_err(io)?;
    writeln!(file, "{}", std::process::id()).map_err(io)?;
    Ok(file)
}
