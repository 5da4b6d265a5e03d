//! The issuer through its front door, as the database role `ccn_issuer`, on a real PostgreSQL.

mod import;
mod print;
mod real_people;
mod vouchers;
mod world;
