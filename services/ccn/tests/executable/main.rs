//! The executable from outside: its command line, its files, its embedded database.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod cosign;
mod embedded;
mod hand;
mod installation;
mod keys;
mod process;
mod settings;
mod verify;
mod words;
