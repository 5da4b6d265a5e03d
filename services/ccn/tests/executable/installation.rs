//! What paper, books and accounts rest on does not change by mistake.

use std::path::Path;
use std::process::Command;

use crate::embedded::{folder, no_postgresql};
use crate::process::{Served, ccn};

const HOST: &str = "cheque.example.fr";

fn with(variables: &[(&str, &str)]) -> Command {
    let mut command = ccn();
    command.env("CCN_PUBLIC_HOST", HOST).envs(variables.iter().copied());
    command
}

/// What it says when it does not start, which it must.
#[track_caller]
fn refused(command: Command, data_dir: &Path) -> String {
    match Served::start(command, data_dir) {
        Ok(_) => panic!("it starts"),
        Err(said) => said,
    }
}

#[track_caller]
fn starts(command: Command, data_dir: &Path) {
    match Served::start(command, data_dir) {
        Ok(served) => assert_eq!(served.signal("TERM"), Some(0)),
        Err(said) => panic!("{said}"),
    }
}

#[test]
fn a_host_account_or_key_that_the_database_does_not_know_is_refused_until_its_replacement_is_named() {
    if no_postgresql() {
        return;
    }
    let folder = folder();
    let data = folder.path().join("data");
    starts(with(&[]), &data);
    starts(with(&[]), &data);

    let mut forgotten = ccn();
    forgotten.env_remove("CCN_PUBLIC_HOST");
    let said = refused(forgotten, &data);
    for words in [
        "L'adresse publique donnée n'est pas celle que cette base connaît",
        "connu :  cheque.example.fr (depuis le ",
        "donné :  cheque.localhost",
        "--replaces public-host=cheque.example.fr",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    let other_iban = ("CCN_FUND_IBAN", "FR1420041010050500013M02606");
    let said = refused(with(&[other_iban]), &data);
    assert!(
        said.contains("FR1420041010050500013M02606")
            && said.contains("--replaces fund-iban=FR7630006000011234567890189"),
        "{said}"
    );
    // As when a database is restored beside another machine's keys.
    for (file, words) in [
        ("checkpoint.key", "--replaces log-key="),
        ("root.key", "--replaces root-keys="),
        ("status.key", "ccn keys publish --for status"),
    ] {
        let (key, aside) = (data.join("secrets").join(file), folder.path().join(file));
        std::fs::rename(&key, &aside).unwrap();
        let said = refused(with(&[]), &data);
        assert!(
            said.contains(words) && said.contains("que cette base connaît"),
            "{file}: {said}"
        );
        std::fs::rename(&aside, &key).unwrap();
    }
    starts(with(&[]), &data);

    // A decision names the value that it replaces, and nothing else is let through with it.
    let moved = ("CCN_PUBLIC_HOST", "cheque.example.org");
    let wrong = ("CCN_REPLACES", "public-host=cheque.localhost");
    let right = ("CCN_REPLACES", "public-host=cheque.example.fr");
    refused(with(&[moved, wrong]), &data);
    refused(with(&[other_iban, right]), &data);
    starts(with(&[moved, right]), &data);
    starts(with(&[moved]), &data);
    // Left behind, it allows no way back.
    refused(with(&[right]), &data);
    let said = refused(with(&[("CCN_REPLACES", "host=a")]), &data);
    assert!(said.contains("NOM=VALEUR CONNUE"), "{said}");
}
