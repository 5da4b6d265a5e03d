//! The server itself: `initdb`, `pg_ctl start`, `pg_ctl stop`.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Binaries, EmbeddedError, Owner};

/// The number in the socket's name; nothing listens on a port.
pub const PORT: u16 = 5432;

/// The longest path of a Unix socket, in bytes (`sun_path` less its end).
const SOCKET_BYTES_MAX: usize = 107;

/// Seconds that `pg_ctl` waits for a start (recovery after a crash included) or a stop.
const WAIT_SECONDS: &str = "120";

/// Lines of the server's log that are shown when it does not start.
const LOG_LINES: usize = 12;

/// A started server; dropping it stops it.
#[derive(Debug)]
pub struct Cluster {
    binaries: Binaries,
    owner: Owner,
    home: String,
    socket: Socket,
    running: bool,
}

#[derive(Debug)]
enum Socket {
    InHome(PathBuf),
    InTmp(TempDir),
}

impl Cluster {
    /// Starts the server of `home` and waits until it answers.
    pub fn start(home: &Path, owner: Owner, path: Option<&OsStr>) -> Result<Self, EmbeddedError> {
        let io = |error| EmbeddedError::Io(home.to_owned(), error);
        let wanted = match fs::read_to_string(home.join("data/PG_VERSION")) {
            Ok(version) => version.trim().parse().ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(io(error)),
        };
        let binaries = Binaries::find(path, wanted)?;
        let text = home
            .to_str()
            .ok_or_else(|| io(io::Error::other("le chemin n'est pas de l'UTF-8")))?
            .to_owned();
        let socket = Socket::choose(home, owner).map_err(io)?;
        let mut cluster = Self {
            binaries,
            owner,
            home: text,
            socket,
            running: false,
        };
        if wanted.is_none() {
            cluster.initialise()?;
        }
        cluster.stop_orphan()?;
        cluster.launch()?;
        Ok(cluster)
    }

    /// The folder of the socket.
    pub fn socket(&self) -> &Path {
        match &self.socket {
            Socket::InHome(folder) => folder,
            Socket::InTmp(folder) => folder.path(),
        }
    }

    /// Stops the server: transactions under way are undone, what was committed is on the disk.
    pub fn stop(&mut self) -> Result<(), EmbeddedError> {
        if !self.running {
            return Ok(());
        }
        self.running = false;
        let data = self.data();
        self.run(
            "pg_ctl",
            ["stop", "-D", &data, "-m", "fast", "-w", "-t", WAIT_SECONDS, "-s"],
        )
    }

    fn data(&self) -> String {
        format!("{}/data", self.home)
    }

    /// Made under another name first: half a cluster, left by a power cut, is never taken for one.
    fn initialise(&self) -> Result<(), EmbeddedError> {
        let new = format!("{}/new", self.home);
        let io = |error| EmbeddedError::Io(new.clone().into(), error);
        if Path::new(&new).exists() {
            fs::remove_dir_all(&new).map_err(io)?;
        }
        tracing::info!(version = self.binaries.major, "creating the embedded database");
        let user = format!("--username={}", crate::SUPERUSER);
        // Trust is for the private socket alone: nothing listens elsewhere, and only the owner may enter its folder.
        self.run(
            "initdb",
            [
                "-D",
                &new,
                &user,
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--auth-local=trust",
                "--auth-host=reject",
                "--data-checksums",
                "--no-instructions",
            ],
        )?;
        fs::rename(&new, self.data()).map_err(io)
    }

    /// Stops a server that a killed process left running. We hold the folder's lock: it is nobody else's.
    fn stop_orphan(&self) -> Result<(), EmbeddedError> {
        let data = self.data();
        let pid_file = format!("{data}/postmaster.pid");
        let Ok(content) = fs::read_to_string(&pid_file) else {
            return Ok(());
        };
        let process = content.lines().next().unwrap_or_default().trim().to_owned();
        let works_in = fs::read_link(format!("/proc/{process}/cwd"));
        if works_in.is_ok_and(|folder| folder == Path::new(&data)) {
            tracing::warn!(process, "stopping the database server that an earlier run left behind");
            return self.run(
                "pg_ctl",
                ["stop", "-D", &data, "-m", "fast", "-w", "-t", WAIT_SECONDS, "-s"],
            );
        }
        // The number was given to another program since (a restarted machine or container); PostgreSQL could
        // take that one for itself and refuse to start.
        fs::remove_file(&pid_file).map_err(|error| EmbeddedError::Io(pid_file.into(), error))
    }

    fn launch(&mut self) -> Result<(), EmbeddedError> {
        let data = self.data();
        let log = format!("{}/log", self.home);
        // `pg_ctl` hands this to a shell; `Socket::choose` keeps the path to plain signs. Terse: the details of an
        // error quote rows, and rows name people.
        let options = format!(
            "-c listen_addresses='' -c port={PORT} -c unix_socket_directories={} -c unix_socket_permissions=0700 \
             -c log_error_verbosity=terse",
            self.socket().display()
        );
        // Even a start that failed may have left a process: from here on, `stop` has something to do.
        self.running = true;
        let started = self.run(
            "pg_ctl",
            [
                "start",
                "-D",
                &data,
                "-l",
                &log,
                "-w",
                "-t",
                WAIT_SECONDS,
                "-s",
                "-o",
                &options,
            ],
        );
        started.map_err(|error| match error {
            EmbeddedError::Program { program, stderr } => {
                let log = fs::read_to_string(&log).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let last = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
                EmbeddedError::Program {
                    program,
                    stderr: format!("{stderr}\n{last}"),
                }
            }
            other => other,
        })
    }

    fn run<'a>(&self, program: &'static str, args: impl IntoIterator<Item = &'a str>) -> Result<(), EmbeddedError> {
        let path = self.binaries.folder.join(program);
        let output = self
            .owner
            .run(&path, args)
            .map_err(|error| EmbeddedError::Io(path, error))?;
        if output.status.success() {
            return Ok(());
        }
        let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(EmbeddedError::Program { program, stderr })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!(%error, "the embedded database did not stop");
        }
    }
}

impl Socket {
    fn choose(home: &Path, owner: Owner) -> io::Result<Self> {
        let folder = home.join("socket");
        if is_plain(&folder) {
            if !folder.exists() {
                fs::create_dir(&folder)?;
                owner.take(&folder)?;
            }
            return Ok(Self::InHome(folder));
        }
        // A drawn name, open to its owner only; thrown away at the end.
        let folder = tempfile::Builder::new().prefix("ccn-").tempdir_in("/tmp")?;
        owner.take(folder.path())?;
        Ok(Self::InTmp(folder))
    }
}

/// Short enough for a socket, and of signs that neither a shell nor PostgreSQL's lists read in another way.
fn is_plain(folder: &Path) -> bool {
    let plain = |text: &str| {
        text.bytes()
            .all(|sign| sign.is_ascii_alphanumeric() || b"/._-".contains(&sign))
    };
    let length = folder.as_os_str().len() + format!("/.s.PGSQL.{PORT}").len();
    length <= SOCKET_BYTES_MAX && folder.to_str().is_some_and(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_or_odd_path_gets_its_socket_elsewhere() {
        assert!(is_plain(Path::new("/srv/ccn/.ccn/postgres/socket")));
        assert!(!is_plain(Path::new("/srv/l'été/.ccn/postgres/socket")));
        assert!(!is_plain(Path::new("/srv/a b/socket")));
        assert!(!is_plain(Path::new(&format!("/srv/{}/socket", "x".repeat(90)))));
    }
}
