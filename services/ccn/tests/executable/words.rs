//! What people read when a command line does not work, when they ask for help, and when the system refuses something: French, and the
//! cause first.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use testkit::english_words;

use crate::process::{ccn, output, stderr};

/// A help text without its examples and the lines of commands: the names of files in them are anybody's.
fn prose(help: &str) -> String {
    let (before, _) = help.split_once("\nExemple").unwrap_or((help, ""));
    let is_command = |line: &&str| line.trim_start().starts_with("ccn ") || line.trim_start().starts_with("Usage :");
    let lines = before.lines().filter(|line| !is_command(line));
    // A name in a list: of a command, of a value.
    let named = |line: &str| match line.strip_prefix("  ").and_then(|line| line.split_once("  ")) {
        Some((name, said)) if !name.contains(' ') => said.to_owned(),
        _ => line.to_owned(),
    };
    lines.map(named).map(|line| line + "\n").collect()
}

fn commands_of(help: &str) -> Vec<String> {
    let Some((_, list)) = help.split_once("\nCommandes :\n") else {
        return Vec::new();
    };
    let rows = list.lines().take_while(|line| !line.is_empty());
    let words = rows.filter(|row| row.starts_with("  ") && !row.starts_with("   "));
    words
        .filter_map(|row| row.split_whitespace().next().map(str::to_owned))
        .collect()
}

#[test]
fn every_help_is_french_to_the_last_word() {
    let mut asked: Vec<Vec<String>> = vec![Vec::new()];
    let mut read = 0;
    while let Some(command) = asked.pop() {
        for option in ["--help", "-h"] {
            let mut args: Vec<&str> = command.iter().map(String::as_str).collect();
            args.push(option);
            let told = output(&args);
            assert_eq!(told.status.code(), Some(0), "{args:?}: {}", stderr(&told));
            let help = String::from_utf8(told.stdout).unwrap();
            assert_eq!(english_words(&prose(&help)), Vec::<String>::new(), "{args:?}:\n{help}");
            assert!(!help.contains("Options:"), "{args:?}:\n{help}");
            if option == "--help" {
                read += 1;
                asked.extend(
                    commands_of(&help)
                        .into_iter()
                        .map(|name| [command.clone(), vec![name]].concat()),
                );
            }
        }
    }
    assert!(read > 20, "{read} commands");
}

#[test]
fn a_wrong_command_line_is_told_in_french() {
    for (line, words) in [
        ("export", "il manque --out <DOSSIER>"),
        ("exprot", "la commande « exprot » n'existe pas"),
        ("export --autre x", "l'argument « --autre » n'est pas connu"),
        ("all --log xml", "« xml » ne convient pas pour --log <FORME>"),
        ("export --out", "il manque la valeur de --out <DOSSIER>"),
        ("verify", "Commandes :"),
        (
            "all --database-url postgresql://ccn:secret@base:port/ccn",
            "postgresql://utilisateur@machine/base",
        ),
    ] {
        let args: Vec<&str> = line.split(' ').collect();
        let told = output(&args);
        let said = stderr(&told);
        assert_eq!(told.status.code(), Some(2), "{line}: {said}");
        assert!(said.contains(words) && !said.contains("secret"), "{line}: {said}");
        assert_eq!(english_words(&prose(&said)), Vec::<String>::new(), "{line}: {said}");
    }
}

#[test]
fn a_reader_who_has_read_enough_ends_the_command_quietly() {
    for args in [
        &["--help"][..],
        &["all", "--help"],
        &["verify", "proof", "--json", "/nonexistent"],
        &["keys", "list", "--help"],
    ] {
        let mut child = ccn()
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let told = child.wait_with_output().unwrap();
        let said = stderr(&told);
        assert!(
            !said.contains("panicked") && !said.contains("Broken pipe"),
            "{args:?}: {said}"
        );
        assert_ne!(told.status.code(), Some(101), "{args:?}: {said}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_begins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    File::create(&file).unwrap();
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write everywhere, but not below a file nor in /proc.
    for (out, words) in [
        (file.join("below"), "son chemin passe par ce qui n'est pas un dossier"),
        ("/proc/nowhere".into(), "n'existe pas"),
    ] {
        for command in ["demo", "export"] {
            let told = output(&[command, "--out", out.to_str().unwrap()]);
            let said = stderr(&told);
            assert_eq!(told.status.code(), Some(1), "{said}");
            let first = said.lines().next().unwrap();
            assert!(
                first.starts_with("Erreur : ") && first.contains(words),
                "{command}: {said}"
            );
            assert!(said.contains(out.to_str().unwrap()), "{command}: {said}");
        }
    }
}

#[test]
fn an_export_into_the_files_of_another_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("732829320FEC20251231.txt"), "").unwrap();
    for command in ["demo", "export"] {
        let told = output(&[command, "--out", folder.path().to_str().unwrap()]);
        let said = stderr(&told);
        assert_eq!(told.status.code(), Some(1), "{said}");
        assert!(
            said.contains("732829320FEC20251231.txt") && said.contains("choisissez un autre dossier"),
            "{said}"
        );
    }
}

#[test]
fn a_database_that_does_not_answer_is_told_by_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("livres");
    let url = "postgresql://ccn@127.0.0.1:1/ccn";
    let told = output(&["export", "--out", out.to_str().unwrap(), "--database-url", url]);
    let said = stderr(&told);
    assert_eq!(told.status.code(), Some(1), "{said}");
    assert!(said.starts_with("Erreur : personne n'y répond"), "{said}");
    assert_eq!(english_words(&said), Vec::<String>::new(), "{said}");
}

#[test]
fn a_full_disk_is_told_by_its_name() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut keys = tempfile::NamedTempFile::new().unwrap();
    let jwks = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    std::io::Write::write_all(&mut keys, jwks.as_bytes()).unwrap();
    let told = ccn()
        .args(["verify", "token", "--keys", keys.path().to_str().unwrap(), "x"])
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = stderr(&told);
    assert_eq!(told.status.code(), Some(1), "{said}");
    assert!(
        said.contains("le disque est plein") && !said.contains("panicked"),
        "{said}"
    );
    let full = File::options().write(true).open("/dev/full").unwrap();
    let told = ccn()
        .args(["verify", "proof", "--json", "/nonexistent"])
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = stderr(&told);
    assert_eq!(told.status.code(), Some(1), "{said}");
    assert!(
        said.contains("la sortie ne peut pas être écrite : le disque est plein") && !said.contains("panicked"),
        "{said}"
    );
}
