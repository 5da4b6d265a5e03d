//! Runs `ccn` as a person or a machine would.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use testkit::until_blocking;

/// The command without our own settings.
pub fn ccn() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ccn"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CCN_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command
}

pub fn output(args: &[&str]) -> Output {
    ccn().args(args).stdin(Stdio::null()).output().unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn whole(file: &mut File) -> String {
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

/// A `ccn all` that has told its address.
pub struct Served {
    child: Child,
    // Kept open: what else it says must go somewhere.
    stdout: BufReader<ChildStdout>,
    pub addr: String,
}

impl Served {
    /// Starts `ccn all` on `data_dir`; the error is what it said.
    pub fn start(mut command: Command, data_dir: &Path) -> Result<Self, String> {
        // Its log goes to a file: a pipe that nobody reads is full after some thousand requests, and then the server waits for ever.
        let mut log = tempfile::tempfile().unwrap();
        if !command.get_envs().any(|(name, _)| name == "CCN_FUND_IBAN") {
            command.env("CCN_FUND_IBAN", "FR7630006000011234567890189");
        }
        let mut child = command
            .args(["all", "--listen", "127.0.0.1:0", "--fund-name", "Fonds CCN"])
            .arg("--data-dir")
            .arg(data_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.try_clone().unwrap())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut first).unwrap();
        let Some(addr) = first.trim().strip_prefix("ccn écoute sur http://") else {
            child.wait().unwrap();
            return Err(whole(&mut log));
        };
        Ok(Self {
            addr: addr.to_owned(),
            child,
            stdout,
        })
    }

    /// Status line, headers and body.
    pub fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.addr).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Sends a signal (`TERM`, `INT`, `KILL`), waits for the end, and tells the exit status.
    pub fn signal(mut self, name: &str) -> Option<i32> {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let status = until_blocking("ccn stops", || self.child.try_wait().unwrap());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        status.code()
    }
}
