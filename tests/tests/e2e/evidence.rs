//! What a structure keeps, should the operator fail: the tokens of its vouchers and its evidence. Checked by the executable without
//! network, and by other people's software.

use std::path::Path;
use std::process::{Command, Stdio};

use e2e::{Demo, Scene, Structure, Voucher, check};
use sqlx::PgPool;
use testkit::until;

/// Waits until everything is sealed, and downloads the structure's evidence.
async fn evidence(structure: &Structure, claim: &str) -> Vec<u8> {
    until("the claim is sealed", async || {
        let proof = structure
            .client
            .get(&format!("/funding/v1/proofs/events/{claim}"))
            .await;
        (proof.status == 200).then_some(())
    })
    .await;
    let path = format!("/funding/v1/structures/{}/evidence", structure.id);
    let answer = structure.client.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.told());
    answer.bytes
}

/// Status and what was said.
fn verify(vkey: &str, tokens: &Path, archive: &Path) -> (Option<i32>, String) {
    verify_with(&["--vkey", vkey], tokens, archive)
}

fn verify_with(trusted: &[&str], tokens: &Path, archive: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(Demo::executable());
    for (name, _) in std::env::vars_os() {
        if name == "DATABASE_URL" || name.to_string_lossy().starts_with("CCN_") {
            command.env_remove(name);
        }
    }
    let output = command
        .args(["verify", "evidence"])
        .args(trusted)
        .arg("--tokens")
        .arg(tokens)
        .arg(archive)
        .stdin(Stdio::null())
        .output()
        .expect("the executable starts");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).expect("text"))
}

fn texts(vouchers: &[Voucher]) -> String {
    let lines: Vec<&str> = vouchers
        .iter()
        .flat_map(|voucher| [voucher.token.as_str(), "\n"])
        .collect();
    lines.concat()
}

#[testkit::test]
async fn a_structure_proves_its_claims_with_its_tokens_and_its_evidence(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    let [own, other] = [&scene.structures[0], &scene.structures[1]];
    other.claims(&vouchers[6..8]).await.created();
    let receipt = own.claims(&vouchers[..3]).await.created();
    own.claims(&vouchers[3..5]).await.created();
    let reversed = own.claims_one(&vouchers[5]).await.created();
    own.reverses(&reversed).await.accepted();
    let last = own.claims_one(&vouchers[8]).await.created();
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let sealed = evidence(own, last["claim_id"].as_str().expect("an id")).await;
    std::fs::write(path("preuves.zip"), sealed).expect("written");
    let vkey = scene.deployment.anyone.get("/funding/log/checkpoint.vkey").await.text();
    let vkey = vkey.trim();

    // What was claimed here, a code a line, with the white space that people leave.
    let kept = [&vouchers[..6], &vouchers[8..9]].concat();
    std::fs::write(path("codes.txt"), format!("\n{}  \r\n", texts(&kept))).expect("written");
    let (status, said) = verify(vkey, &path("codes.txt"), &path("preuves.zip"));
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("4 encaissements prouvés"), "{said}");
    assert!(
        said.contains("7 chèques authentiques, encaissés par cette structure."),
        "{said}"
    );
    // Nothing signs the keys of an archive: it is said, unless they come from elsewhere.
    assert!(said.contains("comparez « cles.json »"), "{said}");
    let published = scene.deployment.anyone.get("/.well-known/jwks.json").await.text();
    std::fs::write(path("cles.json"), &published).expect("written");
    let keys = path("cles.json");
    let trusted = ["--vkey", vkey, "--keys", keys.to_str().expect("a path")];
    let (status, said) = verify_with(&trusted, &path("codes.txt"), &path("preuves.zip"));
    assert!(status == Some(0) && !said.contains("cles.json"), "{said}");
    std::fs::write(path("cles.json"), r#"{"keys": []}"#).expect("written");
    let (status, said) = verify_with(&trusted, &path("codes.txt"), &path("preuves.zip"));
    assert_ne!(status, Some(0), "other keys than the published ones: {said}");
    let checked = check("check_evidence.py", &[&path("preuves.zip"), &vkey, &path("codes.txt")]);
    assert!(checked.contains("4 claims, 7000 claimed, 6000 owed"), "{checked}");
    assert!(checked.contains("7 tokens"), "{checked}");

    // Authentic, and not claimed here; of another's claim; not claimed at all; forged; no code. The line is told, never the code.
    let mut forged = vouchers[0].token.clone();
    let digit = if forged.ends_with('1') { "2" } else { "1" };
    forged.replace_range(forged.len() - 1.., digit);
    let wrong = format!(
        "{}{}{forged}\nbonjour\n",
        texts(&vouchers[..1]),
        texts(&[vouchers[6].clone(), vouchers[9].clone()])
    );
    std::fs::write(path("autres.txt"), &wrong).expect("written");
    let (status, said) = verify(vkey, &path("autres.txt"), &path("preuves.zip"));
    assert_eq!(status, Some(1), "{said}");
    for told in [
        "codes, ligne 2 : le chèque",
        "codes, ligne 3 : le chèque",
        "codes, ligne 4 : le chèque n'est pas authentique",
        "codes, ligne 5 : ce n'est pas le code d'un chèque",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert!(
        said.contains("est authentique, mais n'est pas dans ces encaissements"),
        "{said}"
    );
    for line in wrong.lines().filter(|line| line.len() > 20) {
        let digits = line.rsplit('#').next().expect("digits");
        assert!(!said.contains(digits), "a code is told: {said}");
    }
    assert_eq!(receipt["vouchers"].as_array().map(Vec::len), Some(3), "{receipt}");
}
