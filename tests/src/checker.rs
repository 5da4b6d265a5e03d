use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use tempfile::NamedTempFile;

/// The variable that names the Python with the packages of `tests/requirements.txt`.
const PYTHON: &str = "TEST_PYTHON";

/// Runs one of `tests/checkers/`, which must agree; gives what it says.
#[track_caller]
pub fn check(script: &str, args: &[&dyn AsRef<OsStr>]) -> String {
    let Some(python) = std::env::var_os(PYTHON) else {
        panic!(
            "{PYTHON} is not set: run scripts/test, or install tests/requirements.txt (it says how) and set it to that python"
        );
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("checkers").join(script);
    // -B: no compiled files beside the sources.
    let mut command = Command::new(&python);
    command.arg("-B").arg(path).args(args.iter().map(AsRef::as_ref));
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", Path::new(&python).display()));
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{script} disagrees:\n{said}{complained}");
    said.into_owned()
}

/// A file for a checker, gone when dropped.
#[must_use]
pub fn write_temporarily(content: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(content).expect("a temporary file");
    file
}
