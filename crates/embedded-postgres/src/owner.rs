//! Who the server runs as. PostgreSQL refuses to run as root.

use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::EmbeddedError;

/// The users tried, in this order, when started as root.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// The user that owns the server's files and runs its programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Whoever started us.
    Me,
    /// Another user, because root started us.
    Other {
        uid: u32,
        /// The id of its primary group.
        gid: u32,
    },
}

impl Owner {
    /// The one to use on this machine; `home`, when it exists, keeps its owner.
    pub fn choose(home: &Path) -> Result<Self, EmbeddedError> {
        // The owner of our own entry in /proc is our effective user.
        let me = std::fs::metadata("/proc/self").map_err(|error| EmbeddedError::Io("/proc/self".into(), error))?;
        if me.uid() != 0 {
            return Ok(Self::Me);
        }
        match std::fs::metadata(home) {
            Ok(made) if made.uid() != 0 => Ok(Self::Other {
                uid: made.uid(),
                gid: made.gid(),
            }),
            _ => USERS.into_iter().find_map(Self::named).ok_or(EmbeddedError::OnlyRoot),
        }
    }

    /// The user called `name`, if the machine has one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let number = |option| {
            let output = Command::new("id")
                .args([option, name])
                .stderr(Stdio::null())
                .output()
                .ok()?;
            std::str::from_utf8(&output.stdout).ok()?.trim().parse().ok()
        };
        Some(Self::Other {
            uid: number("-u")?,
            gid: number("-g")?,
        })
    }

    /// Makes this user the owner of `path`.
    pub fn take(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Me => Ok(()),
            Self::Other { uid, gid } => chown(path, Some(uid), Some(gid)),
        }
    }

    /// Runs a program as this user, from `/` (it may not be allowed where we are) and with nothing of our
    /// environment (`PGDATA`, `PGPORT` and their like are meant for another server).
    pub fn run<'a>(self, program: &Path, args: impl IntoIterator<Item = &'a str>) -> io::Result<Output> {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir("/")
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC")])
            .stdin(Stdio::null());
        if let Self::Other { uid, gid } = self {
            // The standard library also drops root's supplementary groups here.
            command.gid(gid).uid(uid);
        }
        command.output()
    }

    /// Whether this user may enter `folder`.
    #[must_use]
    pub fn enters(self, folder: &str) -> bool {
        self.run(Path::new("/usr/bin/test"), ["-x", folder])
            .is_ok_and(|output| output.status.success())
    }
}
