//! `ccn-verify` from outside: what it is built of, and what it says.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod dependencies;
mod token;

use std::process::{Command, Output, Stdio};

fn ccn_verify() -> Command {
    Command::new(env!("CARGO_BIN_EXE_ccn-verify"))
}

fn output(args: &[&str]) -> Output {
    ccn_verify().args(args).stdin(Stdio::null()).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
