//! The issuer through its front door, as the database role `ccn_issuer`, on a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod abuse;
mod calendar;
mod caps;
mod fixture;
mod import;
mod keys;
mod paper;
mod prescribers;
mod print;
mod races;
mod real_people;
mod secrets;
mod trail;
mod vouchers;
