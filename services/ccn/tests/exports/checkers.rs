use std::ffi::OsStr;
use std::process::Command;

/// What a checker of `tests/checkers` says; it may refuse.
pub fn asked<I: AsRef<OsStr>>(checker: &str, arguments: impl IntoIterator<Item = I>) -> Result<String, String> {
    let python = std::env::var_os("TEST_PYTHON").expect("TEST_PYTHON: run scripts/test");
    let script = format!("{}/../../tests/checkers/{checker}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(python)
        .arg("-B")
        .arg(script)
        .args(arguments)
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
