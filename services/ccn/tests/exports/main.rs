//! The exported files, each checked by the tool that its readers have.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

#[expect(dead_code, reason = "the other tests of the books use what these do not")]
#[path = "../books/fixture.rs"]
mod fixture;

mod checkers;
mod evidence;
mod fec;
mod hledger;
mod named;
