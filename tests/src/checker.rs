use std::ffi::OsStr;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
    let mut command = Command::new(&python);
    // -B: no compiled files beside the sources.
    command
        .arg("-B")
        .arg(checker(script))
        .args(args.iter().map(AsRef::as_ref));
    run(command, script, "")
}

/// Runs one of `tests/checkers/js/` with Node and `input` on its standard input; it must agree; gives what it says.
#[track_caller]
pub fn check_js(script: &str, args: &[&dyn AsRef<OsStr>], input: &str) -> String {
    let mut command = Command::new("node");
    // Node 18 calls its Ed25519 experimental, on standard error.
    command
        .arg("--no-warnings")
        .arg(checker("js").join(script))
        .args(args.iter().map(AsRef::as_ref));
    run(command, script, input)
}

fn checker(script: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("checkers").join(script)
}

#[track_caller]
fn run(mut command: Command, script: &str, input: &str) -> String {
    let program = command.get_program().to_owned();
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| match error.kind() {
        ErrorKind::NotFound => panic!("{} is not installed: scripts/install-debian test", program.display()),
        _ => panic!("{}: {error}", program.display()),
    });
    let mut stdin = child.stdin.take().expect("a pipe");
    let output = std::thread::scope(|scope| {
        // Beside the reading: a long input and a long answer would wait for one another.
        scope.spawn(move || {
            // Whoever disagrees early reads no further, and says so by its status.
            let _ = stdin.write_all(input.as_bytes());
        });
        child.wait_with_output().expect("it ends")
    });
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
