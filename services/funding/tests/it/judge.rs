use std::process::Command;

/// What a checker of `tests/checkers` says of these files; it must agree.
pub fn agreed(checker: &str, files: &[&std::path::Path]) -> String {
    let python = std::env::var_os("TEST_PYTHON").expect("TEST_PYTHON: run scripts/test");
    let script = format!("{}/../../tests/checkers/{checker}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(python).arg("-B").arg(script).args(files).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}
