//! Standard output may close before everything is told, as `| head -1` does, or be full.

use std::any::Any;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook};
use std::process::ExitCode;

use serde::Serialize;
use standards::french_errors;

/// What `print!` and its like panic with.
const FAILED: &str = "failed printing to ";

/// Runs a command. When its output cannot be written it is unwound, so that what it started is stopped; a reader who has read enough is
/// no error to be told of.
pub fn with_output(run: impl FnOnce() -> ExitCode) -> ExitCode {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        if unwritten(panic.payload()).is_none() {
            usual(panic);
        }
    }));
    let panic = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(status) => return status,
        Err(panic) => panic,
    };
    let Some(error) = unwritten(&*panic) else {
        resume_unwind(panic);
    };
    if error.kind() != io::ErrorKind::BrokenPipe {
        // Standard error may be the one that cannot be written.
        let _ = writeln!(
            io::stderr(),
            "Erreur : la sortie ne peut pas être écrite : {}",
            french_errors::reason(&error)
        );
    }
    ExitCode::FAILURE
}

/// Why the output could not be written, if that is what the panic says.
fn unwritten(panic: &(dyn Any + Send)) -> Option<io::Error> {
    let said = panic.downcast_ref::<String>()?.strip_prefix(FAILED)?;
    let (_, code) = said.rsplit_once("(os error ")?;
    code.trim_end_matches(')')
        .parse()
        .ok()
        .map(io::Error::from_raw_os_error)
}

/// One JSON object on a line of standard output, for machines.
pub(super) fn print_json(verdict: &impl Serialize) {
    let json = serde_json::to_string(verdict).expect("a verdict is plain data");
    println!("{json}");
}
