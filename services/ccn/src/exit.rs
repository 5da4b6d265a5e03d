//! Exit statuses, the same whatever the command.

use std::process::ExitCode;

/// What was asked about does not hold: something was changed, forged or falsified. Also when nothing could be done at all.
pub(crate) const FALSE: u8 = 1;

/// The question itself was wrong: bad arguments, a file that cannot be read. clap ends with it too.
pub(crate) const UNUSABLE: u8 = 2;

/// Nothing is false, and somebody still has something to do first.
pub(crate) const LATER: u8 = 3;

/// Tells on standard error why nothing can be judged, and gives [`UNUSABLE`].
pub(crate) fn unusable(why: impl std::fmt::Display) -> ExitCode {
    eprintln!("{why}");
    ExitCode::from(UNUSABLE)
}
