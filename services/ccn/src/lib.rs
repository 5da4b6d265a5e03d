//! The one executable: the services behind one address, the embedded database, the command line.
//!
//! | file | what |
//! |---|---|
//! | `cli`, `config`, `environment` | what the process is told, by flag or variable; help that teaches |
//! | `keys` | private keys and secrets: opened, made, published, watched |
//! | `embedded`, `store` | PostgreSQL: the private one or a given one, migrations, a pool a role |
//! | `serve`, `start`, `openapi`, `status`, `stop` | the services, started and stopped; in-process for the demo and the tests |
//! | `verify` | vouchers proven offline |
//! | `sealing`, `export`, `verify_books`, `faults`, `cosign` | the books sealed, exported, proven and co-signed offline |
//! | `reconcile`, `close` | the books compared with the bank; a month closed |
//! | `own_books`, `remote`, `exit` | a database and its key, or a server, as commands use them; exit statuses |
//! | `usage`, `told` | wrong command lines and the system's refusals, in French |
//! | `demo` | the whole life of the vouchers, told through the HTTP interfaces |
//!
//! [`Running`] is the way in for whoever wants the whole system inside a test:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use ccn::{Config, Running, Service};
//!
//! let (clock, hand) = web::Clock::set("2026-03-02T09:00:00Z".parse()?);
//! let config = Config {
//!     listen: "127.0.0.1:0".parse()?,
//!     data_dir: "demo-data".into(), // keys, and the embedded database unless `database_url` names another
//!     fund_name: Some("Fonds CCN".to_owned()),
//!     fund_iban: Some("FR7630006000011234567890189".parse()?),
//!     ..Config::default()
//! };
//! let running = Running::start(config, clock, &Service::ALL).await?;
//! let operator = std::fs::read_to_string(&running.operator_key_file)?;
//! println!("http://{} opens to {}", running.addr, operator.trim());
//! hand.move_to("2026-04-01T09:00:00Z".parse()?);
//! running.stop().await?;
//! # Ok(()) }
//! ```

mod books;
pub mod cli;
mod close;
pub mod config;
pub mod cosign;
pub mod demo;
pub mod embedded;
pub mod environment;
mod evidence;
mod exit;
pub mod export;
pub mod faults;
pub mod keys;
mod openapi;
mod own_books;
mod reconcile;
mod remote;
mod run;
pub mod sealing;
pub mod serve;
pub mod service;
mod start;
mod stating;
mod status;
pub mod stop;
pub mod store;
pub mod telemetry;
pub mod told;
mod usage;
pub mod verify;
pub mod verify_books;
pub mod verify_evidence;

pub use ::keys::secret_file;
pub use cli::DemoArgs;
pub use config::Config;
pub use run::run;
pub use serve::{Running, STOP_SECONDS_MAX, StartError};
pub use service::Service;
pub use stop::StopSignals;
