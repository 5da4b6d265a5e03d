//! The executable `ccn`; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ccn::run(std::env::args_os())
}
