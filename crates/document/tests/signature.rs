#![expect(clippy::unwrap_used, reason = "a test that fails says where")]
//! Signed documents, checked by pyHanko and poppler (`tests/checkers/check_signature.py`).

use std::path::Path;
use std::process::Command;

use chrono::{DateTime, NaiveDate, Utc};
use document::sign::{NewIdentity, SignError, Signer, SignerError, Signing, self_signed, sign};
use document::{Document, Meta};

const NAME: &str = "Fonds de soutien pour l'inclusion numérique, Dijon";

fn at() -> DateTime<Utc> {
    "2026-04-03T08:15:00Z".parse().unwrap()
}

fn identity(seed: u8) -> NewIdentity {
    self_signed(NAME, &[seed; 32], at()).unwrap()
}

fn signer(identity: &NewIdentity) -> Signer {
    Signer::from_pem(&identity.certificate, &identity.key).unwrap()
}

fn letter() -> Vec<u8> {
    let meta = Meta::new(
        "État contradictoire",
        "EC-2026-0001",
        NaiveDate::from_ymd_opt(2026, 4, 3).unwrap(),
    );
    Document::new(meta)
        .paragraph("Le fonds reconnaît devoir 1 040,00 €.")
        .render()
        .unwrap()
}

fn signing() -> Signing<'static> {
    Signing {
        reason: "État contradictoire établi par l'opérateur",
        at: at(),
    }
}

fn checker(script: &str, pdf: &[u8], more: &[&str]) -> (bool, String) {
    let python = std::env::var("TEST_PYTHON")
        .expect("TEST_PYTHON is not set: run scripts/test (tests/requirements.txt says more)");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, pdf).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/checkers")
        .join(script);
    let output = Command::new(python)
        .arg("-B")
        .arg(script)
        .arg(file.path())
        .args(more)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn checked(pdf: &[u8], identity: &NewIdentity) -> (bool, String) {
    let certificate = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&certificate, &identity.certificate).unwrap();
    checker("check_signature.py", pdf, &[certificate.path().to_str().unwrap()])
}

#[test]
fn a_signed_document_is_intact_whole_and_still_accessible() {
    let (identity, letter) = (identity(7), letter());
    let signed = sign(&letter, &signer(&identity), signing()).unwrap();
    if let Ok(folder) = std::env::var("CCN_KEEP_PDF") {
        std::fs::write(format!("{folder}/signed.pdf"), &signed).unwrap();
        std::fs::write(format!("{folder}/signer.pem"), &identity.certificate).unwrap();
    }
    assert!(signed.starts_with(&letter), "only appended to");
    let (agrees, said) = checked(&signed, &identity);
    assert!(agrees && said.contains(NAME), "{said}");
    let (agrees, said) = checker("check_document.py", &signed, &["--signed", "--pages", "1"]);
    assert!(agrees, "{said}");
}

#[test]
fn the_same_signature_is_the_same_bytes() {
    let identity = identity(7);
    let signed = || sign(&letter(), &signer(&identity), signing()).unwrap();
    assert_eq!(signed(), signed());
}

#[test]
fn an_altered_or_added_byte_is_seen_wherever_it_is() {
    let identity = identity(7);
    let signed = sign(&letter(), &signer(&identity), signing()).unwrap();
    let reason = signed.windows(7).rposition(|part| part == b"/Reason").unwrap() + 12;
    for place in [9, signed.len() / 3, reason] {
        let mut altered = signed.clone();
        altered[place] ^= 1;
        assert!(!checked(&altered, &identity).0, "a bit of byte {place}");
    }
    let longer = [signed.as_slice(), b"\n% added\n"].concat();
    assert!(!checked(&longer, &identity).0, "appended");
}

#[test]
fn anothers_signature_is_not_trusted() {
    let signed = sign(&letter(), &signer(&identity(7)), signing()).unwrap();
    assert!(!checked(&signed, &identity(8)).0);
}

#[test]
fn nobody_signs_with_anothers_certificate_or_twice() {
    let (mine, yours) = (identity(7), identity(8));
    assert_eq!(
        Signer::from_pem(&mine.certificate, &yours.key).unwrap_err(),
        SignerError::OtherKey
    );
    assert_eq!(Signer::from_pem("", &mine.key).unwrap_err(), SignerError::Certificates);
    assert_eq!(Signer::from_pem(&mine.certificate, "").unwrap_err(), SignerError::Key);
    let signed = sign(&letter(), &signer(&mine), signing()).unwrap();
    assert!(matches!(
        sign(&signed, &signer(&mine), signing()),
        Err(SignError::Fields)
    ));
    assert!(matches!(
        sign(b"no PDF", &signer(&mine), signing()),
        Err(SignError::Pdf(_))
    ));
}

#[test]
fn a_signer_is_named_and_its_key_is_not() {
    let identity = identity(7);
    let shown = format!("{:?}", signer(&identity));
    assert!(shown.contains("inclusion") && !shown.contains("PRIVATE"), "{shown}");
}
