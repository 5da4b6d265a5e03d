use std::process::Command;

/// What belongs to the operator's server: the database driver, the asynchronous runtime, the web stack.
const OF_THE_SERVER: [&str; 5] = ["sqlx", "tokio", "axum", "utoipa", "hyper"];

/// An auditor builds a verifier, not a server: neither the programs of the operator nor what they stand on.
#[test]
fn it_is_built_without_the_server() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "-p", "ccn-verify", "-e", "normal,build", "--locked"])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"voucher"), "{tree}");
    for name in names {
        let is_of_the_server = OF_THE_SERVER
            .iter()
            .any(|other| name == *other || name.starts_with(&format!("{other}-")));
        assert!(!is_of_the_server, "{name}");
    }
}
