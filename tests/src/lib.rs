//! The system from outside: real services on a real PostgreSQL, over real HTTP, each with its own database role.
//!
//! A test sets a [`Scene`]: a fresh database, the services started in this process on a free port, a clock with a hand,
//! and actors who do by verbs what people do over the interface. Nothing is written behind the services' back; the pool
//! that a [`Deployment`] keeps only looks, and shows what each role may not do.
//!
//! ```text
//! Deployment    database, services, clock, nobody's client and the operator's
//! └─ Scene      one programme with its sponsor, three funders, a prescriber with people, accredited structures, a bank
//! ```
//!
//! Every answer is checked as it arrives: an error is problem+json and names the request of its header.
//! `tests/checkers/` holds what other people's software says about our files.

mod browser;
mod checker;
mod demo;
mod deployment;
mod logs;
mod recorded;
mod scene;
mod served;
mod settings;

pub use bank_simulator::Bank;
pub use testkit::{
    Answer, Batch, Client, Funder, Ids, Operator, Person, Place, Prescriber, Refusal, Sponsor, Structure, Voucher,
    holds, iban, id, people, real_data, redacted, siren, siret, together,
};

pub use browser::Browser;
pub use checker::{check, check_js, write_temporarily};
pub use demo::{Demo, DemoFiles, DemoSite};
pub use deployment::{DAY, Deployment, FUND_IBAN, FUND_NAME, morning};
pub use logs::{Logs, logs};
pub use recorded::RecordedDemo;
pub use scene::Scene;
pub use served::{Served, serve_when_asked};
pub use settings::Settings;
