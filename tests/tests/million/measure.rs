//! How long each step takes, beside PostgreSQL copying the same rows out, and the memory that a process took at most.

use std::io::{Read, Seek};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Between two looks at a process's memory.
const LOOK_MILLIS: u64 = 10;

/// The table of a run.
#[derive(Debug, Default)]
pub struct Measures(Vec<Row>);

#[derive(Debug)]
struct Row {
    what: &'static str,
    took: Duration,
    /// PostgreSQL writing the same rows out.
    copied: Option<Duration>,
    peak_mib: Option<u64>,
}

impl Measures {
    /// Adds to the time of a step, which is told when it is new.
    pub fn step(&mut self, what: &'static str, took: Duration) {
        match self.0.iter_mut().find(|row| row.what == what) {
            Some(row) => row.took += took,
            None => self.0.push(Row {
                what,
                took,
                copied: None,
                peak_mib: None,
            }),
        }
    }

    /// A step with the rows that it reads copied by PostgreSQL, and its memory.
    pub fn beside(&mut self, what: &'static str, took: Duration, copied: Duration, peak_mib: Option<u64>) {
        self.0.push(Row {
            what,
            took,
            copied: Some(copied),
            peak_mib,
        });
    }

    /// A step of a process of its own.
    pub fn process(&mut self, what: &'static str, ran: &Ran) {
        self.step(what, ran.took);
        if let Some(row) = self.0.last_mut() {
            row.peak_mib = Some(ran.peak_mib);
        }
    }

    /// How long a step took.
    pub fn took(&self, what: &str) -> Duration {
        self.0
            .iter()
            .find(|row| row.what == what)
            .map_or(Duration::ZERO, |row| row.took)
    }

    /// The table, for people.
    pub fn print(&self) {
        println!("| step | time | COPY of the same rows | COPY / step (speed) | peak memory |");
        println!("|---|---|---|---|---|");
        for row in &self.0 {
            let copied = row.copied.map_or_else(|| "–".to_owned(), seconds);
            let ratio = row
                .copied
                .map_or_else(|| "–".to_owned(), |copied| hundredths(copied, row.took));
            let memory = row.peak_mib.map_or_else(|| "–".to_owned(), |mib| format!("{mib} MiB"));
            println!(
                "| {} | {} | {copied} | {ratio} | {memory} |",
                row.what,
                seconds(row.took)
            );
        }
    }
}

fn seconds(took: Duration) -> String {
    format!("{}.{} s", took.as_secs(), took.subsec_millis() / 100)
}

fn hundredths(one: Duration, other: Duration) -> String {
    let ratio = one.as_micros() * 100 / other.as_micros().max(1);
    format!("{}.{:02}", ratio / 100, ratio % 100)
}

/// What a command came to.
#[derive(Debug)]
pub struct Ran {
    pub status: ExitStatus,
    pub out: String,
    pub took: Duration,
    pub peak_mib: u64,
}

impl Ran {
    /// Its output, when it ended well.
    #[track_caller]
    pub fn well(&self, what: &str) -> &str {
        assert!(
            self.status.success(),
            "{what} ended with {}:\n{}",
            self.status,
            self.out
        );
        &self.out
    }
}

/// Runs a command to its end, and looks at its memory meanwhile.
pub fn run(mut command: Command) -> Ran {
    let mut out = tempfile::tempfile().unwrap();
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(out.try_clone().unwrap())
        .stderr(out.try_clone().unwrap())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()));
    let mut peak_mib = 0;
    let status = loop {
        peak_mib = peak_mib.max(peak(child.id()));
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(LOOK_MILLIS)),
        }
    };
    let took = started.elapsed();
    out.rewind().unwrap();
    let mut text = Vec::new();
    out.read_to_end(&mut text).unwrap();
    Ran {
        status,
        out: String::from_utf8_lossy(&text).into_owned(),
        took,
        peak_mib,
    }
}

/// The most memory that a process has had so far, in MiB; nothing when it has ended.
pub fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// Seconds that psql takes to write out the rows of some statements.
pub fn copy(url: &str, statements: &[&str]) -> Duration {
    let started = Instant::now();
    for statement in statements {
        sql(url, &format!("copy ({statement}) to stdout"));
    }
    started.elapsed()
}

/// Runs statements by psql, each by itself; what they say goes nowhere.
pub fn sql(url: &str, statement: &str) {
    let status = Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement])
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("psql is installed").success(), "{statement}");
}
