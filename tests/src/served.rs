//! The services in a process of their own, so that their memory can be measured, with the driver's hand on their clock.
//!
//! The process is the test's own executable, told to run the one test that calls [`serve_when_asked`]. Its clock is moved through its
//! standard input and nowhere else: the interface of the services has no such door.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use ccn::{Running, Service};
use chrono::{DateTime, Utc};
use sqlx::postgres::PgPoolOptions;
use sqlx::{ConnectOptions, PgPool};
use web::Clock;

use crate::deployment::config;

/// Names the folder of the keys to the process that shall serve.
const FOLDER: &str = "TEST_SERVES_FROM";
/// The instant at which its clock begins, in microseconds.
const BEGINS: &str = "TEST_SERVES_AT";
/// The test that calls [`serve_when_asked`].
const TEST: &str = "the_services_of_another_test";

const LISTENS: &str = "the services listen on ";
const MOVED: &str = "the clock was moved";

/// The running services.
#[derive(Debug)]
pub struct Served {
    /// Where they listen.
    pub addr: SocketAddr,
    child: Child,
    /// What is told, and what is answered.
    talk: Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
}

impl Served {
    /// Starts them on the database behind `pool`, with keys in `folder`. The executable must have a test `the_services_of_another_test`,
    /// ignored, that calls [`serve_when_asked`].
    #[must_use]
    pub fn start(pool: &PgPool, folder: &Path, at: DateTime<Utc>) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("a test knows its own file"))
            .args([TEST, "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .env(BEGINS, at.timestamp_micros().to_string())
            .env("DATABASE_URL", pool.connect_options().to_url_lossy().as_str())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a test starts itself");
        let stdin = child.stdin.take().expect("a pipe");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let addr = answer(&mut stdout, LISTENS);
        Self {
            addr: addr.parse().expect("an address"),
            child,
            talk: Mutex::new(Some((stdin, stdout))),
        }
    }

    /// Its number in the system.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Moves its clock; every later request sees it moved.
    pub fn move_to(&self, at: DateTime<Utc>) {
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        let (stdin, stdout) = talk.as_mut().expect("it serves until it is dropped");
        writeln!(stdin, "{}", at.timestamp_micros()).expect("the services run");
        answer(stdout, MOVED);
    }
}

/// Reads up to the line that begins so, and gives the rest of it.
fn answer(stdout: &mut impl BufRead, begins: &str) -> String {
    let mut line = String::new();
    loop {
        line.clear();
        assert_ne!(stdout.read_line(&mut line).expect("text"), 0, "the services ended");
        if let Some(rest) = line.trim_end().strip_prefix(begins) {
            return rest.to_owned();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // No more clock: it stops, and gives back its connections before the database is dropped.
        *self.talk.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let _ = self.child.wait();
    }
}

/// Serves until the standard input ends, in a process that [`Served::start`] started; in another, returns at once.
pub fn serve_when_asked() {
    let told = |name: &str| std::env::var(name).ok();
    let Some((folder, begins)) = told(FOLDER).zip(told(BEGINS)) else {
        return;
    };
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .try_init();
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let url = told("DATABASE_URL").expect("it is told the database");
        let pool = PgPoolOptions::new().connect_lazy(&url).expect("the URL of a database");
        let begins = begins.parse().ok().and_then(DateTime::from_timestamp_micros);
        let (clock, hand) = Clock::set(begins.expect("an instant"));
        let config = config(&pool, Path::new(&folder));
        let running = Running::start(config, clock, &Service::ALL).await;
        let running = running.expect("the services start");
        println!("\n{LISTENS}{}", running.addr);
        let moving = tokio::task::spawn_blocking(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                let at = line.parse().ok().and_then(DateTime::from_timestamp_micros);
                hand.move_to(at.expect("an instant"));
                println!("{MOVED}");
            }
        });
        moving.await.expect("the input is read to its end");
        running.stop().await.expect("the services stop");
    });
}
