//! The services of one process: configured, started behind one address, stopped. In-process for the demo and the tests.
//!
//! | file | what |
//! |---|---|
//! | `config`, `reconcile_settings`, `telemetry` | what the process is given by flag or variable; logs and metrics |
//! | `store` | PostgreSQL: embedded or given, migrations, a pool a role |
//! | `installation` | what must not change by mistake, compared with what the database knows |
//! | `key_files`, `first_keys`, `key_watch` | private keys: where they are, the first ones published, new ones found |
//! | `voucher_secrets` | what vouchers are made and claimed with, compared with what the database was filled with |
//! | `sealing`, `document_signing` | what signs the books and documents, with the workers that use it |
//! | `start`, `running`, `stop` | routes of a service; all of them started, answering, stopped |
//! | `openapi`, `status` | the description of the interface; the page at `/` |

pub mod config;
mod document_signing;
mod first_keys;
pub mod installation;
pub mod key_files;
pub(crate) mod key_watch;
mod openapi;
pub mod reconcile_settings;
pub mod running;
pub mod sealing;
pub mod service;
mod start;
mod start_error;
mod status;
pub(crate) mod stop;
pub mod store;
pub mod telemetry;
pub(crate) mod voucher_secrets;

pub use start_error::StartError;
