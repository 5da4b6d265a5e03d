//! The one executable: the services behind one address, the embedded database, the command line.
//!
//! | folder | what |
//! |---|---|
//! | `commands` | the command line: a file a command, with its arguments, its help and its act |
//! | `server` | the services, started and stopped |
//!
//! Commands use the server, which knows none of them. What else could stand alone is in packages of its own: `verify`, `export`,
//! `client`, `demo`, `embedded-postgres`.
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

pub mod commands;
pub mod server;

pub use commands::run;
pub use server::StartError;
pub use server::config::Config;
pub use server::running::{Running, STOP_SECONDS_MAX};
pub use server::service::Service;
