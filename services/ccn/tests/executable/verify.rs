//! `ccn verify` is `ccn-verify`, whose tests are its package's: here only that it is there.

use crate::process::{output, stderr};

#[test]
fn a_text_that_is_no_voucher_is_status_1_and_unreadable_keys_are_status_2() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.json");
    // The public key of RFC 8037, appendix A.2.
    let jwks = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    std::fs::write(&keys, jwks).unwrap();
    let checked = output(&["verify", "token", "--keys", keys.to_str().unwrap(), "x"]);
    assert_eq!(checked.status.code(), Some(1), "{}", stderr(&checked));
    let verdict: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(verdict["valid"], false);
    let unreadable = output(&["verify", "token", "--keys", "/nonexistent", "x"]);
    assert_eq!(unreadable.status.code(), Some(2));
    assert!(stderr(&unreadable).contains("illisibles"), "{}", stderr(&unreadable));
}

#[test]
fn a_machine_is_told_that_nothing_could_be_judged() {
    for what in ["books", "proof", "reconciliation", "evidence"] {
        let unusable = output(&["verify", what, "--json", "/nonexistent"]);
        assert_eq!(unusable.status.code(), Some(2), "{}", stderr(&unusable));
        let told: serde_json::Value = serde_json::from_slice(&unusable.stdout).unwrap();
        assert!(told["holds"].is_null() && told["error"].is_string(), "{what}: {told}");
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, b"{}").unwrap();
    for what in ["proof", "reconciliation"] {
        let refused = output(&["verify", what, "--json", file.path().to_str().unwrap()]);
        assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
        let told: serde_json::Value = serde_json::from_slice(&refused.stdout).unwrap();
        assert!(told["holds"] == false && told["refused"].is_string(), "{what}: {told}");
    }
}
