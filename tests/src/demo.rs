use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A demonstration that was told to its end, by the executable itself on its embedded PostgreSQL.
#[derive(Debug, Clone)]
pub struct Demo {
    /// Where its files are.
    pub files: DemoFiles,
    /// What it told on the way.
    pub told: String,
    /// How long it took.
    pub took: Duration,
}

/// What a demonstration leaves.
#[derive(Debug, Clone)]
pub struct DemoFiles(PathBuf);

impl DemoFiles {
    /// The file of this name.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// `summary.json`.
    #[must_use]
    pub fn summary(&self) -> Value {
        let bytes = std::fs::read(self.path("summary.json")).expect("the demo leaves a summary");
        serde_json::from_slice(&bytes).expect("the summary is JSON")
    }

    /// The rows of a CSV file under their columns' names.
    #[must_use]
    pub fn rows<T: serde::de::DeserializeOwned>(&self, name: &str) -> Vec<T> {
        let csv = csv::Reader::from_path(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        csv.into_deserialize()
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

/// Accounts that a demonstration shows.
const KEYS: usize = 9;

/// The site that a demonstration leaves open; stopped when dropped.
#[derive(Debug)]
pub struct DemoSite {
    child: Child,
    // Kept open: what else it says must go somewhere.
    _stdout: BufReader<ChildStdout>,
    /// `http://127.0.0.1:…`
    pub base: String,
    /// The API keys that it shows, of an organisation each.
    pub keys: Vec<String>,
}

impl DemoSite {
    /// Tells the story and waits until the site is described.
    #[must_use]
    pub fn open(out: &Path) -> Self {
        let mut command = Demo::command(out);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the executable starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (mut base, mut keys, mut told) = (None, Vec::new(), String::new());
        // It says nothing after them.
        while keys.len() < KEYS {
            let from = told.len();
            assert_ne!(stdout.read_line(&mut told).expect("text"), 0, "the demo ended:\n{told}");
            let line = told[from..].trim();
            if let Some((address, _)) = line.split_once("/openapi.json") {
                base = Some(address.to_owned());
            }
            let last = line.rsplit(' ').next().filter(|word| word.starts_with("ccn_"));
            keys.extend(last.map(str::to_owned));
        }
        Self {
            child,
            _stdout: stdout,
            base: base.unwrap_or_else(|| panic!("no site:\n{told}")),
            keys,
        }
    }
}

impl Drop for DemoSite {
    fn drop(&mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        if asked.is_ok_and(|status| status.success()) {
            let _ = self.child.wait();
        } else {
            let _ = self.child.kill();
        }
    }
}

impl Demo {
    /// `ccn demo --listen 127.0.0.1:0 --out OUT` as on a newcomer's machine: nothing is prepared, so nothing is configured.
    fn command(out: &Path) -> Command {
        let mut command = Command::new(Self::executable());
        command.args(["demo", "--listen", "127.0.0.1:0", "--out"]).arg(out);
        for (name, _) in std::env::vars_os() {
            if name == "DATABASE_URL" || name.to_string_lossy().starts_with("CCN_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// Runs `ccn demo --once --out OUT ARGS…` and waits for its end.
    #[must_use]
    pub fn tell(out: &Path, args: &[OsString]) -> Self {
        match std::fs::remove_dir_all(out) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{}: {error}", out.display()),
            _ => {}
        }
        let mut command = Self::command(out);
        command.arg("--once").args(args);
        let started = Instant::now();
        let output = command.output().expect("the executable starts");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "the demo ended with {}:\n{told}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Self {
            files: DemoFiles(out.to_owned()),
            told,
            took: started.elapsed(),
        }
    }

    /// `ccn`, which cargo builds beside the tests when it tests the workspace.
    #[must_use]
    pub fn executable() -> PathBuf {
        let test = std::env::current_exe().expect("a test knows its own file");
        let folder = test
            .parent()
            .and_then(Path::parent)
            .expect("tests are built in target/PROFILE/deps");
        let path = folder.join("ccn");
        assert!(
            path.exists(),
            "{} is not built: cargo build -p ccn, or run scripts/test",
            path.display()
        );
        path
    }
}
