use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use voucher::{JwkSet, KeyPolicy, PublicKey, Purpose};

use crate::{ccn_verify, output, stderr};

const VECTORS: &str = include_str!("../../../voucher/tests/vectors/tokens.json");

/// A day on which every valid vector but those with an early last day holds.
const DAY: &str = "2020-01-01";

struct Given {
    vectors: Value,
    keys: tempfile::NamedTempFile,
}

impl Given {
    fn new() -> Self {
        let vectors: Value = serde_json::from_str(VECTORS).unwrap();
        let public = |key: &Value| {
            let x = data_encoding::HEXLOWER
                .decode(key["public"].as_str().unwrap().as_bytes())
                .unwrap();
            PublicKey::new(&x.try_into().unwrap(), KeyPolicy::unbounded(Purpose::Voucher)).unwrap()
        };
        let keys: Vec<PublicKey> = vectors["keys"].as_array().unwrap().iter().map(public).collect();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        serde_json::to_writer(&mut file, &JwkSet::of(&keys)).unwrap();
        Self { vectors, keys: file }
    }

    fn verify(&self, args: &[&str]) -> Output {
        output(&[&["token", "--keys", self.keys.path().to_str().unwrap()], args].concat())
    }

    fn verify_lines(&self, args: &[&str], lines: &[u8]) -> Output {
        let mut child = ccn_verify()
            .args(["token", "--keys", self.keys.path().to_str().unwrap()])
            .args(args)
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(lines).unwrap();
        child.wait_with_output().unwrap()
    }

    /// The addresses, or the bare digits of those that have none.
    fn texts(&self, which: &str) -> Vec<String> {
        let text = |vector: &Value| {
            vector
                .get("url")
                .unwrap_or(&vector["digits"])
                .as_str()
                .unwrap()
                .to_owned()
        };
        self.vectors[which].as_array().unwrap().iter().map(text).collect()
    }
}

fn verdicts(output: &Output) -> Vec<Value> {
    output
        .stdout
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

#[test]
fn every_valid_vector_is_told_in_full() {
    let given = Given::new();
    let texts = given.texts("valid");
    let output = given.verify(
        &[
            &["--at", DAY],
            texts.iter().map(String::as_str).collect::<Vec<_>>().as_slice(),
        ]
        .concat(),
    );
    for (verdict, vector) in verdicts(&output).iter().zip(given.vectors["valid"].as_array().unwrap()) {
        let day = voucher::LastDay::new(vector["day"].as_u64().unwrap().try_into().unwrap()).date();
        let expected = json!({
            "valid": true, "series": vector["series"], "idx": vector["idx"], "cents": vector["cents"], "day": day,
            "id": vector["id"], "kid": vector["kid"], "short_code": vector["short_code"],
        });
        assert_eq!(verdict, &expected);
    }
    assert_eq!(verdicts(&output).len(), texts.len());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn every_invalid_vector_is_refused_with_a_reason() {
    let given = Given::new();
    let texts = given.texts("invalid");
    let lines = texts.join("\n");
    let output = given.verify_lines(&["--at", DAY, "--host", "cheque.example.fr"], lines.as_bytes());
    assert_eq!(verdicts(&output).len(), texts.len());
    assert!(
        verdicts(&output)
            .iter()
            .all(|verdict| verdict["valid"] == false && verdict["reason"].is_string())
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_a_scanner_changed_is_put_back() {
    let given = Given::new();
    let good = &given.texts("valid")[0];
    let digits = good.rsplit('#').next().unwrap();
    let keys: Vec<char> = "à&é\"'(-è_ç".chars().collect();
    let french: String = digits.bytes().map(|digit| keys[usize::from(digit - b'0')]).collect();
    for text in [
        format!("{good}\r"),
        format!("{good} \t"),
        format!("]Q1{good}"),
        good.to_uppercase(),
        good.replace('#', "%23"),
        format!("httpsM!!cheaue:exq,ple:fr!v3{french}"),
        french,
    ] {
        let output = given.verify(&["--at", DAY, "--host", "cheque.example.fr", &text]);
        assert_eq!(output.status.code(), Some(0), "{text}");
        let output = given.verify_lines(&["--at", DAY], format!("{text}\r\n").as_bytes());
        assert_eq!(output.status.code(), Some(0), "{text}");
    }
}

#[test]
fn one_bad_line_among_good_ones_makes_the_status_1() {
    let given = Given::new();
    let good = &given.texts("valid")[0];
    let long = "7".repeat(5000);
    let lines = [
        good.as_bytes(),
        b"\r\n\xff\xfe\n",
        long.as_bytes(),
        b"\n",
        good.as_bytes(),
    ]
    .concat();
    let output = given.verify_lines(&["--at", DAY], &lines);
    let valid: Vec<bool> = verdicts(&output)
        .iter()
        .map(|verdict| verdict["valid"].as_bool().unwrap())
        .collect();
    assert_eq!(valid, [true, false, false, true]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_last_day_counts_whole_and_the_day_after_not_at_all() {
    let given = Given::new();
    let text = &given.texts("valid")[0]; // last day: 31 December 2028
    assert_eq!(given.verify(&["--at", "2028-12-31", text]).status.code(), Some(0));
    let late = given.verify(&["--at", "2029-01-01", text]);
    assert_eq!(verdicts(&late), [json!({"valid": false, "reason": "expired"})]);
    assert_eq!(
        given.verify(&["--at", "2029-01-01T00:00:00Z", text]).status.code(),
        Some(1)
    );
}

#[test]
fn a_token_of_another_host_is_refused_when_the_host_is_told() {
    let given = Given::new();
    let text = &given.texts("valid")[0];
    let refused = given.verify(&["--at", DAY, "--host", "other.example.fr", text]);
    assert_eq!(verdicts(&refused), [json!({"valid": false, "reason": "other_host"})]);
    assert_eq!(
        given
            .verify(&["--at", DAY, "--host", "cheque.example.fr", text])
            .status
            .code(),
        Some(0)
    );
}

#[test]
fn unreadable_keys_are_status_2() {
    let text = "x";
    for keys in [
        Path::new("/nonexistent"),
        tempfile::NamedTempFile::new().unwrap().path(),
    ] {
        let output = output(&["token", "--keys", keys.to_str().unwrap(), text]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("illisibles"), "{}", stderr(&output));
    }
}
