use std::os::unix::fs::PermissionsExt;

use crate::process::{ccn, output, stderr};

#[test]
fn a_mistyped_variable_stops_every_command() {
    let refused = ccn()
        .env("CCN_PUBLICHOST", "cheque.example.fr")
        .args(["keys", "new", "--out", "/nonexistent/key"])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stderr(&refused).contains("Vouliez-vous dire CCN_PUBLIC_HOST ?"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn a_password_file_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "secret\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let url = "postgresql://ccn@localhost:1/ccn";
    let refused = output(&[
        "migrate",
        "--database-url",
        url,
        "--database-password-file",
        path.to_str().unwrap(),
    ]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("chmod 600"), "{}", stderr(&refused));
}

#[test]
fn a_service_alone_asks_for_the_shared_database() {
    let refused = output(&["redemption"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused).contains("postgresql://ccn_redemption@"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn who_reads_books_in_the_wrong_folder_is_told_so_and_makes_no_database() {
    for command in [
        &["export", "--out", "livres"][..],
        &["export", "--out", "livres", "--siren", "732829320"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let refused = ccn().args(command).current_dir(folder.path()).output().unwrap();
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains("--data-dir"), "{}", stderr(&refused));
        assert!(!folder.path().join(".ccn").exists());
    }
}

#[test]
fn a_mistyped_command_is_answered_with_the_nearest_one() {
    let refused = output(&["exprot"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stderr(&refused).contains("Vous pouvez écrire : export"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn a_missing_file_is_named_in_french() {
    let refused = output(&["verify", "books"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("il manque <DOSSIER>"), "{}", stderr(&refused));
}

#[test]
fn help_teaches_every_command_in_french() {
    for command in [
        &["--help"][..],
        &["all", "--help"],
        &["migrate", "--help"],
        &["demo", "--help"],
        &["verify", "token", "--help"],
        &["keys", "new", "--help"],
        &["keys", "seal", "--help"],
        &["keys", "publish", "--help"],
        &["keys", "rotate", "--help"],
        &["keys", "list", "--help"],
        &["keys", "withdraw", "--help"],
        &["keys", "export", "--help"],
        &["keys", "delegate", "--help"],
        &["keys", "publish-delegation", "--help"],
    ] {
        let told = String::from_utf8(output(command).stdout).unwrap();
        assert!(
            told.contains("Usage : ccn") && told.contains("Exemple"),
            "{command:?}: {told}"
        );
        assert!(!told.contains("Print help"), "{command:?}: {told}");
    }
}
