use std::os::unix::fs::MetadataExt;

use crate::process::{output, stderr};

#[test]
fn a_new_key_is_told_by_its_public_half_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signing.key");
    let made = output(&["keys", "new", "--out", path.to_str().unwrap()]);
    let told: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    let secret = std::fs::read_to_string(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(secret.trim().len(), 64);
    assert!(!told.to_string().contains(secret.trim()));
    assert_eq!(told["kid"].as_str().unwrap().len(), 8);

    let again = output(&["keys", "new", "--out", path.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("existe déjà"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), secret);
}
