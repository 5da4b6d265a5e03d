use std::path::Path;
use std::process::Command;

/// What a checker of `tests/checkers` says of these files; it must agree.
pub fn agreed(checker: &str, files: &[&Path]) -> String {
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

/// The same of one file that is not on disk yet, with more words; gives what it says.
pub fn checker(script: &str, file: &[u8], more: &[&str]) -> String {
    let kept = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&kept, file).unwrap();
    let more: Vec<&Path> = more.iter().map(Path::new).collect();
    agreed(script, &[&[kept.path()], more.as_slice()].concat())
}
